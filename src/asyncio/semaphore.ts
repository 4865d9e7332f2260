import type { Wait } from '../base/deadline.ts';
import { OutOfRangeError } from '../base/errors.ts';
import { currentScope } from './current.ts';
import { granted } from './scope.ts';
import { checkWait, waitIn } from './wait-in.ts';
import { cutOff, refusal, WaiterList } from './waiter.ts';

/**
 * So many permits for the tasks of one thread: Python's `asyncio.Semaphore`. First come, first served, and a newcomer never overtakes.
 * `using permit = await semaphore.acquire()` gives it back at the end of the block.
 */
export class Semaphore implements Disposable {
  readonly #waiters = new WaiterList('a semaphore');
  #value: number;
  #granted: Promise<this> | null = null;

  constructor(value = 1) {
    if (!Number.isInteger(value) || value < 0)
      throw new OutOfRangeError('ERR_SEMAPHORE_VALUE', `the value of a semaphore must be a non-negative integer: got ${value}`);
    this.#value = value;
  }

  /** How many permits are left. */
  get value(): number {
    return this.#value;
  }
  /** Whether `acquire` would wait. */
  get locked(): boolean {
    return this.#value === 0;
  }

  /** Waits for a permit; `null` when time was up. Rejects with the signal's reason, and when the task is cancelled. */
  acquire(): Promise<this>;
  acquire(wait?: Wait): Promise<this | null>;
  acquire(wait?: Wait): Promise<this | null> {
    const scope = currentScope();
    const error = refusal(scope);
    if (error !== null) return cutOff(error);
    if (wait !== undefined) checkWait(wait);
    if (this.#value === 0) return waitIn(this.#waiters, wait, null).promise as Promise<this>;
    this.#value--;
    granted(scope);
    return (this.#granted ??= Promise.resolve(this));
  }

  /** A permit if there is one, `null` otherwise. */
  tryAcquire(): this | null {
    if (this.#value === 0) return null;
    this.#value--;
    return this;
  }

  /** Gives so many permits back: to those who wait, in their order. */
  release(count = 1): void {
    if (!Number.isInteger(count) || count < 1)
      throw new OutOfRangeError('ERR_RELEASE_COUNT', `a semaphore is released a positive number of times: got ${count}`);
    for (let left = count; left > 0; left--) if (!this.#waiters.wakeFirst(this)) this.#value++;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** A semaphore that refuses to be released more often than it was acquired. */
export class BoundedSemaphore extends Semaphore {
  readonly #bound: number;

  constructor(value = 1) {
    super(value);
    this.#bound = value;
  }

  override release(count = 1): void {
    if (this.value + count > this.#bound)
      throw new OutOfRangeError('ERR_RELEASED_TOO_OFTEN', `the semaphore was released too often: it has ${this.#bound} permits in all`);
    super.release(count);
  }
}
