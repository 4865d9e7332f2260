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

/** One that is done, and its place among what was given. In a record, for a promise would take over the outcome of a bare future. */
export interface Completed<F> {
  /** Its place among what was given, from 0 on. */
  readonly index: number;
  /** The future or task: it is done, so `result()` does not throw `InvalidStateError`. */
  readonly task: F;
}

/** What a future gives. */
type ValueOf<F> = F extends PromiseLike<infer T> ? T : never;

/** What `asCompleted` gives: for `for await` those that are done, in records; for `for` as many promises, each of the outcome of the next one. */
export interface AsCompleted<F> extends AsyncIterableIterator<Completed<F>, undefined, void> {
  /** The next one that is done. Cancelling who waits for it loses none. */
  next(): Promise<IteratorResult<Completed<F>, undefined>>;
  /** Stops the iteration, as a `break` does. Those that are left go on: nothing is cancelled. */
  return(): Promise<IteratorResult<Completed<F>, undefined>>;
  [Symbol.asyncIterator](): this;
  [Symbol.iterator](): IterableIterator<Promise<ValueOf<F>>, undefined, void>;
}

class Completion<F extends Future> implements Observer, AsCompleted<F> {
  readonly #indices = new Map<Future, number>();
  readonly #done = new Deque<F>();
  readonly #consumers = new WaiterList('asCompleted');
  readonly #deadline: number;
  readonly #signal: AbortSignal | undefined;
  #left: number;

  constructor(futures: readonly F[], { timeout, signal }: Wait) {
    this.#deadline = deadlineAfter(timeout);
    this.#signal = signal;
    for (const [index, future] of futures.entries()) if (!this.#indices.has(future)) this.#indices.set(future, index);
    this.#left = this.#indices.size;
    for (const future of this.#indices.keys()) {
      if (future.state === PENDING) future.observe(this);
      else this.#done.push(future as F);
    }
  }

  get waits(): Scope | null {
    return this.#consumers.head?.scope ?? null;
  }

  settled(future: Future): boolean {
    if (!this.#consumers.wakeFirst(this.#result(future as F))) this.#done.push(future as F);
    return false;
  }

  #result(task: F): IteratorResult<Completed<F>, undefined> {
    return { done: false, value: { index: this.#indices.get(task)!, task } };
  }

  async next(): Promise<IteratorResult<Completed<F>, undefined>> {
    const error = refusal(currentScope());
    if (error !== null) throw error;
    if (this.#left === 0) return { done: true, value: undefined };
    this.#left--;
    const first = this.#done.shift();
    if (first !== undefined) {
      const result = this.#result(first);
      // Nothing of what was handed out is kept.
      this.#indices.delete(first);
      return result;
    }
    const waiter = this.#consumers.park(currentScope());
    limit(waiter, { timeout: remaining(this.#deadline), signal: this.#signal }, () => {
      this.#consumers.remove(waiter);
      fail(waiter, new TimeoutError(`${this.#left + 1} of ${this.#indices.size} were not done in time`));
    });
    try {
      const result = (await waiter.promise) as IteratorResult<Completed<F>, undefined>;
      if (result.done !== true) this.#indices.delete(result.value.task);
      return result;
    } catch (cut) {
      this.#left++;
      throw cut;
    }
  }

  async return(): Promise<IteratorResult<Completed<F>, undefined>> {
    for (const future of this.#indices.keys()) if (future.state === PENDING) future.ignore(this);
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
    return value.task.result() as ValueOf<F>;
  }
}

/**
 * Hands out those that are done, one by one, as they get done: Python's `as_completed`. Each once. `for await` gives the futures and tasks that were
 * given, and the tasks of functions, each with its place; `for` a promise of each outcome. When time is up, which counts from this call, `TimeoutError`
 * comes after those that were in time.
 *
 *     for await (const { index, task } of asCompleted(tasks)) console.log(index, await task);
 *     for (const next of asCompleted(tasks)) console.log(await next);
 */
export function asCompleted<F extends Future>(futures: Iterable<F>, wait?: Wait): AsCompleted<F>;
export function asCompleted<T>(awaitables: Iterable<Awaitable<T>>, wait?: Wait): AsCompleted<Future<T>>;
export function asCompleted(awaitables: Iterable<Awaitable<unknown>>, wait: Wait = {}): AsCompleted<Future> {
  mustBeSeveral(awaitables, 'asCompleted');
  checkOptions(wait, 'asCompleted', '{ timeout: 300 }');
  return new Completion(Array.from(awaitables, ensureFuture), wait);
}
