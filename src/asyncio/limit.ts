import { onAbort } from '../base/on-abort.ts';
import { deadlineAfter, NEVER, remaining, type Wait } from '../base/deadline.ts';
import { setTimer, clearTimer, Timer } from './timers.ts';
import { giveUp, type Waiter } from './waiter.ts';

class Expiry extends Timer {
  readonly #expire: () => void;

  constructor(expire: () => void) {
    super();
    this.#expire = expire;
  }

  fire(): void {
    this.#expire();
  }
}

/** Ends a wait that has begun when its time is up, by `expire`, or when its signal is aborted, with the signal's reason. */
export function limit(waiter: Waiter, { timeout, signal }: Wait, expire: (waiter: Waiter) => void): void {
  const deadline = deadlineAfter(timeout);
  if (deadline === NEVER && signal === undefined) return;
  const expiry = new Expiry(() => void (waiter.isOver || expire(waiter)));
  const abort = (): void => {
    if (waiter.isOver) return;
    waiter.list?.remove(waiter);
    giveUp(waiter, signal!.reason);
  };
  if (signal?.aborted === true) return abort();
  const ignore = signal === undefined ? null : onAbort(signal, abort);
  if (deadline !== NEVER) setTimer(expiry, remaining(deadline));
  const end = (): void => {
    clearTimer(expiry);
    ignore?.();
  };
  waiter.promise!.then(end, end);
}
