import { type CancelledError, StateError, TimeoutError } from '../base/errors.ts';
import { cancelledBy } from './cancelled.ts';
import { invoke, mustBeFunction } from './coroutine.ts';
import { enter } from './current.ts';
import { cancelScope, type Scope } from './scope.ts';
import { mustBeDelay, mustBeTime } from './sleep.ts';
import { attach, detach, isDueTo, SubScope } from './sub-scope.ts';
import { clearTimer, setTimer, Timer } from './timers.ts';

type Body<T> = (timeout: Timeout) => Generator<unknown, T, never> | PromiseLike<T> | T;

class Deadline extends Timer {
  readonly #timeout: Timeout;

  constructor(timeout: Timeout) {
    super();
    this.#timeout = timeout;
  }

  fire(): void {
    this.#timeout.expire();
  }
}

/**
 * A part of a task with a deadline: Python's `asyncio.Timeout`. When it passes, what is awaited inside throws `CancelledError`, and
 * the whole throws `TimeoutError`.
 *
 *   created -> active      run
 *   active -> expiring     the deadline passes: the waits inside are being cancelled
 *   active -> finished     the body has ended in time
 *   expiring -> expired    the body has ended
 */
export class Timeout extends SubScope {
  #state: 'created' | 'active' | 'expiring' | 'expired' | 'finished' = 'created';
  #when: number | null;
  #timer: Deadline | null = null;
  #error: CancelledError | null = null;

  /** `when` is a time of the clock `performance.now()`; `null`: no deadline. */
  constructor(when: number | null) {
    super();
    if (when !== null) mustBeTime(when, 'a deadline');
    this.#when = when;
  }

  /** The deadline; `null` when there is none. */
  get when(): number | null {
    return this.#when;
  }
  /** Whether the deadline has passed before the body ended. */
  get expired(): boolean {
    return this.#state === 'expiring' || this.#state === 'expired';
  }

  /** Moves the deadline, or takes it away by `null`. `StateError` unless the body runs and the deadline has not passed. */
  reschedule(when: number | null): void {
    if (this.#state !== 'active') {
      const why = this.#state === 'created' ? 'it has not been entered' : `it is ${this.#state}`;
      throw new StateError('ERR_TIMEOUT_STATE', `cannot move the deadline of a timeout: ${why}`);
    }
    if (when !== null) mustBeTime(when, 'a deadline');
    this.#when = when;
    if (this.#timer !== null) clearTimer(this.#timer);
    if (when === null || when === Infinity) return;
    const left = when - performance.now();
    if (left > 0) setTimer((this.#timer ??= new Deadline(this)), left);
    // It has passed: whatever waits now is cut, also a `sleep(0)`, which a timer would come too late for.
    else queueMicrotask(() => this.#when === when && expireDue(this, performance.now()));
  }

  /** @internal */
  expire(): void {
    if (this.#state !== 'active') return;
    this.#state = 'expiring';
    cancelScope(this, (this.#error = cancelledBy('the deadline of a timeout has passed')));
  }

  /** Runs `fn(timeout)` until it ends or the deadline passes. Once. */
  async run<T>(fn: Body<T>): Promise<T> {
    mustBeFunction(fn, 'Timeout.run');
    if (this.#state !== 'created')
      throw new StateError('ERR_SCOPE_USED', 'a timeout can be entered once: this one has been entered already');
    this.#state = 'active';
    attach(this);
    let failure: unknown;
    try {
      this.reschedule(this.#when);
      return await enter(this, invoke as typeof invoke<Timeout, T>, fn, this);
    } catch (error) {
      failure = error;
      if (this.#error === null || !isDueTo(this.#error, error, this)) throw error;
      throw new TimeoutError('the deadline of a timeout has passed', { cause: this.#error });
    } finally {
      if (this.#timer !== null) clearTimer(this.#timer);
      this.#state = this.expired ? 'expired' : 'finished';
      detach(this, failure);
    }
  }
}

/** What has passed its deadline, and those around it that have: the outermost first, as their timers would come too late. */
function expireDue(scope: Scope | null, now: number): void {
  if (scope === null) return;
  expireDue(scope.parent, now);
  if (scope instanceof Timeout && scope.when !== null && scope.when <= now) scope.expire();
}

/**
 * Runs `fn` for so many milliseconds at most: what it awaits of ours is then cancelled, and `TimeoutError` thrown. `null` sets no limit.
 * `fn` gets the `Timeout`, by which the deadline can be moved.
 */
export function timeout<T>(ms: number | null, fn: Body<T>): Promise<T> {
  if (ms !== null) mustBeDelay(ms, 'timeout');
  mustBeFunction(fn, 'timeout', 'timeout(ms, () => …)');
  return new Timeout(ms === null ? null : performance.now() + ms).run(fn);
}

/** The same up to a time of the clock `performance.now()`. */
export function timeoutAt<T>(when: number | null, fn: Body<T>): Promise<T> {
  mustBeFunction(fn, 'timeoutAt', 'timeoutAt(when, () => …)');
  return new Timeout(when).run(fn);
}
