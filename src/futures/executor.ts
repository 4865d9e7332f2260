import { shutDown } from './errors.ts';
import type { AnyFuture, Future } from './future.ts';
import { type AnyItems, type ChunkSource, type MapOptions, MapResults } from './map.ts';

/** On which terms a task is run. Not every executor knows all of them: one that it does not know is refused. */
export interface Terms {
  /** Milliseconds that a task may run, from its start on; then it is broken off and its future fails with `TimeoutError`. */
  readonly timeout?: number | undefined;
  /** Cancels what is handed over on these terms, also what runs. */
  readonly signal?: AbortSignal | undefined;
  /** Tasks with a greater one begin earlier; 0 when left out. */
  readonly priority?: number | undefined;
  /** How often a task is run again that failed, or whose worker died. */
  readonly retries?: number | RetryOptions | undefined;
  /** What is given to the task instead of copied: ArrayBuffers and MessagePorts among the arguments. */
  readonly transfer?: readonly unknown[] | undefined;
  /** Is called with each value that the task sends by `emit`. */
  readonly onMessage?: ((message: never) => void) | undefined;
}

export interface RetryOptions {
  readonly times: number;
  /** Milliseconds before the first retry, 0 when left out; each further one waits `factor` times as long. */
  readonly delay?: number | undefined;
  /** 2 when left out. */
  readonly factor?: number | undefined;
  /** No wait is longer: 30,000 when left out. */
  readonly maxDelay?: number | undefined;
  /** Whether this error is worth a retry; all are when left out. */
  readonly when?: ((error: unknown) => boolean) | undefined;
}

export interface ShutdownOptions {
  /** Waits until everything has run and the workers have ended; `true` when left out. */
  readonly wait?: boolean | undefined;
  /** Cancels what has not begun. */
  readonly cancelFutures?: boolean | undefined;
}

export const NO_TERMS: Terms = {};

type AnyFunction = (...args: never[]) => unknown;
type Result<R> = Future<Awaited<R>>;

/** What tasks are handed to: an executor, or a view of one on other terms. */
export abstract class Submitter {
  /** Checks that something may be handed over now, and hands it over. */
  protected abstract hand(fn: AnyFunction, args: readonly unknown[]): AnyFuture;
  protected abstract mapOver(fn: AnyFunction, items: readonly AnyItems[], options: MapOptions): MapResults<unknown>;

  /**
   * Hands a function over, to be called elsewhere with these arguments, and gives the future of its result. Function and arguments are
   * copied now. Throws `TypeError` for what is no function, `SendError` for what can't travel, and `StateError` after the shutdown.
   */
  submit<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): Result<R> {
    if (typeof fn !== 'function') throw new TypeError(`submit needs a function: got ${fn === null ? 'null' : typeof fn}`);
    return this.hand(fn as AnyFunction, args) as Result<R>;
  }

  /**
   * Calls a function with each item, or with one item of each of several sources until the shortest ends, and gives the results in order.
   *
   * Everything is handed over at once, read or not, unless `bufferSize` says how far it may run ahead. The results are iterated with
   * `for await`, or with `for`, which blocks; ending the loop early cancels what has not begun. An error of the function ends them.
   */
  map<A, R>(fn: (a: A) => R, items: Iterable<A> | AsyncIterable<A>, options?: MapOptions): MapResults<Awaited<R>>;
  map<A, B, R>(
    fn: (a: A, b: B) => R,
    as: Iterable<A> | AsyncIterable<A>,
    bs: Iterable<B> | AsyncIterable<B>,
    options?: MapOptions,
  ): MapResults<Awaited<R>>;
  map<A, B, C, R>(
    fn: (a: A, b: B, c: C) => R,
    as: Iterable<A> | AsyncIterable<A>,
    bs: Iterable<B> | AsyncIterable<B>,
    cs: Iterable<C> | AsyncIterable<C>,
    options?: MapOptions,
  ): MapResults<Awaited<R>>;
  map(fn: AnyFunction, ...rest: readonly unknown[]): MapResults<never> {
    if (typeof fn !== 'function') throw new TypeError(`map needs a function: got ${fn === null ? 'null' : typeof fn}`);
    const last = rest.at(-1);
    const hasOptions = rest.length > 1 && typeof last === 'object' && last !== null && !isItems(last);
    const sources = hasOptions ? rest.slice(0, -1) : rest;
    if (sources.length === 0) throw new TypeError('map needs something to iterate over');
    for (const source of sources) if (!isItems(source)) throw new TypeError(`map needs iterables: got ${typeof source}`);
    return this.mapOver(fn, sources as AnyItems[], hasOptions ? (last as MapOptions) : {}) as MapResults<never>;
  }
}

function isItems(value: unknown): value is AnyItems {
  if (typeof value === 'string') return true;
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

/**
 * Runs functions elsewhere: Python's `concurrent.futures.Executor`, the same for threads, processes and a cluster.
 *
 * `await using pool = …` waits at the end of the block until everything has run. A backend says how one task, and how one chunk of a `map`,
 * is handed over, and how it ends.
 */
export abstract class Executor extends Submitter implements AsyncDisposable {
  private readonly maps = new Set<MapResults<unknown>>();
  private state: 'open' | 'shut down' = 'open';

  /** The name that messages use. */
  protected abstract readonly title: string;
  /** Hands one task over. Throws `SendError`; the future belongs to the caller. */
  protected abstract dispatch(fn: AnyFunction, args: readonly unknown[], terms: Terms): AnyFuture;
  /** How the chunks of one `map` are handed over. */
  protected abstract chunks(fn: AnyFunction, terms: Terms): ChunkSource;
  /** Cancels what has been handed over and not begun. */
  protected abstract cancelQueued(): void;
  /** Ends it once everything has run; nothing comes any more. Resolves when all its workers have ended. */
  protected abstract end(): Promise<void>;
  protected abstract endSync(): void;
  /** Ends all workers at once; what they run, and what waits, fails. */
  protected abstract terminate(): Promise<void>;

  protected hand(fn: AnyFunction, args: readonly unknown[]): AnyFuture {
    return this.handOn(fn, args, NO_TERMS);
  }
  protected mapOver(fn: AnyFunction, items: readonly AnyItems[], options: MapOptions): MapResults<unknown> {
    return this.mapOn(fn, items, options, NO_TERMS);
  }

  /** @internal */
  handOn(fn: AnyFunction, args: readonly unknown[], terms: Terms): AnyFuture {
    if (this.state !== 'open') throw shutDown(this.title);
    return this.dispatch(fn, args, terms);
  }
  /** @internal */
  mapOn(fn: AnyFunction, items: readonly AnyItems[], options: MapOptions, terms: Terms): MapResults<unknown> {
    if (this.state !== 'open') throw shutDown(this.title);
    const results = new MapResults<unknown>(
      items,
      options,
      () => this.chunks(fn, terms),
      () => this.maps.delete(results),
    );
    this.maps.add(results);
    results.begin();
    return results;
  }

  /** The same executor on other terms: `pool.with({ timeout: 1000 }).submit(fn)`. */
  with(terms: Terms): Submitter {
    return new View(this, terms);
  }

  get isShutDown(): boolean {
    return this.state !== 'open';
  }

  /**
   * Ends the executor: nothing more can be handed over, what has been runs, and the workers end. Resolves when they have, or at once with
   * `wait: false`. May be called again.
   */
  async shutdown({ wait = true, cancelFutures = false }: ShutdownOptions = {}): Promise<void> {
    this.state = 'shut down';
    if (cancelFutures) this.cancelAll();
    const ended = Promise.all([...this.maps].map((results) => results.allHandedOver)).then(() => this.end());
    if (wait) await ended;
    else ended.catch(() => {});
  }

  /** The blocking twin of `shutdown`. A `map` over an async iterable is cut off. */
  shutdownSync({ cancelFutures = false }: Pick<ShutdownOptions, 'cancelFutures'> = {}): void {
    this.state = 'shut down';
    if (cancelFutures) this.cancelAll();
    for (const results of this.maps) results.handOverSync();
    this.endSync();
  }

  /**
   * Ends the executor and its workers at once: Python's `terminate_workers`. What runs fails with `BrokenWorkerError`, what waits
   * with `BrokenExecutorError`. Resolves when the workers have ended.
   */
  async terminateWorkers(): Promise<void> {
    this.state = 'shut down';
    for (const results of this.maps) results.cancel();
    await this.terminate();
  }

  private cancelAll(): void {
    for (const results of this.maps) results.cancel();
    this.cancelQueued();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  [Symbol.dispose](): void {
    this.shutdownSync();
  }
}

class View extends Submitter {
  private readonly executor: Executor;
  private readonly terms: Terms;

  constructor(executor: Executor, terms: Terms) {
    super();
    this.executor = executor;
    this.terms = terms;
  }

  protected hand(fn: AnyFunction, args: readonly unknown[]): AnyFuture {
    return this.executor.handOn(fn, args, this.terms);
  }
  protected mapOver(fn: AnyFunction, items: readonly AnyItems[], options: MapOptions): MapResults<unknown> {
    return this.executor.mapOn(fn, items, options, this.terms);
  }
}
