import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { becomeNode } from './become.ts';
import { tsxFor } from './typescript.ts';
import { UsageError } from './usage-error.ts';

/**
 * Runs a program in the place of this one, where the system can do that, and in a process of its own otherwise; ends as it does. TypeScript is run by
 * Node itself where that suffices, and by tsx otherwise.
 */
export function runProgram([program, ...args]: string[]): Promise<number> {
  if (program === undefined) throw new UsageError('run needs a program: manycore run app.ts');
  if (!existsSync(program)) throw new UsageError(`there is no program ${resolve(program)}`);
  becomeNode([...flagsFor(program), program, ...args]);
  return launch(program, args, process.env);
}

/** Gives the exit code, as a shell would: 128 and the signal's number for a program that a signal has ended. */
export function launch(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  if (!existsSync(program)) throw new UsageError(`there is no program ${resolve(program)}`);
  const child = spawn(process.execPath, [...flagsFor(program), program, ...args], { stdio: 'inherit', env });
  // The program decides what they mean. Ctrl-C is sent to both by the terminal: a second one would cut its clearing up short.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const)
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('exit', (code, signal) => done(code ?? 128 + (constants.signals[signal!] ?? 0)));
  });
}

/** What Node needs before a program in TypeScript. */
export function flagsFor(program: string): string[] {
  const tsx = tsxFor(program);
  return tsx === null ? [] : ['--enable-source-maps', '--import', tsx];
}
