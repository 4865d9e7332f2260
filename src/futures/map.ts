import { inspect } from 'node:util';
import { onAbort } from '../base/on-abort.ts';
import { type Deadline, deadlineAfter, NEVER, remaining } from '../base/deadline.ts';
import { isAsyncIterable } from '../base/is-async-iterable.ts';
import { Deque } from '../base/deque.ts';
import { TimeoutError } from '../base/errors.ts';
import { within } from '../base/within.ts';
import { positive } from './positive.ts';
import { checkSignal } from './terms.ts';
import { type CallSite, goOnAt } from './call-site.ts';
import { Progress, type ProgressOptions } from './progress.ts';
import type { ChunkResult } from './fabric/chunk.ts';
import { type AnyFuture, type Future, outcome, whenDone } from './future.ts';
import { type AnyItems, AsyncInput, type Input, SyncInput } from './map-input.ts';
import { ResultArray } from './result-array.ts';
import { packed, type Values } from './value-list.ts';

/** How `Executor.map` hands its items over. */
export interface MapOptions {
  /** How many items go in one piece. Left out, it follows from how long they take. */
  readonly chunkSize?: number | undefined;
  /** How many items may be under way or wait to be read; what is iterated is then read no faster than the results are. */
  readonly bufferSize?: number | undefined;
  /** Milliseconds from this call on; then the iteration ends with `TimeoutError`, and what has not begun is cancelled. */
  readonly timeout?: number | undefined;
  /** Ends the iteration with the signal's reason, and cancels what has not begun. */
  readonly signal?: AbortSignal | undefined;
  /** Shows on stderr how far it is: a bar on a terminal, a line for every tenth elsewhere. */
  readonly progress?: boolean | ProgressOptions | undefined;
}

/** How an executor takes the chunks of one `map`. */
export interface ChunkSource {
  /** How many workers there can be. */
  readonly workers: number;
  /** No chunk may be larger. */
  readonly chunkMax: number;
  submit(items: Values, isSpread: boolean): Future<ChunkResult>;
  /** No more chunks come, and those that came are done. */
  close(): void;
}

interface Chunk {
  readonly size: number;
  readonly future: Future<ChunkResult>;
}

/** A chunk should take about so long: long enough for its cost not to count, short enough for the workers to end together. */
const CHUNK_MS = 2;
const CHUNK_LEAST_MS = 0.1;
export const CHUNK_MAX = 32_768;
/** How far a `map` over an async iterable runs ahead of its reader when nothing is said. */
const ASYNC_BUFFER = 1024;
const END: IteratorReturnResult<undefined> = { value: undefined, done: true };

/** The results of a `map`, in the order of the items. One reader at a time. */
export class MapResults<T> implements AsyncIterableIterator<T, undefined, void>, AsyncDisposable {
  private readonly input: Input;
  private readonly source: ChunkSource;
  private readonly onEnd: () => void;
  private readonly chunkSize: number | null;
  private readonly bufferSize: number;
  private readonly deadline: Deadline;
  private readonly options: MapOptions;
  private readonly progress: Progress | null;
  private readonly chunks = new Deque<Chunk>();
  /** Items that have been handed over, or have come back, and have not been read. */
  private ahead = 0;
  private underWay = 0;
  private itemMs = 0;
  private values: Values = [];
  private at = 0;
  private failure: { readonly error: unknown } | null = null;
  private isOver = false;
  private isPumping = false;
  private isClosed = false;
  private wakeReader: (() => void) | null = null;
  /** @internal Where `map` was called: an error of a task says so. */
  site: CallSite | null = null;
  private tellHandedOver!: () => void;
  /** @internal Resolves when everything has been handed over that will be. */
  readonly allHandedOver: Promise<void>;

  /** @internal */
  constructor(items: readonly AnyItems[], options: MapOptions, open: () => ChunkSource, onEnd: () => void) {
    const { chunkSize, bufferSize, timeout } = options;
    this.options = options;
    this.chunkSize = chunkSize === undefined ? null : positive(chunkSize, 'chunkSize');
    const isAsync = items.some(isAsyncIterable);
    this.bufferSize = bufferSize === undefined ? (isAsync ? ASYNC_BUFFER : Infinity) : positive(bufferSize, 'bufferSize');
    this.deadline = deadlineAfter(timeout);
    checkSignal(options.signal);
    options.signal?.throwIfAborted();
    this.allHandedOver = new Promise((resolve) => (this.tellHandedOver = resolve));
    this.onEnd = onEnd;
    this.input = isAsync ? new AsyncInput(items) : new SyncInput(items, this.bufferSize === Infinity);
    this.source = open();
    const { progress } = options;
    if (progress !== undefined && typeof progress !== 'boolean' && (typeof progress !== 'object' || progress === null))
      throw new TypeError(`progress must be true, or options: got ${progress === null ? 'null' : typeof progress}`);
    this.progress = progress === undefined || progress === false ? null : new Progress(progress === true ? {} : progress, this.input.left);
  }

  /** @internal Hands over the first items. */
  begin(): void {
    const { signal } = this.options;
    if (signal !== undefined) this.ignore = onAbort(signal, () => this.fail(signal.reason));
    this.pump();
  }

  private ignore: (() => void) | null = null;

  /** The size of the next chunk; 0: not now. */
  private nextSize(): number {
    const room = this.bufferSize - this.ahead;
    if (this.chunkSize !== null && this.source.chunkMax > 1)
      return room >= Math.min(this.chunkSize, this.bufferSize) || this.ahead === 0 ? Math.min(this.chunkSize, room) : 0;
    const { workers } = this.source;
    // Enough under way to keep everybody at work until we come here again.
    if (this.chunks.length > 0 && this.underWay >= workers * 4) return 0;
    const left = this.input.left;
    const byTime = this.itemMs === 0 ? 1 : Math.ceil(CHUNK_MS / this.itemMs);
    // Shares that get smaller, so that the workers end together; none that is over before the next one has been sent.
    const least = this.itemMs === 0 ? 1 : Math.ceil(CHUNK_LEAST_MS / this.itemMs);
    const byShare = left === Infinity ? this.source.chunkMax : Math.max(least, Math.ceil(left / (workers * 4)));
    return Math.max(1, Math.min(byTime, byShare, this.source.chunkMax, Math.ceil(this.bufferSize / 2), room));
  }

  /** Hands over as much as should be under way now. */
  private pump(): void {
    if (this.isPumping || this.isOver) return;
    this.isPumping = true;
    try {
      while (!this.isOver && this.ahead < this.bufferSize) {
        const size = this.nextSize();
        if (size < 1) return;
        const items = this.input.take(size);
        if (items === null)
          return this.input.whenReady(
            () => this.pump(),
            (error) => this.fail(error),
          );
        if (items.length === 0) return this.handedOver();
        this.submit(items);
      }
    } catch (error) {
      // An input that fails, or an item that can't be sent: what comes before it is delivered.
      this.handedOver();
      this.failure ??= { error };
      this.wakeReader?.();
    } finally {
      this.isPumping = false;
    }
  }

  private submit(items: Values): void {
    const future = this.source.submit(Array.isArray(items) ? packed(items) : items, this.input.isSpread);
    this.chunks.push({ size: items.length, future });
    this.ahead += items.length;
    this.underWay++;
    whenDone(future as AnyFuture, () => this.chunkDone(future, items.length));
  }

  private chunkDone(future: Future<ChunkResult>, size: number): void {
    this.underWay--;
    if (!future.cancelled) this.showProgress(size);
    if (!future.cancelled) {
      try {
        const [, , , ms] = outcome(future);
        const itemMs = ms / size;
        this.itemMs = this.itemMs === 0 ? Math.max(itemMs, 1e-6) : this.itemMs + (itemMs - this.itemMs) * 0.5;
      } catch {
        // It is the reader who is told.
      }
    }
    if (this.isOver && this.underWay === 0) this.close();
    else this.pump();
    this.wakeReader?.();
  }

  /** What shows it is the program's: should that fail, the map does. */
  private showProgress(size: number): void {
    try {
      this.progress?.add(size);
    } catch (error) {
      this.fail(error);
    }
  }

  private handedOver(): void {
    this.isOver = true;
    this.input.close();
    this.tellHandedOver();
    this.wakeReader?.();
    if (this.underWay === 0) this.close();
  }

  private close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.ignore?.();
    this.source.close();
    this.onEnd();
    try {
      this.progress?.end();
    } catch (error) {
      this.failure ??= { error };
    }
  }

  /** @internal Hands over everything now, blocking where nothing else does. */
  handOverSync(): void {
    while (!this.isOver) {
      const last = this.lastUnderWay();
      if (last === null) return this.cancel();
      last.exceptionSync();
      this.pump();
    }
  }

  /** @internal What has been handed over goes its way. */
  handOverNoMore(): void {
    if (!this.isOver) this.handedOver();
  }

  private lastUnderWay(): Future<ChunkResult> | null {
    for (const { future } of this.chunks) if (!future.done) return future;
    return null;
  }

  private fail(error: unknown): void {
    this.failure ??= { error };
    this.cancel();
    this.chunks.clear();
    this.wakeReader?.();
  }

  /** Cancels what has not begun. What is ready can still be read. */
  cancel(): void {
    // First: a chunk that is cancelled would make room for the next one.
    this.handOverNoMore();
    for (const { future } of this.chunks) future.cancel();
  }

  /** The next result that is there; `null` when there is none yet, END after the last. */
  private ready(): IteratorResult<T, undefined> | null {
    for (;;) {
      if (this.at < this.values.length) {
        const value = this.values[this.at++] as T;
        this.ahead--;
        if (this.ahead < this.bufferSize && !this.isOver && this.bufferSize !== Infinity) this.pump();
        return { value, done: false };
      }
      const chunk = this.chunks.peek();
      if (chunk === undefined) {
        if (this.failure !== null) return this.throwFailure();
        return this.isOver ? END : null;
      }
      if (!chunk.future.done) return null;
      this.chunks.shift();
      this.open(chunk);
    }
  }

  private open({ future }: Chunk): void {
    try {
      const [values, failed, error] = outcome(future);
      this.values = values;
      this.at = 0;
      if (failed) this.stop(error);
    } catch (error) {
      this.values = [];
      this.at = 0;
      this.stop(error);
    }
  }

  private stop(error: unknown): void {
    goOnAt(error, this.site);
    this.failure = { error };
    this.cancel();
    this.chunks.clear();
  }

  private throwFailure(): never {
    const { error } = this.failure!;
    this.failure = null;
    throw error;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    try {
      const ready = this.ready();
      return ready === null ? this.waitForNext() : Promise.resolve(ready);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  private async waitForNext(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      const woken = new Promise<void>((resolve) => (this.wakeReader = resolve));
      const ready = this.ready();
      if (ready !== null) return ready;
      const end = await within(woken, { timeout: this.deadline === NEVER ? undefined : remaining(this.deadline) });
      this.wakeReader = null;
      if (!end.inTime && this.chunks.peek()?.future.done !== true) throw this.timeUp();
    }
  }

  private timeUp(): TimeoutError {
    this.cancel();
    this.chunks.clear();
    return new TimeoutError(`not all results came within ${this.options.timeout} ms; what had not begun was cancelled`);
  }

  private nextSync(): IteratorResult<T, undefined> {
    for (;;) {
      const ready = this.ready();
      if (ready !== null) return ready;
      const chunk = this.chunks.peek();
      if (chunk === undefined) throw new TypeError("an async iterable can't be mapped by blocking: use `for await`");
      try {
        chunk.future.exceptionSync({ timeout: this.deadline === NEVER ? undefined : remaining(this.deadline) });
      } catch (error) {
        if (!chunk.future.done) throw error instanceof TimeoutError ? this.timeUp() : error;
      }
    }
  }

  /** Ends the iteration: what has not begun is cancelled, and never runs. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.values = [];
    this.at = 0;
    this.cancel();
    this.chunks.clear();
    this.failure = null;
    return Promise.resolve(END);
  }

  /** All results that have not been read yet. */
  async toArray(): Promise<T[]> {
    const all = new ResultArray<T>();
    for (;;) {
      this.takeRest(all);
      const next = await this.next();
      if (next.done === true) return all.values;
      all.add([next.value], 0, this.left);
    }
  }

  /** The blocking twin of `toArray`. */
  toArraySync(): T[] {
    const all = new ResultArray<T>();
    for (;;) {
      this.takeRest(all);
      const next = this.nextSync();
      if (next.done === true) return all.values;
      all.add([next.value], 0, this.left);
    }
  }

  /** How many values will still come, as far as that is known. */
  private get left(): number {
    return this.ahead + (this.isOver || this.input.left === Infinity ? 0 : this.input.left);
  }

  /** Takes the values of the chunk that is being read in one piece. */
  private takeRest(all: ResultArray<T>): void {
    const { values, at } = this;
    if (at === values.length) return;
    this.ahead -= values.length - at;
    all.add(values, at, this.left);
    this.values = [];
    this.at = 0;
    if (this.bufferSize !== Infinity) this.pump();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Blocks at each result that is not there yet. */
  *[Symbol.iterator](): Generator<T, undefined, void> {
    try {
      for (;;) {
        const next = this.nextSync();
        if (next.done === true) return undefined;
        yield next.value;
      }
    } finally {
      void this.return();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Somebody looks at it who has not read it. */
  [inspect.custom](): string {
    return '<MapResults: read by for await, or as a list by await results.toArray()>';
  }
}
