import { asked, type Wait } from '../../base/deadline.ts';
import type { Callbacks } from '../pool/async-result.ts';
import type { Items } from '../pool/chunks.ts';
import type { ChunkOptions } from '../pool/base-pool.ts';
import { BaseProxy } from './proxy.ts';

/*
 * A pool in a manager, as Python's `SyncManager` has one: its workers are processes of the manager's, and whoever has a proxy gives them tasks. A function
 * passes through the manager on its way; iterables are read before they travel.
 */

/** What comes of work that a pool in a manager does meanwhile. */
export interface AsyncResultProxy<T> extends BaseProxy {
  /** Waits for the result. Rejects with the error of the work, and with `TimeoutError`. */
  get(wait?: Wait): Promise<T>;
  /** The blocking twin of `get`. */
  getSync(wait?: Pick<Wait, 'timeout'>): T;
  /** Waits until there is a result or an error: true; false when time was up. */
  wait(wait?: Wait): Promise<boolean>;
  /** The blocking twin of `wait`. */
  waitSync(wait?: Pick<Wait, 'timeout'>): boolean;
  /** Whether there is a result or an error. */
  ready(): Promise<boolean>;
  /** The blocking twin of `ready`. */
  readySync(): boolean;
  /** Whether there is a result, and no error. Rejects while there is neither. */
  successful(): Promise<boolean>;
  /** The blocking twin of `successful`. */
  successfulSync(): boolean;
}

/** The results of `imap` of a pool in a manager: `for await` takes them, one by one. */
export class IteratorProxy<T = unknown> extends BaseProxy implements AsyncIterable<T> {
  /** The next result, waiting for it; `done` after the last. Rejects with the error of its task. */
  async next(wait?: Wait): Promise<IteratorResult<T, undefined>> {
    return (await this.callMethod('next', asked(wait))) as IteratorResult<T, undefined>;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, undefined> {
    for (let next = await this.next(); next.done !== true; next = await this.next()) yield next.value;
  }
}

type List<T> = Exclude<Items<T>, AsyncIterable<T>>;
type Arguments<A extends readonly unknown[]> = readonly [...A];

/** A pool in a manager. What iterates over items gets them as a list. */
export class PoolProxy extends BaseProxy {
  /** Calls a function in a worker and gives its result. */
  apply<A extends readonly unknown[], R>(fn: (...args: A) => R, args: Arguments<A> = [] as never): Promise<Awaited<R>> {
    return this.callMethod('apply', fn, args) as Promise<Awaited<R>>;
  }
  /** The blocking twin of `apply`. */
  applySync<A extends readonly unknown[], R>(fn: (...args: A) => R, args: Arguments<A> = [] as never): Awaited<R> {
    return this.callMethodSync('apply', fn, args) as Awaited<R>;
  }
  /** The callbacks run in the manager's process. */
  applyAsync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args: Arguments<A> = [] as never,
    callbacks: Callbacks<Awaited<R>> = {},
  ): Promise<AsyncResultProxy<Awaited<R>>> {
    return this.callMethod('applyAsync', fn, args, callbacks) as Promise<AsyncResultProxy<Awaited<R>>>;
  }
  /** Calls a function with each item, in chunks, and gives the results in the order of the items. Rejects with the first error. */
  map<T, R>(fn: (item: T) => R, items: List<T>, options: ChunkOptions = {}): Promise<Awaited<R>[]> {
    return this.callMethod('map', fn, [...items], options) as Promise<Awaited<R>[]>;
  }
  /** The blocking twin of `map`. */
  mapSync<T, R>(fn: (item: T) => R, items: List<T>, options: ChunkOptions = {}): Awaited<R>[] {
    return this.callMethodSync('map', fn, [...items], options) as Awaited<R>[];
  }
  /** As `map`, but gives the result to come at once. The callbacks run in the manager's process. */
  mapAsync<T, R>(
    fn: (item: T) => R,
    items: List<T>,
    options: ChunkOptions & Callbacks<Awaited<R>[]> = {},
  ): Promise<AsyncResultProxy<Awaited<R>[]>> {
    return this.callMethod('mapAsync', fn, [...items], options) as Promise<AsyncResultProxy<Awaited<R>[]>>;
  }
  /** As `map`, each item being the list of arguments of one call. */
  starmap<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    items: List<Arguments<A>>,
    options: ChunkOptions = {},
  ): Promise<Awaited<R>[]> {
    return this.callMethod('starmap', fn, [...items], options) as Promise<Awaited<R>[]>;
  }
  /** The blocking twin of `starmap`. */
  starmapSync<A extends readonly unknown[], R>(fn: (...args: A) => R, items: List<Arguments<A>>, options: ChunkOptions = {}): Awaited<R>[] {
    return this.callMethodSync('starmap', fn, [...items], options) as Awaited<R>[];
  }
  /** As `starmap`, but gives the result to come at once. The callbacks run in the manager's process. */
  starmapAsync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    items: List<Arguments<A>>,
    options: ChunkOptions & Callbacks<Awaited<R>[]> = {},
  ): Promise<AsyncResultProxy<Awaited<R>[]>> {
    return this.callMethod('starmapAsync', fn, [...items], options) as Promise<AsyncResultProxy<Awaited<R>[]>>;
  }
  /** The results in the order of the items, each as soon as it is there. */
  imap<T, R>(fn: (item: T) => R, items: List<T>, options: ChunkOptions = {}): Promise<IteratorProxy<Awaited<R>>> {
    return this.callMethod('imap', fn, [...items], options) as Promise<IteratorProxy<Awaited<R>>>;
  }
  /** The results as they come, in any order. */
  imapUnordered<T, R>(fn: (item: T) => R, items: List<T>, options: ChunkOptions = {}): Promise<IteratorProxy<Awaited<R>>> {
    return this.callMethod('imapUnordered', fn, [...items], options) as Promise<IteratorProxy<Awaited<R>>>;
  }
  /** The numbers of its processes. */
  pids(): Promise<number[]> {
    return this.callMethod('pids') as Promise<number[]>;
  }
  /** Nothing more is taken; what was given runs, and then the workers end. */
  async close(): Promise<void> {
    await this.callMethod('close');
  }
  /** Ends the workers at once: what has not been done is lost. */
  async terminate(): Promise<void> {
    await this.callMethod('terminate');
  }
  /** Waits until the workers have ended, after `close` or `terminate`: true; false when time was up. */
  async join(wait?: Wait): Promise<boolean> {
    return (await this.callMethod('join', asked(wait))) as boolean;
  }
  /** As leaving the scope of a pool: it is terminated. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminate();
    await this.join();
  }
}
