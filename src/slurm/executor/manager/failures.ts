import { inspect } from 'node:util';
import { BrokenExecutorError, BrokenWorkerError } from '../../../futures/errors.ts';
import { BrokenProcessPool } from '../../../futures/process-pool/broken.ts';
import { describeThrown } from '../../../futures/process-pool/remote-error.ts';
import { encode } from '../../../message/index.ts';

/** Whether no worker can begin: the initializer fails. The death of a worker has a reason. */
export function hasBrokenPool(error: unknown): boolean {
  if (!(error instanceof BrokenExecutorError) || error instanceof BrokenWorkerError) return false;
  return !(error instanceof BrokenProcessPool) || error.reason === '';
}

/** An error as a message, whatever it takes. */
export function message(error: unknown): Uint8Array {
  for (const value of [() => error, () => describeThrown(error)]) {
    try {
      return Buffer.from(encode(value(), { where: 'program' }).bytes);
    } catch {
      // The next attempt is more modest.
    }
  }
  return Buffer.from(encode(new Error(inspect(error)), { where: 'program' }).bytes);
}
