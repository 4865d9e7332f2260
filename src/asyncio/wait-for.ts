import { onAbort } from '../base/on-abort.ts';
import { checkOptions } from '../base/check-options.ts';
import { deadlineAfter, NEVER, type Wait } from '../base/deadline.ts';
import { TimeoutError } from '../base/errors.ts';
import type { Awaitable } from './coroutine.ts';
import { ensureFuture } from './ensure-future.ts';
import { Future } from './future.ts';
import { Timeout } from './timeout.ts';

/**
 * Waits for one thing for so long. When time is up it is cancelled, waited for until it has ended, and `TimeoutError` thrown; if it ends with a
 * value all the same, the value is given. Aborting the signal does the same, and throws its reason.
 */
export async function waitFor<T>(awaitable: Awaitable<T>, wait: Wait = {}): Promise<T> {
  checkOptions(wait, 'waitFor', '{ timeout: 300 }');
  const { timeout, signal } = wait;
  const deadline = deadlineAfter(timeout);
  signal?.throwIfAborted();
  if (timeout === 0 && typeof awaitable === 'function') throw new TimeoutError('there was no time to start it: the timeout was 0');
  // A function runs right here: what it gets in the last moment is not lost, as it might be by way of a task.
  if (signal === undefined && typeof awaitable === 'function' && deadline !== NEVER) return await new Timeout(deadline).run(awaitable);
  const future = ensureFuture(awaitable);
  if (signal === undefined) return within(future, deadline);
  const ignore = onAbort(signal, () => future.cancel(signal.reason));
  try {
    return await within(future, deadline);
  } catch (error) {
    throw signal.aborted && future.cancelled ? signal.reason : error;
  } finally {
    ignore();
  }
}

async function within<T>(future: Future<T>, deadline: number): Promise<T> {
  if (deadline === NEVER || future.done) return await future;
  return await new Timeout(deadline).run(() => future);
}
