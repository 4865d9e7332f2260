import type { Wait } from '../base/deadline.ts';
import { currentScope } from './current.ts';
import { checkWait, waitIn } from './wait-in.ts';
import { cutOff, refusal, WaiterList } from './waiter.ts';

const yes = Promise.resolve(true);

/** A flag that tasks of one thread wait for: Python's `asyncio.Event`. */
export class Event {
  readonly #waiters = new WaiterList('an event');
  #isSet = false;

  /** Whether it is set. */
  isSet(): boolean {
    return this.#isSet;
  }

  /** Sets it, and lets all who wait go on, also if it is cleared again before they run. */
  set(): void {
    this.#isSet = true;
    this.#waiters.wakeAll(true);
  }

  /** Takes it down: who waits from now on waits until it is set again. */
  clear(): void {
    this.#isSet = false;
  }

  /** Waits until it is set: true; false when time was up. */
  wait(wait?: Wait): Promise<boolean> {
    const error = refusal(currentScope());
    if (error !== null) return cutOff(error);
    if (wait !== undefined) checkWait(wait);
    return this.#isSet ? yes : (waitIn(this.#waiters, wait, false).promise as Promise<boolean>);
  }
}
