import type { Wait } from '../base/deadline.ts';
import { OutOfRangeError, TimeoutError } from '../base/errors.ts';
import { BrokenBarrierError } from '../threading/errors.ts';
import { currentScope } from './current.ts';
import { checkWait, waitIn } from './wait-in.ts';
import { cutOff, fail, refusal, WaiterList } from './waiter.ts';

/**
 * A meeting of tasks: Python's `asyncio.Barrier`. Each `wait` waits until as many as `parties` have come. Who is cancelled, or
 * whose time is up, leaves, and another one may come instead.
 */
export class Barrier {
  /** How many tasks have to come before any goes on. */
  readonly parties: number;
  readonly #waiters = new WaiterList('a barrier');
  #isBroken = false;

  constructor(parties: number) {
    if (!Number.isInteger(parties) || parties < 1)
      throw new OutOfRangeError('ERR_PARTIES', `parties must be a positive integer: got ${parties}`);
    this.parties = parties;
  }

  /** How many are waiting. */
  get nWaiting(): number {
    return this.#waiters.size;
  }
  /** Whether it was aborted and not reset since: `wait` then fails with `BrokenBarrierError`. */
  get broken(): boolean {
    return this.#isBroken;
  }

  /** Waits for the others; gives each a number of its own, from 0 on, in the order in which they came. `TimeoutError` when time was up, `BrokenBarrierError`. */
  wait(wait?: Wait): Promise<number> {
    const error = refusal(currentScope());
    if (error !== null) return cutOff(error);
    if (wait !== undefined) checkWait(wait);
    if (this.#isBroken) return Promise.reject(broken());
    const arrival = this.#waiters.size;
    if (arrival + 1 === this.parties) {
      // All go on at this moment: who comes next belongs to the next round. They are numbered now, for somebody may have left.
      for (let number = 0; this.#waiters.wakeFirst(number); number++);
      return Promise.resolve(arrival);
    }
    const late = wait === undefined ? null : new TimeoutError('the others have not come to the barrier in time');
    return waitIn(this.#waiters, wait, late, fail).promise as Promise<number>;
  }

  /** Breaks the barrier: those who wait, and all who come, get `BrokenBarrierError`, until it is reset. */
  abort(): void {
    this.#isBroken = true;
    this.#waiters.failAll(broken);
  }

  /** Makes the barrier as new; those who wait get `BrokenBarrierError`. */
  reset(): void {
    this.#isBroken = false;
    this.#waiters.failAll(broken);
  }
}

const broken = (): BrokenBarrierError => new BrokenBarrierError('the barrier was broken: it was aborted or reset');
