import { asked, deadlineAfter, remaining, type Wait } from '../../base/deadline.ts';
import { AbandonedLockError } from '../../threading/errors.ts';
import { BaseProxy } from './proxy.ts';

/**
 * A lock in a manager. Its owner is the thread that acquires it, wherever that is; when that thread's process is killed, or its connection
 * breaks, the next one gets the lock, with `AbandonedLockError`.
 */
export class LockProxy extends BaseProxy implements Disposable, AsyncDisposable {
  /** Waits for the lock: the lock, or `null` when time was up. Rejects with `AbandonedLockError` when its holder has died (the caller holds it then). */
  async acquire(wait?: Wait): Promise<this | null> {
    try {
      return (await this.callMethod('acquire', asked(wait))) === null ? null : this;
    } catch (error) {
      throw mine(error, this);
    }
  }
  /** The blocking twin of `acquire`. */
  acquireSync(wait?: Pick<Wait, 'timeout'>): this | null {
    try {
      return this.callMethodSync('acquire', asked(wait)) === null ? null : this;
    } catch (error) {
      throw mine(error, this);
    }
  }
  /** The lock if it is free, `null` otherwise. */
  async tryAcquire(): Promise<this | null> {
    try {
      return (await this.callMethod('tryAcquire')) === null ? null : this;
    } catch (error) {
      throw mine(error, this);
    }
  }

  /** Frees it; resolves when that is done. Rejects with `StateError` when nobody holds it. */
  async release(): Promise<void> {
    await this.callMethod('release');
  }
  /** The blocking twin of `release`. */
  releaseSync(): void {
    this.callMethodSync('release');
  }
  /** Whether somebody holds it, at this moment. */
  locked(): Promise<boolean> {
    return this.callMethod('locked') as Promise<boolean>;
  }

  [Symbol.dispose](): void {
    this.releaseSync();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/** A semaphore in a manager: the permits of one who dies come back. */
export class SemaphoreProxy extends LockProxy {
  /** Gives so many permits back; resolves when that is done. */
  override async release(count = 1): Promise<void> {
    await this.callMethod('release', count);
  }
  /** The blocking twin of `release`. */
  override releaseSync(count = 1): void {
    this.callMethodSync('release', count);
  }
  /** How many permits are free, at this moment. */
  value(): Promise<number> {
    return this.callMethod('value') as Promise<number>;
  }
}

/** A condition in a manager, with its re-entrant lock. */
export class ConditionProxy extends LockProxy {
  /** Gives up the lock and waits for a notice: true; false when time was up. The lock is held again in either case. */
  async wait(wait?: Wait): Promise<boolean> {
    return (await this.callMethod('wait', asked(wait))) as boolean;
  }
  /** The blocking twin of `wait`. */
  waitSync(wait?: Pick<Wait, 'timeout'>): boolean {
    return this.callMethodSync('wait', asked(wait)) as boolean;
  }

  /** Waits until the predicate, which is asked here, gives something true; gives what it gave last. */
  async waitFor<T>(predicate: () => T | Promise<T>, wait?: Wait): Promise<T> {
    const { timeout, signal } = asked(wait);
    const deadline = deadlineAfter(timeout);
    for (;;) {
      const result = await predicate();
      if (result || remaining(deadline) === 0) return result;
      await this.wait({ timeout: remaining(deadline), signal });
    }
  }
  /** The blocking twin of `waitFor`: the predicate may not give a promise. */
  waitForSync<T>(predicate: () => T, wait?: Pick<Wait, 'timeout'>): T {
    const { timeout } = asked(wait);
    const deadline = deadlineAfter(timeout);
    for (let result = predicate(); ; result = predicate()) {
      if (result || remaining(deadline) === 0) return result;
      this.waitSync({ timeout: remaining(deadline) });
    }
  }

  /** Wakes those who have waited longest, `count` at most. */
  async notify(count = 1): Promise<void> {
    await this.callMethod('notify', count);
  }
  /** The blocking twin of `notify`. */
  notifySync(count = 1): void {
    this.callMethodSync('notify', count);
  }
  /** Wakes all who wait. They go on one after the other, as each gets the lock. */
  async notifyAll(): Promise<void> {
    await this.callMethod('notifyAll');
  }
  /** The blocking twin of `notifyAll`. */
  notifyAllSync(): void {
    this.callMethodSync('notifyAll');
  }
}

function mine(error: unknown, lock: LockProxy): unknown {
  if (!(error instanceof AbandonedLockError)) return error;
  const told = new AbandonedLockError(error.message, lock);
  told.cause = error.cause;
  return told;
}
