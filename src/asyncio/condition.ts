import { deadlineAfter, remaining, type Wait } from '../base/deadline.ts';
import { OutOfRangeError, StateError } from '../base/errors.ts';
import { currentScope } from './current.ts';
import { Lock } from './lock.ts';
import { checkWait, waitIn } from './wait-in.ts';
import { refusal, WaiterList } from './waiter.ts';

/** Tasks wait until another says that something has changed, under a lock: Python's `asyncio.Condition`. */
export class Condition implements Disposable {
  /** The lock that guards what is waited for; a new one when none was given. */
  readonly lock: Lock;
  readonly #waiters = new WaiterList('a condition');

  constructor(lock: Lock = new Lock()) {
    if (!(lock instanceof Lock)) throw new TypeError('a Condition of asyncio takes a Lock of asyncio');
    this.lock = lock;
  }

  /** Waits for the lock: the condition, or `null` when time was up. */
  acquire(): Promise<this>;
  acquire(wait?: Wait): Promise<this | null>;
  async acquire(wait?: Wait): Promise<this | null> {
    return (await this.lock.acquire(wait)) === null ? null : this;
  }
  /** Frees the lock. `StateError` when it is not held. */
  release(): void {
    this.lock.release();
  }
  /** Whether some task holds the lock, at this moment; not whether that is the caller. */
  get locked(): boolean {
    return this.lock.locked;
  }
  [Symbol.dispose](): void {
    this.release();
  }

  /**
   * Gives up the lock, waits to be notified, and holds the lock again when it ends, however that is: true; false when time was up.
   * `StateError` when the lock is not held.
   */
  async wait(wait?: Wait): Promise<boolean> {
    this.#mustBeHeld('wait');
    const scope = currentScope();
    const error = refusal(scope);
    if (error !== null) throw error;
    checkWait(wait);
    const waiter = waitIn(this.#waiters, wait, false);
    this.lock.release();
    let isNotified = false;
    try {
      return (isNotified = (await waiter.promise) as boolean);
    } finally {
      await this.lock.reacquire();
      // A cancellation that came while the lock was waited for is due now; the notice goes to somebody else.
      const late = isNotified ? refusal(scope) : null;
      if (late !== null) {
        this.notify();
        // oxlint-disable-next-line no-unsafe-finally
        throw late;
      }
    }
  }

  /** Waits until the predicate gives something true, which it gives too; what it gives when time was up, otherwise. */
  async waitFor<T>(predicate: () => T, { timeout, signal }: Wait = {}): Promise<T> {
    const deadline = deadlineAfter(timeout);
    for (let result = predicate(); ; result = predicate()) {
      if (result || remaining(deadline) === 0) return result;
      await this.wait({ timeout: remaining(deadline), signal });
    }
  }

  /** Lets so many of those who wait go on, once the lock is released. `StateError` when the lock is not held. */
  notify(count = 1): void {
    this.#mustBeHeld('notify');
    if (!(count >= 0)) throw new OutOfRangeError('ERR_NOTIFY_COUNT', `notify takes how many to wake: got ${count}`);
    for (let left = count; left > 0 && this.#waiters.wakeFirst(true); left--);
  }

  /** Lets all who wait go on, one after the other, as each gets the lock. `StateError` when the lock is not held. */
  notifyAll(): void {
    this.notify(this.#waiters.size);
  }

  #mustBeHeld(what: string): void {
    if (!this.lock.locked) throw new StateError('ERR_NOT_HELD', `${what}: the lock of the condition must be held, and is not`);
  }
}
