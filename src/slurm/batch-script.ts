import { basename } from 'node:path';
import { quote } from '../subprocess/shell-template.ts';
import { type Directives, optionsOf } from './directives.ts';
import { DirectiveError } from './errors.ts';

/** What a job runs: a program with its arguments, which no shell sees; or lines of the shell. */
export type JobCommand = readonly string[] | { readonly shell: string };

/**
 * The script that `sbatch` submits: directives as `#SBATCH` lines, variables, modules, then the command. No value is ever read as
 * syntax, whatever it contains, but the lines of `{ shell }` and of `setup`, which are meant to be.
 */
export function batchScript(command: JobCommand, directives: Directives = {}): string {
  const options = optionsOf({ name: nameOf(command), ...directives }).map(directiveWord);
  const setup = [...variables(directives.environment ?? {}), ...loading(directives.modules ?? []), ...(directives.setup ?? [])];
  return batchLines(options, setup, command);
}

/** The same, from options as they stand behind `#SBATCH`, and lines of the shell that run before the command. */
export function batchLines(options: readonly string[], setup: readonly string[], command: JobCommand): string {
  const line = 'shell' in command ? command.shell : wordsOf(command).map(quote).join(' ');
  return ['#!/bin/bash', ...options.map((option) => `#SBATCH ${option}`), '', ...setup, line, ''].join('\n');
}

export function nameOf(command: JobCommand): string {
  const word = 'shell' in command ? 'script' : basename(wordsOf(command).find((one) => !/^(srun|node|npx)$/.test(basename(one))) ?? 'job');
  // oxlint-disable-next-line no-control-regex
  return word.replace(/[\0-\x1f\x7f\s]/g, '_').slice(0, 60) || 'job';
}

function wordsOf(command: readonly string[]): readonly string[] {
  if (command.length === 0) throw new DirectiveError('a job needs a command: got an empty list');
  for (const word of command)
    if (typeof word !== 'string' || word.includes('\0'))
      throw new DirectiveError(`a word of a command is text without NUL: got ${JSON.stringify(word)}`);
  return command;
}

/** sbatch reads quotes in its lines as a shell does, and takes # for a comment outside of them; $ and ` mean nothing there. */
const directiveWord = (option: string): string => {
  const [, name, value] = /^(--[a-z0-9-]+=)(.*)$/s.exec(option) ?? [];
  if (value === undefined || /^[\w@%+:,./[\]*~^&|()!-]+$/.test(value)) return option;
  return `${name}"${value.replace(/[\\"]/g, String.raw`\$&`)}"`;
};

function variables(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).map(([name, value]) => {
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new DirectiveError(`${JSON.stringify(name)} is no name of an environment variable`);
    return `export ${name}=${quote(value)}`;
  });
}

/** The command `module` is a function of the shell, which a batch script need not have. */
function loading(modules: readonly string[]): string[] {
  if (modules.length === 0) return [];
  for (const name of modules)
    if (!/^[\w.+@/-]+$/.test(name) || name.startsWith('-'))
      throw new DirectiveError(`${JSON.stringify(name)} is no name of an environment module: nodejs/20 is one`);
  return [
    'if ! type module >/dev/null 2>&1; then',
    '  for init in "$LMOD_PKG/init/bash" "$MODULESHOME/init/bash" /etc/profile.d/modules.sh /usr/share/modules/init/bash; do',
    '    [ -r "$init" ] && . "$init" && break',
    '  done',
    'fi',
    // A module that is not there: some versions of the command end with 0 all the same.
    ...modules.map((name) => `module load ${name} || exit 1`),
  ];
}
