import { isThenable } from '../base/thenable.ts';
import { Deque } from '../base/deque.ts';
import { cancelledBy } from './cancelled.ts';
import { mustBeFunction, outcome } from './coroutine.ts';
import { enter } from './current.ts';
import { checked, type Each, type Items, type MapOptions, takerOf, work } from './for-each.ts';
import { cancelScope } from './scope.ts';
import { attach, detach, SubScope } from './sub-scope.ts';
import { until } from './until.ts';

/** One pass through the results of a `map`: what is running, and what lies ready, in the order of the items. */
class Pass<T, R> {
  readonly #scope = new SubScope(null, false, true);
  readonly #taker: ReturnType<typeof takerOf<T>>;
  readonly #fn: Each<T, R>;
  readonly #limit: number;
  readonly #most: number;
  readonly #started = new Deque<Promise<R | undefined>>();
  #index = 0;
  #running = 0;
  #isOver = false;
  #isTaking = false;
  #failure: { readonly error: unknown } | null = null;
  #tell: (() => void) | null = null;

  constructor(items: Items<T>, fn: Each<T, R>, limit: number, most: number) {
    this.#taker = takerOf(items);
    this.#fn = fn;
    this.#limit = limit;
    this.#most = most;
    attach(this.#scope);
  }

  /** The next result; `null` when there is none any more. */
  async next(): Promise<{ readonly value: R } | null> {
    enter(this.#scope, fillFor, this as Pass<unknown, unknown>, null);
    while (this.#started.length === 0 && this.#isTaking) await until(new Promise<void>((resolve) => (this.#tell = resolve)));
    const first = this.#started.peek();
    const value = first === undefined ? undefined : await until(first);
    if (this.#failure !== null) throw this.#failure.error;
    if (first === undefined) return null;
    void this.#started.shift();
    return { value: value as R };
  }

  /** Starts what there is room for. */
  async fill(): Promise<void> {
    if (this.#isTaking) return;
    this.#isTaking = true;
    try {
      while (!this.#isOver && this.#running < this.#limit && this.#started.length < this.#most) {
        const taken = this.#taker.next();
        const { done, value } = isThenable(taken) ? await taken : taken;
        if (done === true) this.#isOver = true;
        if (!this.#isOver) this.#started.push(this.#run(value as T, this.#index++));
        this.#tell?.();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isTaking = false;
      this.#tell?.();
    }
  }

  async #run(item: T, index: number): Promise<R | undefined> {
    this.#running++;
    try {
      return await outcome(this.#fn(item, index));
    } catch (error) {
      this.#fail(error);
      return undefined;
    } finally {
      this.#running--;
      void this.fill();
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop('another item has failed');
  }

  #stop(reason: string): void {
    if (this.#scope.fatal !== null) return;
    this.#isOver = true;
    this.#taker.close();
    cancelScope(this.#scope, (this.#scope.fatal = cancelledBy(reason)));
  }

  /** Cancels what is running, and waits for its end. */
  async end(): Promise<void> {
    this.#stop('the results of a map are not wanted any more');
    await Promise.all(this.#started);
    this.#scope.kept = null;
    detach(this.#scope);
  }
}

const fillFor = (pass: Pass<unknown, unknown>): void => void pass.fill();

/** The results of a `map`, in the order of the items: taken one by one, or all. */
export class MapResults<T, R> implements AsyncIterable<R> {
  readonly #items: Items<T>;
  readonly #fn: Each<T, R>;
  readonly #limit: number;
  readonly #bufferSize: number;

  /** @internal */
  constructor(items: Items<T>, fn: Each<T, R>, options: MapOptions) {
    const { limit, bufferSize } = checked(options);
    this.#items = items;
    this.#fn = fn;
    this.#limit = limit;
    this.#bufferSize = bufferSize;
  }

  /** All results in an array. */
  async toArray(): Promise<R[]> {
    const results: R[] = [];
    await work(this.#items, this.#fn, this.#limit, results);
    return results;
  }

  /** Each result as soon as it and all before it are there. No more than `limit` run, and no more than `bufferSize` lie ready beside them. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, void> {
    const pass = new Pass(this.#items, this.#fn, this.#limit, this.#limit + this.#bufferSize);
    try {
      for (let result = await pass.next(); result !== null; result = await pass.next()) yield result.value;
    } finally {
      await pass.end();
    }
  }
}

/**
 * Calls `fn` for every item, `limit` at a time, and gives the results in order, as they are asked for: the items may be endless.
 *
 *     for await (const page of map(urls, fetchPage, { limit: 10 })) …
 *     const pages = await map(urls, fetchPage, { limit: 10 }).toArray();
 *
 * The first error, and leaving the loop, cancel what is running, and wait for its end.
 */
export function map<T, R>(items: Items<T>, fn: Each<T, R>, options: MapOptions = {}): MapResults<T, R> {
  mustBeFunction(fn, 'map', 'map(items, (item) => …)');
  return new MapResults(items, fn, options);
}
