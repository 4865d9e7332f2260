import type { Wait } from '../base/deadline.ts';
import { StateError } from '../base/errors.ts';
import { currentScope } from './current.ts';
import { granted } from './scope.ts';
import { checkWait, waitIn } from './wait-in.ts';
import { cutOff, refusal, wake, WaiterList } from './waiter.ts';

/**
 * A lock for the tasks of one thread: Python's `asyncio.Lock`. First come, first served: it is handed over, and nobody gets it in
 * between. `acquire` gives the lock, which is disposable: `using held = await lock.acquire()` releases it at the end of the block.
 */
export class Lock implements Disposable {
  readonly #waiters = new WaiterList('a lock');
  #isLocked = false;
  #granted: Promise<this> | null = null;

  /** Whether somebody holds it. */
  get locked(): boolean {
    return this.#isLocked;
  }

  /** Waits for the lock; `null` when time was up. Rejects with the signal's reason, and when the task is cancelled. */
  acquire(): Promise<this>;
  acquire(wait?: Wait): Promise<this | null>;
  acquire(wait?: Wait): Promise<this | null> {
    const scope = currentScope();
    const error = refusal(scope);
    if (error !== null) return cutOff(error);
    if (wait !== undefined) checkWait(wait);
    if (this.#isLocked) return waitIn(this.#waiters, wait, null).promise as Promise<this>;
    this.#isLocked = true;
    granted(scope);
    return (this.#granted ??= Promise.resolve(this));
  }

  /** The lock if it is free, `null` otherwise. */
  tryAcquire(): this | null {
    if (this.#isLocked) return null;
    this.#isLocked = true;
    return this;
  }

  /** @internal Waits for it whatever is cancelled meanwhile. */
  async reacquire(): Promise<void> {
    if (this.tryAcquire() === null) await this.#waiters.park(undefined).promise;
  }

  /** Hands it over to the first who waits, or frees it. `StateError` when nobody holds it. */
  release(): void {
    if (!this.#isLocked) throw new StateError('ERR_NOT_HELD', 'cannot release a lock that nobody holds');
    const first = this.#waiters.shift();
    if (first === null) this.#isLocked = false;
    else wake(first, this);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
