import type { Command } from '../subprocess/command.ts';
import type { PopenOptions } from '../subprocess/options.ts';
import { Popen } from '../subprocess/popen.ts';
import { currentScope } from './current.ts';
import { refusal } from './waiter.ts';

/**
 * Starts a program: `await createSubprocessExec(['ls', '-l'], { stdout: PIPE })`. What it gives is the `Popen` of `manycore/subprocess`: `wait`,
 * `communicate` and its pipes are places where the task can be cancelled. The program itself goes on then, unless you end it.
 */
export async function createSubprocessExec<const O extends PopenOptions>(args: Command, options?: O): Promise<Popen<O>> {
  if (typeof options === 'string')
    throw new TypeError(
      "createSubprocessExec takes the program and its arguments in one list: createSubprocessExec(['ls', '-l'], options)",
    );
  const error = refusal(currentScope());
  if (error !== null) throw error;
  return new Popen<O>(args, options);
}

/** Starts a line of the shell. Values in it are the shell's syntax: where they are not yours, use `sh` of `manycore/subprocess`. */
export function createSubprocessShell<const O extends PopenOptions>(line: string, options?: O): Promise<Popen<O>> {
  return createSubprocessExec<O>(line, { ...(options as O), shell: true } as O);
}
