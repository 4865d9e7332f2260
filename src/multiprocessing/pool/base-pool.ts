import { inspect } from 'node:util';
import { asked, deadlineAfter, type Wait } from '../../base/deadline.ts';
import { StateError } from '../../base/errors.ts';
import { within } from '../../base/within.ts';
import { isAsyncIterable } from '../../base/is-async-iterable.ts';
import { HOW_ALL, HOW_MAP, HOW_STARMAP } from '../../futures/process-pool/board.ts';
import type { Outcome } from '../../futures/process-pool/job.ts';
import { checkNames } from '../other-names.ts';
import { AsyncResult, type Callbacks } from './async-result.ts';
import { type AnyFunction, checkChunkSize, type Items, mapChunks } from './chunks.ts';
import { MapIterator } from './imap.ts';
import type { Workforce } from './workforce.ts';

/** How many items of a pool's map travel together. */
export interface ChunkOptions {
  /** How many items travel together. For `map`, a quarter of each worker's share when left out; 1 for `imap`. */
  readonly chunkSize?: number | undefined;
}

/** What a `Pool` of processes and a `ThreadPool` have in common: all but who does the work. */
export abstract class BasePool implements AsyncDisposable {
  readonly #crew: Workforce;
  readonly #workers: number;

  /** @internal */
  constructor(crew: Workforce, workers: number) {
    this.#crew = crew;
    this.#workers = workers;
  }

  /** Calls a function in a worker and gives its result. */
  apply<A extends readonly unknown[], R>(fn: (...args: A) => R, args: readonly [...A] = [] as never): Promise<Awaited<R>> {
    return this.applyAsync(fn, args).get();
  }

  /** The blocking twin of `apply`. */
  applySync<A extends readonly unknown[], R>(fn: (...args: A) => R, args: readonly [...A] = [] as never): Awaited<R> {
    return this.applyAsync(fn, args).getSync();
  }

  /** Has a function called in a worker. Throws `SendError` for what can't travel, and `StateError` when the pool is closed. */
  applyAsync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    args: readonly [...A] = [] as never,
    callbacks: Callbacks<Awaited<R>> = {},
  ): AsyncResult<Awaited<R>> {
    checkFunction(fn);
    if (!Array.isArray(args)) throw new TypeError(`the arguments of a task go in a list, as in apply(fn, [1, 2]): got ${inspect(args)}`);
    checkNames(callbacks, 'applyAsync', '{ callback: fn }');
    return new AsyncResult(this.#crew, callbacks, (settle) =>
      this.#crew.submit({ fn: fn as AnyFunction, how: HOW_ALL, input: [...args] }, settle),
    );
  }

  /** Applies a function to each item, and gives the results in order: when all have ended, also when one has failed. */
  async map<T, R>(fn: (item: T) => R, items: Items<T>, options?: ChunkOptions): Promise<Awaited<R>[]> {
    return this.mapAsync(fn, items, options).get();
  }

  /** The blocking twin of `map`; not for async iterables. */
  mapSync<T, R>(fn: (item: T) => R, items: Iterable<T>, options?: ChunkOptions): Awaited<R>[] {
    return this.mapAsync(fn, items, options).getSync();
  }

  /** As `map`, and goes on at once: the result tells when it is there. A sync iterable is read now. */
  mapAsync<T, R>(fn: (item: T) => R, items: Items<T>, options: ChunkOptions & Callbacks<Awaited<R>[]> = {}): AsyncResult<Awaited<R>[]> {
    return this.#mapAll(fn as AnyFunction, HOW_MAP, items, options) as AsyncResult<Awaited<R>[]>;
  }

  /** As `map`, for a function of several arguments: each item is the list of them. */
  async starmap<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    items: Items<readonly [...A]>,
    options?: ChunkOptions,
  ): Promise<Awaited<R>[]> {
    return this.starmapAsync(fn, items, options).get();
  }

  /** The blocking twin of `starmap`. */
  starmapSync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    items: Iterable<readonly [...A]>,
    options?: ChunkOptions,
  ): Awaited<R>[] {
    return this.starmapAsync(fn, items, options).getSync();
  }

  /** As `starmap`, but gives the result to come at once. */
  starmapAsync<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    items: Items<readonly [...A]>,
    options: ChunkOptions & Callbacks<Awaited<R>[]> = {},
  ): AsyncResult<Awaited<R>[]> {
    return this.#mapAll(fn as AnyFunction, HOW_STARMAP, items, options) as AsyncResult<Awaited<R>[]>;
  }

  #mapAll(fn: AnyFunction, how: number, items: Items<unknown>, options: ChunkOptions & Callbacks<never>): AsyncResult<unknown> {
    checkFunction(fn);
    checkNames(options, 'a map', '{ chunkSize: 100 }');
    checkChunkSize(options.chunkSize);
    this.#checkOpen();
    const task = { fn, how, workers: this.#workers };
    return new AsyncResult(this.#crew, options as Callbacks<unknown>, (settle) => {
      if (isAsyncIterable(items)) void collect(items, settle, (all) => mapChunks(this.#crew, task, all, options, settle));
      else mapChunks(this.#crew, task, [...items], options, settle);
    });
  }

  /**
   * Applies a function to each item, and gives the results one by one, in order, as they come. The items are read as they are needed, at most
   * some thousand ahead of what has been taken.
   */
  imap<T, R>(fn: (item: T) => R, items: Items<T>, options?: ChunkOptions): MapIterator<Awaited<R>> {
    return this.#iterate(fn as AnyFunction, items, options, true) as MapIterator<Awaited<R>>;
  }

  /** As `imap`, in the order in which they are ready. */
  imapUnordered<T, R>(fn: (item: T) => R, items: Items<T>, options?: ChunkOptions): MapIterator<Awaited<R>> {
    return this.#iterate(fn as AnyFunction, items, options, false) as MapIterator<Awaited<R>>;
  }

  #iterate(fn: AnyFunction, items: Items<unknown>, options: ChunkOptions = {}, isOrdered: boolean): MapIterator<unknown> {
    checkFunction(fn);
    checkNames(options, 'a map', '{ chunkSize: 100 }');
    const { chunkSize = 1 } = options;
    checkChunkSize(chunkSize);
    this.#checkOpen();
    return new MapIterator(this.#crew, fn, items, { isOrdered, chunkSize });
  }

  #checkOpen(): void {
    if (this.#crew.broken !== null) throw this.#crew.broken;
    if (this.#crew.isClosed) throw new StateError('ERR_POOL_CLOSED', 'cannot use the pool any more: it is closed');
  }

  /** No task can be given any more; the workers end when all are done. */
  close(): void {
    this.#crew.close();
  }

  /** Ends the workers at once. What has not ended is cancelled: its results are `CancelledError`s. */
  terminate(): void {
    this.#crew.terminate();
  }

  /** Waits until the workers have ended; false when time was up. Rejects with `StateError` before `close` or `terminate`. */
  async join(wait?: Wait): Promise<boolean> {
    this.#checkEnding();
    return (await within(this.#crew.gone(), wait)).inTime;
  }

  /** The blocking twin of `join`. */
  joinSync(wait?: Wait): boolean {
    const { timeout, signal } = asked(wait);
    this.#checkEnding();
    signal?.throwIfAborted();
    return this.#crew.goneSync(deadlineAfter(timeout));
  }

  #checkEnding(): void {
    if (!this.#crew.isClosed)
      throw new StateError('ERR_POOL_RUNNING', 'cannot join the pool while it is open: close() or terminate() it first');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.terminate();
    await this.join();
  }
}

function checkFunction(fn: unknown): void {
  if (typeof fn !== 'function') throw new TypeError(`a pool needs a function: got ${fn === null ? 'null' : typeof fn}`);
}

async function collect(items: AsyncIterable<unknown>, settle: (outcome: Outcome) => void, use: (all: unknown[]) => void): Promise<void> {
  const all: unknown[] = [];
  try {
    for await (const item of items) all.push(item);
  } catch (error) {
    settle({ ok: false, error });
    return;
  }
  use(all);
}
