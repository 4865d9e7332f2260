import { type Deadline, deadlineAfter, NEVER, remaining, type Wait } from '../base/deadline.ts';
import { TimeoutError } from '../base/errors.ts';
import { within } from '../base/within.ts';
import { checkFutures } from './check-futures.ts';
import { type AnyFuture, type Future, whenDone } from './future.ts';

/**
 * The futures as they end, each once, those that are done already first: Python's `as_completed`. When time is up, those that are done
 * come first, and then `TimeoutError`. A future that has been given out is not kept.
 */
export function asCompleted<F extends Future<never> | AnyFuture>(futures: Iterable<F>, { timeout, signal }: Wait = {}): AsCompleted<F> {
  return new Completions<F>(new Set(checkFutures(futures, 'asCompleted')), deadlineAfter(timeout), timeout, signal);
}

/**
 * What `asCompleted` gives: the futures, in the order in which they are done. No `AsyncIterableIterator`, for of that TypeScript takes the items as
 * awaited: a future's value in the place of the future.
 */
export interface AsCompleted<F> extends AsyncDisposable {
  /** The next one that is done. */
  next(): Promise<IteratorResult<F, undefined>>;
  /** Stops the iteration, as a `break` does. The futures that are left go on: nothing is cancelled. */
  return(): Promise<IteratorResult<F, undefined>>;
  [Symbol.asyncIterator](): this;
}

class Completions<F extends Future<never> | AnyFuture> implements AsCompleted<F> {
  readonly #pending: Set<F>;
  readonly #ready: F[] = [];
  readonly #forget = new Map<F, () => void>();
  readonly #deadline: Deadline;
  readonly #timeout: number | null | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #total: number;
  #wake: (() => void) | null = null;

  constructor(futures: Set<F>, deadline: Deadline, timeout: number | null | undefined, signal: AbortSignal | undefined) {
    this.#pending = futures;
    this.#total = futures.size;
    this.#deadline = deadline;
    this.#timeout = timeout;
    this.#signal = signal;
    for (const future of futures) {
      if (future.done) this.#completed(future);
      else
        this.#forget.set(
          future,
          whenDone(future as AnyFuture, (one) => this.#completed(one as F)),
        );
    }
  }

  #completed(future: F): void {
    this.#pending.delete(future);
    this.#forget.delete(future);
    this.#ready.push(future);
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<F, undefined>> {
    for (;;) {
      // In an object: a promise would follow the future itself.
      if (this.#ready.length > 0) return { value: this.#ready.shift()!, done: false };
      if (this.#pending.size === 0) return { value: undefined, done: true };
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      const timeout = this.#deadline === NEVER ? undefined : remaining(this.#deadline);
      const end = await within(woken, { timeout, signal: this.#signal });
      if (!end.inTime && this.#ready.length === 0) {
        const left = this.#pending.size;
        await this.return();
        throw new TimeoutError(`${left} of ${this.#total} futures were not done within ${this.#timeout} ms; their work goes on`);
      }
    }
  }

  return(): Promise<IteratorResult<F, undefined>> {
    for (const forget of this.#forget.values()) forget();
    this.#forget.clear();
    this.#pending.clear();
    this.#ready.length = 0;
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
