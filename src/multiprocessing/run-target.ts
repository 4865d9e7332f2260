import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { SystemExit } from './exit.ts';
import { nameHere } from '../host/process/identity.ts';
import { rehearsal } from '../host/process/fork/rehearsal.ts';
import { endOnInterrupt } from '../host/process/interrupt.ts';
import { log } from './log.ts';
import { preloads } from '../host/process/preloads.ts';
import { here } from '../host/process/setup.ts';
import { nameExports, type ObjectState } from '../message/closures/index.ts';
import type { Process } from './process.ts';

preloads.add(import.meta.url);
rehearsal.letter = () => [runTarget, [{ target: () => {}, args: [] }]];

/** What a process runs: a function with its arguments, or the `run` of a subclass. */
export type Work =
  | { readonly target: (...args: never[]) => unknown; readonly args: readonly unknown[] }
  | { readonly subclass: new (...args: never[]) => Process; readonly state: ObjectState };

/** The main function of a process that `Process` started. Its value is nothing; the exit code tells how it went. */
export async function runTarget(work: Work | null): Promise<void> {
  const { log: logging = null } = here.setup ?? {};
  if (logging !== null) (await import('./module-log.ts')).takeOverLog(logging);
  process.on('SIGINT', endOnInterrupt);
  // Not `once`: what the program itself does at exit comes first.
  process.prependListener('exit', () => log('INFO', 'process shutting down'));
  process.on('exit', (code) => log('INFO', `process exiting with exitcode ${code}`));
  log('INFO', 'child process calling run()');
  const code = await exitCodeOfRun(work);
  // A target that has ended in order may have set one itself.
  if (code !== null) process.exitCode = code;
}
nameExports(import.meta.url, { runTarget });

/** `null`: it has ended in order, and has said nothing of a code. */
async function exitCodeOfRun(work: Work | null): Promise<number | null> {
  try {
    if (work === null) return null;
    if ('target' in work) await work.target(...(work.args as never[]));
    else await (work.subclass as unknown as typeof Process).embodied(work.subclass, work.state).run();
    return null;
  } catch (error) {
    if (error instanceof SystemExit) {
      if (error.text !== null) writeSync(2, `${error.text}\n`);
      return error.exitCode;
    }
    writeSync(2, `Process ${nameHere()}:\n${inspect(error)}\n`);
    return 1;
  }
}
