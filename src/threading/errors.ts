import { nameError } from '../base/errors.ts';

/**
 * The thread that held this died without an orderly end, and may have left what it guards half changed.
 *
 * Whoever gets this error holds the lock: repair what it guards, then release it (`error.held[Symbol.dispose]()`), or
 * acquire it once more, which says that all is well.
 */
export class AbandonedLockError extends Error {
  readonly code: string = 'ERR_ABANDONED_LOCK';
  /** The lock, which the thread that gets this error holds. */
  readonly held: Disposable;

  constructor(message: string, held: Disposable) {
    super(message);
    this.held = held;
  }
}
nameError(AbandonedLockError, 'AbandonedLockError');

/** The barrier was broken: aborted, reset, timed out, or one of its parties has died. */
export class BrokenBarrierError extends Error {
  readonly code: string = 'ERR_BROKEN_BARRIER';
}
nameError(BrokenBarrierError, 'BrokenBarrierError');
