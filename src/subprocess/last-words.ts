import type { Command } from './command.ts';
import type { Communicated } from './communicate.ts';
import { MaxBufferExceeded, TimeoutExpired } from './errors.ts';

/** How long a command that was ended may still be heard. */
export const LAST_WORDS_MS = 20;

interface Ended {
  readonly args: Command;
  outputSoFar(): Communicated;
}

/**
 * The error of a run that was given up, with all that the command wrote until it had ended. When the error was made, much of it was still
 * in the pipes: what came first on stderr may be read after what came last on stdout.
 */
export function withLastWords(error: unknown, child: Ended, timeout: number | null | undefined): unknown {
  if (!(error instanceof TimeoutExpired || error instanceof MaxBufferExceeded)) return error;
  const { stdout, stderr } = child.outputSoFar();
  if (error instanceof TimeoutExpired) return new TimeoutExpired(child.args, timeout!, stdout, stderr);
  return new MaxBufferExceeded(child.args, error.maxBuffer, stdout, stderr);
}
