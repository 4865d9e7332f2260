import { checkOptions } from '../base/check-options.ts';
import { deadlineAfter, remaining, type Wait } from '../base/deadline.ts';
import { StateError, TimeoutError } from '../base/errors.ts';
import { Deque } from '../base/deque.ts';
import type { Awaitable } from './coroutine.ts';
import { currentScope } from './current.ts';
import { ensureFuture } from './ensure-future.ts';
import { type Future, type Observer, PENDING } from './future.ts';
import type { Scope } from './scope.ts';
import { mustBeSeveral } from './several.ts';
import { limit } from './limit.ts';
import { fail, refusal, WaiterList } from './waiter.ts';

/** What a future gives. */
type ValueOf<F> = F extends PromiseLike<infer T> ? T : never;

/**
 * What `asCompleted` gives: for `for await` the futures, as they get done; for `for` as many promises, each of the outcome of the next one. No
 * `AsyncIterableIterator`, for of that TypeScript takes the items as awaited: a future's value in the place of the future.
 */
export interface AsCompleted<F> {
  /** The next one that is done. Cancelling who waits for it loses none. */
  next(): Promise<IteratorResult<F, undefined>>;
  /** Stops the iteration, as a `break` does. Those that are left go on: nothing is cancelled. */
  return(): Promise<IteratorResult<F, undefined>>;
  [Symbol.asyncIterator](): this;
  [Symbol.iterator](): IterableIterator<Promise<ValueOf<F>>, undefined, void>;
}

class Completion<F extends Future> implements Observer, AsCompleted<F> {
  readonly #futures: Set<F>;
  readonly #done = new Deque<F>();
  readonly #consumers = new WaiterList('asCompleted');
  readonly #deadline: number;
  readonly #signal: AbortSignal | undefined;
  #left: number;

  constructor(futures: readonly F[], { timeout, signal }: Wait) {
    this.#deadline = deadlineAfter(timeout);
    this.#signal = signal;
    this.#futures = new Set(futures);
    this.#left = this.#futures.size;
    for (const future of this.#futures) {
      if (future.state === PENDING) future.observe(this);
      else this.#done.push(future);
    }
  }

  get waits(): Scope | null {
    return this.#consumers.head?.scope ?? null;
  }

  settled(future: Future): boolean {
    // In a record: a promise would follow the future itself.
    const result: IteratorResult<F, undefined> = { done: false, value: future as F };
    if (!this.#consumers.wakeFirst(result)) this.#done.push(future as F);
    return false;
  }

  async next(): Promise<IteratorResult<F, undefined>> {
    const error = refusal(currentScope());
    if (error !== null) throw error;
    if (this.#left === 0) return { done: true, value: undefined };
    this.#left--;
    const first = this.#done.shift();
    if (first !== undefined) {
      // Nothing of what was handed out is kept.
      this.#futures.delete(first);
      return { done: false, value: first };
    }
    const waiter = this.#consumers.park(currentScope());
    limit(waiter, { timeout: remaining(this.#deadline), signal: this.#signal }, () => {
      this.#consumers.remove(waiter);
      fail(waiter, new TimeoutError(`${this.#left + 1} of ${this.#futures.size} were not done in time`));
    });
    try {
      const result = (await waiter.promise) as IteratorResult<F, undefined>;
      if (result.done !== true) this.#futures.delete(result.value);
      return result;
    } catch (cut) {
      this.#left++;
      throw cut;
    }
  }

  async return(): Promise<IteratorResult<F, undefined>> {
    for (const future of this.#futures) if (future.state === PENDING) future.ignore(this);
    this.#left = 0;
    this.#done.clear();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  *[Symbol.iterator](): Generator<Promise<ValueOf<F>>, undefined, void> {
    for (let left = this.#left; left > 0; left--) yield this.#nextOutcome();
  }

  async #nextOutcome(): Promise<ValueOf<F>> {
    const { done, value } = await this.next();
    if (done === true) throw new StateError('ERR_NOTHING_LEFT', 'asCompleted has nothing left to hand out: somebody else has taken it');
    return value.result() as ValueOf<F>;
  }
}

/**
 * Hands out those that are done, one by one, as they get done: Python's `as_completed`. Each once. `for await` gives the futures and tasks that were
 * given, and the tasks of functions; `for` a promise of each outcome. When time is up, which counts from this call, `TimeoutError` comes after those that
 * were in time.
 *
 *     for await (const task of asCompleted(tasks)) console.log(task.name, await task);
 *     for (const next of asCompleted(tasks)) console.log(await next);
 */
export function asCompleted<F extends Future>(futures: Iterable<F>, wait?: Wait): AsCompleted<F>;
export function asCompleted<T>(awaitables: Iterable<Awaitable<T>>, wait?: Wait): AsCompleted<Future<T>>;
export function asCompleted(awaitables: Iterable<Awaitable<unknown>>, wait: Wait = {}): AsCompleted<Future> {
  mustBeSeveral(awaitables, 'asCompleted');
  checkOptions(wait, 'asCompleted', '{ timeout: 300 }');
  return new Completion(Array.from(awaitables, ensureFuture), wait);
}
