import { version } from '../base/version.ts';
import { dump } from './dump.ts';
import { practical } from './practical.ts';
import { profileProgram } from './profile.ts';
import { ps, pstree } from './ps.ts';
import { runProgram } from './run-program.ts';
import { top } from './top.ts';

/** What the first word of the command line stands for. */
export interface Command {
  readonly usage: string;
  readonly does: string;
  /** Gives the exit code. */
  readonly run: (args: string[]) => number | Promise<number>;
}

export const commands: Readonly<Record<string, Command>> = {
  practical: {
    usage: 'practical [P26 …] [--list] [--json] [--report file]',
    does: 'runs the programs of the practical, and says whether each shows what it should',
    run: practical,
  },
  run: { usage: 'run <program> [arguments]', does: 'runs a TypeScript or JavaScript program', run: runProgram },
  profile: {
    usage: 'profile [options] <program> [arguments]',
    does: 'runs a program, and tells where its threads and processes spent their time',
    run: profileProgram,
  },
  dump: {
    usage: 'dump <pid>',
    does: 'prints what every thread of a running Node process does, and what it waits for',
    run: dump,
  },
  top: {
    usage: 'top <pid> [--interval ms] [--count n]',
    does: 'shows how busy the threads of a running Node process are, and in which functions',
    run: top,
  },
  ps: { usage: 'ps <pid>', does: 'prints the tasks of asyncio in a running process, and what each waits for', run: ps },
  pstree: { usage: 'pstree <pid>', does: 'prints them as a tree: below each, those that it waits for', run: pstree },
  '--version': { usage: '--version', does: 'prints the version', run: () => print(version) },
  '--help': { usage: '--help', does: 'prints this', run: () => print(help()) },
};

function help(): string {
  const width = Math.max(...Object.values(commands).map(({ usage }) => usage.length));
  return ['manycore <command>', '', ...Object.values(commands).map(({ usage, does }) => `  ${usage.padEnd(width)}  ${does}`)].join('\n');
}

function print(text: string): number {
  console.log(text);
  return 0;
}
