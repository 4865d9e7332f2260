import { within } from '../base/within.ts';
import { outsideScopes } from '../base/ambient.ts';
import { deadlineAfter, NEVER } from '../base/deadline.ts';
import type { ContextOf } from '../threading/context.ts';
import { shutDown } from './errors.ts';
import { retryPlan } from './retries.ts';
import { callSite } from './call-site.ts';
import { type AnyFuture, type Future, noteSite } from './future.ts';
import { type ChunkSource, type MapOptions, MapResults } from './map.ts';
import type { AnyItems } from './map-input.ts';
import { checkNames, refuseOtherNames } from './other-names.ts';
import { withContextOf } from './task-context.ts';
import type { TaskStream } from './task-stream.ts';
import { checkTerms, NO_TERMS, type Terms } from './terms.ts';

/** What all executors take. */
export interface ExecutorOptions {
  /**
   * AsyncLocalStorages whose values each task begins with, as they are when it is handed over: `() => [requestId]`, storages that are captured or
   * imported. A value that can't be sent makes `submit` throw `SendError`. Left out, tasks begin with empty storages.
   */
  readonly context?: ContextOf | null | undefined;
}

/** How an executor is shut down. */
export interface ShutdownOptions {
  /** Waits until everything has run and the workers have ended; `true` when left out. */
  readonly wait?: boolean | undefined;
  /** Cancels what has not begun. */
  readonly cancelFutures?: boolean | undefined;
}

type AnyFunction = (...args: never[]) => unknown;
/** A task that yields gives a stream; of a promise, its value. */
type Result<R> = Future<Awaited<R> extends Generator<infer T> | AsyncGenerator<infer T> ? TaskStream<T> : Awaited<R>>;

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
    const future = this.hand(fn as AnyFunction, args);
    // When it is on its way: meanwhile somebody has begun to work.
    noteSite(future, SUBMIT);
    return future as Result<R>;
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
    if (hasOptions) refuseOtherNames(last, 'map');
    const results = this.mapOver(fn, sources as AnyItems[], hasOptions ? (last as MapOptions) : {});
    results.site = callSite(MAP);
    return results as MapResults<never>;
  }
}
const { submit: SUBMIT, map: MAP } = Submitter.prototype;

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
  /** The storages whose values go with each task. */
  protected readonly context: ContextOf | null;

  constructor(options: ExecutorOptions = {}) {
    checkNames(options, `a ${new.target.name}`, '{ maxWorkers: 2 }');
    super();
    const { context = null } = options;
    checkContext(context);
    this.context = context;
  }

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
    return this.handOn(fn, args, NO_TERMS, this.context);
  }
  protected mapOver(fn: AnyFunction, items: readonly AnyItems[], options: MapOptions): MapResults<unknown> {
    return this.mapOn(fn, items, options, NO_TERMS, this.context);
  }

  /** @internal */
  handOn(fn: AnyFunction, args: readonly unknown[], terms: Terms, context: ContextOf | null): AnyFuture {
    if (this.state !== 'open') throw shutDown(this.title);
    return this.dispatch(context === null ? fn : withContextOf(context, fn), args, terms);
  }
  /** @internal */
  mapOn(fn: AnyFunction, items: readonly AnyItems[], options: MapOptions, terms: Terms, context: ContextOf | null): MapResults<unknown> {
    if (this.state !== 'open') throw shutDown(this.title);
    const applied = context === null ? fn : withContextOf(context, fn);
    const results = new MapResults<unknown>(
      items,
      options,
      () => this.chunks(applied, terms),
      () => this.maps.delete(results),
    );
    this.maps.add(results);
    results.begin();
    return results;
  }

  /** The same executor on other terms: `pool.with({ timeout: 1000 }).submit(fn)`. */
  with(terms: Terms): Submitter {
    checkNames(terms, 'with()', '{ timeout: 1000 }');
    checkTerms(terms);
    retryPlan(terms.retries);
    const { timeout, context = this.context, ...rest } = terms;
    checkContext(context);
    const isLimited = deadlineAfter(timeout) !== NEVER;
    const isPlain = !isLimited && Object.values(rest).every((value) => value === undefined);
    return new View(this, isPlain ? NO_TERMS : isLimited ? { ...rest, timeout } : rest, context);
  }

  /** Whether nothing more can be handed over. What was handed over before may still run. */
  get isShutDown(): boolean {
    return this.state !== 'open';
  }

  /**
   * Ends the executor: nothing more can be handed over, what has been runs, and the workers end. Resolves when they have, or at once with
   * `wait: false`. May be called again.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    checkNames(options, 'shutdown()', '{ wait: false }');
    const { wait = true, cancelFutures = false } = options;
    this.close();
    if (cancelFutures) this.cancelAll();
    // Who is cancelled while it waits no longer waits; the executor ends all the same.
    const ended = outsideScopes(() => Promise.all([...this.maps].map((results) => results.allHandedOver)).then(() => this.end()));
    ended.catch(() => {});
    if (wait) await within(ended);
  }

  /** The blocking twin of `shutdown`. A `map` over an async iterable is cut off. */
  shutdownSync({ cancelFutures = false }: Pick<ShutdownOptions, 'cancelFutures'> = {}): void {
    this.close();
    if (cancelFutures) this.cancelAll();
    for (const results of this.maps) results.handOverSync();
    this.endSync();
  }

  /**
   * Ends the executor and its workers at once: Python's `terminate_workers`. What runs fails with `BrokenWorkerError`, what waits
   * with `BrokenExecutorError`. Resolves when the workers have ended.
   */
  async terminateWorkers(): Promise<void> {
    this.close();
    for (const results of this.maps) results.handOverNoMore();
    await this.terminate();
  }

  /** Nothing more can be handed over. */
  protected close(): void {
    this.state = 'shut down';
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

function checkContext(context: unknown): void {
  if (context !== null && typeof context !== 'function')
    throw new TypeError(`context must be a function that gives AsyncLocalStorages: got ${typeof context}`);
}

class View extends Submitter {
  private readonly executor: Executor;
  private readonly terms: Terms;
  private readonly context: ContextOf | null;

  constructor(executor: Executor, terms: Terms, context: ContextOf | null) {
    super();
    this.executor = executor;
    this.terms = terms;
    this.context = context;
  }

  protected hand(fn: AnyFunction, args: readonly unknown[]): AnyFuture {
    return this.executor.handOn(fn, args, this.terms, this.context);
  }
  protected mapOver(fn: AnyFunction, items: readonly AnyItems[], options: MapOptions): MapResults<unknown> {
    return this.executor.mapOn(fn, items, options, this.terms, this.context);
  }
}
