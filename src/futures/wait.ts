import { deadlineAfter, NEVER, remaining, type Wait } from '../base/deadline.ts';
import { within } from '../base/within.ts';
import { checkFutures } from './check-futures.ts';
import { type AnyFuture, type Future, peek, whenDone } from './future.ts';
import { FAILED } from './future-record.ts';
import { refuseOtherNames } from './other-names.ts';

/** `wait` comes back when one future is done. */
export const FIRST_COMPLETED = 'FIRST_COMPLETED';
/** `wait` comes back when one future has failed, or all are done. A cancelled one has not failed. */
export const FIRST_EXCEPTION = 'FIRST_EXCEPTION';
/** `wait` comes back when all futures are done. */
export const ALL_COMPLETED = 'ALL_COMPLETED';

/** What `wait` waits for, and how long. */
export interface WaitOptions extends Wait {
  /** `ALL_COMPLETED` when left out. Time that is up ends the wait in any case. */
  readonly returnWhen?: typeof FIRST_COMPLETED | typeof FIRST_EXCEPTION | typeof ALL_COMPLETED | undefined;
}

/** What `wait` gives: the futures that are done, and the others. */
export interface WaitResult<F> {
  /** Those that have a result or an error, or were cancelled. */
  readonly done: Set<F>;
  /** Those that had not ended when the wait was over: they go on. */
  readonly notDone: Set<F>;
}

/**
 * Waits for several futures: Python's `concurrent.futures.wait`. Never rejects with their errors, and not when time is up: what is
 * unfinished stands in `notDone`.
 */
export async function wait<F extends Future<never> | AnyFuture>(futures: Iterable<F>, options: WaitOptions = {}): Promise<WaitResult<F>> {
  const { returnWhen = ALL_COMPLETED, timeout, signal } = options;
  if (returnWhen !== FIRST_COMPLETED && returnWhen !== FIRST_EXCEPTION && returnWhen !== ALL_COMPLETED)
    throw new TypeError(`returnWhen must be FIRST_COMPLETED, FIRST_EXCEPTION or ALL_COMPLETED: got ${String(returnWhen)}`);
  const deadline = deadlineAfter(timeout);
  refuseOtherNames(options, 'wait');
  const all = new Set(checkFutures(futures, 'wait'));
  const isEnough = (future: AnyFuture): boolean =>
    returnWhen === FIRST_COMPLETED || (returnWhen === FIRST_EXCEPTION && peek(future) === FAILED);
  let left = 0;
  let enough = false;
  for (const future of all) {
    if (!future.done) left++;
    else if (isEnough(future as AnyFuture)) enough = true;
  }
  if (!enough && left > 0) {
    const forget: (() => void)[] = [];
    const ended = new Promise<void>((resolve) => {
      for (const future of all) {
        if (future.done) continue;
        const tell = (one: AnyFuture): void => {
          if (--left === 0 || isEnough(one)) resolve();
        };
        forget.push(whenDone(future as AnyFuture, tell));
      }
    });
    try {
      await within(ended, { timeout: deadline === NEVER ? undefined : remaining(deadline), signal });
    } finally {
      for (const one of forget) one();
    }
  }
  const done = new Set<F>();
  const notDone = new Set<F>();
  for (const future of all) (future.done ? done : notDone).add(future);
  return { done, notDone };
}
