import { BrokenExecutorError, BrokenWorkerError } from '../../../futures/errors.ts';
import { BrokenProcessPool } from '../../../futures/process-pool/broken.ts';
import { orDescribed } from '../../../futures/describe-thrown.ts';
import { encode } from '../../../message/index.ts';

/** Whether no worker can begin: the initializer fails. The death of a worker has a reason. */
export function hasBrokenPool(error: unknown): boolean {
  if (!(error instanceof BrokenExecutorError) || error instanceof BrokenWorkerError) return false;
  return !(error instanceof BrokenProcessPool) || error.reason === '';
}

/** An error as a message, whatever it takes. */
export function message(error: unknown): Uint8Array {
  return orDescribed(error, (one) => Buffer.from(encode(one, { where: 'program' }).bytes));
}
