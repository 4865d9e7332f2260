import { hasLibrary } from '../system/library.ts';
import type { Command } from './command.ts';
import { CompletedProcess } from './completed.ts';
import { PIPE } from './constants.ts';
import { CalledProcessError, type Output } from './errors.ts';
import { LAST_WORDS_MS, withLastWords } from './last-words.ts';
import { type OutputOf, Popen, TREE } from './popen.ts';
import { type CapturedOf, type NoOptions, refuseStdout, type RunOptions, split } from './run.ts';
import { runByNodeSync } from './node-run-sync.ts';

/** What `runSync` takes: input is text or bytes, and no signal can abort it. */
export type RunSyncOptions = Omit<RunOptions, 'signal' | 'input'> & { readonly input?: string | Uint8Array | null | undefined };

/** The blocking twin of `run`: this thread stands still until the command has ended. One whose time is up is ended by SIGKILL at once. */
export function runSync<const O extends RunSyncOptions = NoOptions>(
  command: Command,
  options: O = {} as O,
): CompletedProcess<CapturedOf<O, 'stdout'>, CapturedOf<O, 'stderr'>> {
  const { popen, own } = split(options as RunOptions);
  const input = own.input as string | Uint8Array | null;
  let result: CompletedProcess;
  if (hasLibrary()) {
    const child = new Popen(command, { ...popen, ...(own.timeout == null && own.maxBuffer === undefined ? {} : { [TREE]: true }) });
    let output: { readonly stdout: Output; readonly stderr: Output };
    try {
      output = child.communicateSync(input, own);
    } catch (error) {
      child.killTree();
      child.waitSync();
      try {
        child.communicateSync(null, { drain: LAST_WORDS_MS });
      } catch {
        // Then it is what has come so far.
      }
      throw withLastWords(error, child, own.timeout);
    } finally {
      child.stdout?.close();
      child.stderr?.close();
      child.stdin?.closeNow();
    }
    result = new CompletedProcess(command, child.poll()!, output.stdout, output.stderr);
  } else result = runByNodeSync(command, popen, own);
  if (own.check) result.checkReturnCode();
  return result as CompletedProcess<CapturedOf<O, 'stdout'>, CapturedOf<O, 'stderr'>>;
}

/** The blocking twin of `call`. */
export function callSync(command: Command, options: RunSyncOptions = {}): number {
  return runSync(command, options).returnCode;
}

/** The blocking twin of `checkCall`. */
export function checkCallSync(command: Command, options: RunSyncOptions = {}): 0 {
  const code = callSync(command, options);
  if (code !== 0) throw new CalledProcessError(code, command);
  return 0;
}

/** The blocking twin of `checkOutput`. */
export function checkOutputSync<const O extends Omit<RunSyncOptions, 'stdout' | 'check' | 'captureOutput'> = NoOptions>(
  command: Command,
  options: O = {} as O,
): OutputOf<O> {
  refuseStdout(options);
  return runSync(command, { ...(options as RunSyncOptions), stdout: PIPE, check: true }).stdout as OutputOf<O>;
}
