import { asked, deadlineAfter, NEVER, type Wait } from '../../base/deadline.ts';
import { deferred, type Deferred } from '../../base/deferred.ts';
import { Deque } from '../../base/deque.ts';
import { StateError, TimeoutError } from '../../base/errors.ts';
import { within } from '../../base/within.ts';
import { isAsyncIterable } from '../../base/is-async-iterable.ts';
import { HOW_MAP } from '../../futures/process-pool/board.ts';
import type { Workforce } from './workforce.ts';
import type { Outcome } from '../../futures/process-pool/job.ts';
import type { AnyFunction, Items } from './chunks.ts';

/** So many chunks are handed over before anybody has taken the results of the first. */
const AHEAD_MAX = 1024;

interface Place {
  outcome: Outcome | null;
}

/**
 * The results of `imap` and `imapUnordered`, as they come: Python's `IMapIterator`. `for await` takes them, and `for` does, blocking.
 * An error of the function, or of the iterable, comes at its place; the results after it can still be taken.
 */
export class MapIterator<T> implements AsyncIterableIterator<T, undefined, Wait | undefined> {
  readonly #crew: Workforce;
  readonly #fn: AnyFunction;
  readonly #isOrdered: boolean;
  readonly #chunkSize: number;
  readonly #input: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #isAsync: boolean;
  /** Chunks in the order in which their results come out. */
  readonly #places = new Deque<Place>();
  readonly #values = new Deque<unknown>();
  #underway = 0;
  #isReading = false;
  #hasEnded = false;
  #changed: Deferred<void> | null = null;

  /** @internal */
  constructor(
    crew: Workforce,
    fn: AnyFunction,
    items: Items<unknown>,
    options: { readonly isOrdered: boolean; readonly chunkSize: number },
  ) {
    this.#crew = crew;
    this.#fn = fn;
    this.#isOrdered = options.isOrdered;
    this.#chunkSize = options.chunkSize;
    this.#isAsync = isAsyncIterable(items);
    this.#input = isAsyncIterable(items) ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    this.#read();
  }

  /** Hands over as much as may be ahead. */
  #read(): void {
    if (this.#isAsync) {
      if (!this.#isReading) void this.#readAsync();
      return;
    }
    while (!this.#hasEnded && this.#hasRoom) {
      const chunk: unknown[] = [];
      let failure: Outcome | null = null;
      try {
        while (chunk.length < this.#chunkSize) {
          const item = (this.#input as Iterator<unknown>).next();
          if (item.done === true) {
            this.#hasEnded = true;
            break;
          }
          chunk.push(item.value);
        }
      } catch (error) {
        failure = { ok: false, error };
      }
      this.#handOver(chunk, failure);
    }
  }

  async #readAsync(): Promise<void> {
    this.#isReading = true;
    while (!this.#hasEnded && this.#hasRoom) {
      const chunk: unknown[] = [];
      let failure: Outcome | null = null;
      try {
        while (chunk.length < this.#chunkSize) {
          const item = await (this.#input as AsyncIterator<unknown>).next();
          if (item.done === true) {
            this.#hasEnded = true;
            break;
          }
          chunk.push(item.value);
        }
      } catch (error) {
        failure = { ok: false, error };
      }
      this.#handOver(chunk, failure);
    }
    this.#isReading = false;
    this.#change();
  }

  get #hasRoom(): boolean {
    return this.#underway + this.#places.length < AHEAD_MAX;
  }

  #handOver(chunk: readonly unknown[], failure: Outcome | null): void {
    if (chunk.length > 0) this.#submit(chunk);
    if (failure !== null) {
      this.#hasEnded = true;
      this.#places.push({ outcome: failure });
    }
  }

  #submit(input: readonly unknown[]): void {
    const place: Place = { outcome: null };
    if (this.#isOrdered) this.#places.push(place);
    else this.#underway++;
    const settle = (outcome: Outcome): void => {
      place.outcome = outcome;
      if (!this.#isOrdered) {
        this.#underway--;
        this.#places.push(place);
      }
      this.#change();
    };
    try {
      this.#crew.submit({ fn: this.#fn, how: HOW_MAP, input }, settle);
    } catch (error) {
      settle({ ok: false, error });
    }
  }

  #change(): void {
    this.#changed?.resolve();
    this.#changed = null;
  }

  /** The next result that is there; `null` when it has to be waited for. */
  #take(): IteratorResult<T, undefined> | null {
    for (;;) {
      if (this.#values.length > 0) return { done: false, value: this.#values.shift() as T };
      const outcome = this.#places.peek()?.outcome ?? null;
      if (outcome !== null) {
        this.#places.shift();
        this.#read();
        if (!outcome.ok) throw outcome.error;
        for (const value of outcome.value as unknown[]) this.#values.push(value);
        continue;
      }
      const isOver = this.#hasEnded && this.#places.length === 0 && this.#underway === 0 && !this.#isReading;
      return isOver ? { done: true, value: undefined } : null;
    }
  }

  /** The next result. Rejects with the error that came at its place, and with `TimeoutError` when time was up: it can be asked for again then. */
  async next(options?: Wait): Promise<IteratorResult<T, undefined>> {
    const wait = asked(options);
    const deadline = deadlineAfter(wait.timeout);
    for (;;) {
      const taken = this.#take();
      if (taken !== null) return taken;
      this.#changed ??= deferred();
      const timeout = deadline === NEVER ? undefined : Math.max(0, deadline - performance.now());
      if (!(await within(this.#changed.promise, { ...wait, timeout })).inTime) throw late(wait);
    }
  }

  /** The blocking twin of `next`. `StateError` for an async iterable: it can't go on while this thread is blocked. */
  nextSync(options?: Wait): IteratorResult<T, undefined> {
    const wait = asked(options);
    wait.signal?.throwIfAborted();
    if (this.#isAsync)
      throw new StateError('ERR_ASYNC_ITEMS', 'cannot block for results while the items come from an async iterable: await them');
    let taken: IteratorResult<T, undefined> | null = null;
    if (!this.#crew.waitSync(() => (taken = this.#take()) !== null, deadlineAfter(wait.timeout))) throw late(wait);
    return taken!;
  }

  /** What has not been handed over will not be. What has been is done all the same. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#hasEnded = true;
    await this.#input.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  *[Symbol.iterator](): Generator<T, undefined> {
    for (let item = this.nextSync(); item.done !== true; item = this.nextSync()) yield item.value;
    return undefined;
  }
}

function late({ timeout }: Wait): TimeoutError {
  return new TimeoutError(`the next result did not come within ${timeout} ms`);
}
