import { checkOptions } from '../base/check-options.ts';
import { type CancelledError, StateError } from '../base/errors.ts';
import { cancelledBy } from './cancelled.ts';
import { invoke, mustBeFunction } from './coroutine.ts';
import { enter } from './current.ts';
import { cancelScope } from './scope.ts';
import { attach, detach, isDueTo, SubScope } from './sub-scope.ts';

/** How a `CancelScope` behaves. */
export interface CancelScopeOptions {
  /** Once cancelled, everything that is awaited inside throws, until the scope is left. Otherwise one cancellation ends the waits of its moment. */
  readonly sticky?: boolean | undefined;
  /** Cancellation from outside stays outside until the scope is left: for a clean-up that must not be cut short. */
  readonly shield?: boolean | undefined;
}

/**
 * A part of a task that can be cancelled on its own: whatever is awaited inside `run` throws `CancelledError`, and what comes after
 * goes on.
 */
export class CancelScope extends SubScope {
  readonly #isSticky: boolean;
  #state: 'created' | 'active' | 'left' = 'created';
  #error: CancelledError | null = null;
  #isCaught = false;

  constructor(options: CancelScopeOptions = {}) {
    checkOptions(options, 'a CancelScope', '{ shield: true }');
    const { sticky = false, shield = false } = options;
    super(null, shield);
    this.#isSticky = sticky;
  }

  /** Whether `cancel` was called. */
  get cancelCalled(): boolean {
    return this.#error !== null;
  }
  /** Whether the scope was left by its own cancellation. */
  get cancelCaught(): boolean {
    return this.#isCaught;
  }

  /** Ends what is awaited inside; before `run`, what will be. */
  cancel(reason?: unknown): void {
    if (this.#state === 'left' || this.#error !== null) return;
    const error = cancelledBy(reason);
    this.#error = error;
    if (this.#isSticky) this.fatal = error;
    cancelScope(this, error);
  }

  /** Runs `fn(scope)` inside, once. Gives what it gives; undefined when the scope's own cancellation has ended it. */
  async run<T>(fn: (scope: this) => Generator<unknown, T, never> | PromiseLike<T> | T): Promise<T | undefined> {
    mustBeFunction(fn, 'CancelScope.run');
    if (this.#state !== 'created') throw new StateError('ERR_SCOPE_USED', `a CancelScope can be entered once: this one is ${this.#state}`);
    this.#state = 'active';
    attach(this);
    let failure: unknown;
    try {
      return await enter(this, invoke as typeof invoke<this, T>, fn, this);
    } catch (error) {
      failure = error;
      if (this.#error === null || !isDueTo(this.#error, error, this)) throw error;
      this.#isCaught = true;
      return undefined;
    } finally {
      this.#state = 'left';
      detach(this, failure);
    }
  }

  /** `new CancelScope(options).run(fn)`. */
  static run<T>(
    fn: (scope: CancelScope) => Generator<unknown, T, never> | PromiseLike<T> | T,
    options?: CancelScopeOptions,
  ): Promise<T | undefined> {
    return new CancelScope(options).run(fn);
  }
}
