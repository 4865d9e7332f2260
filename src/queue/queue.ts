import { inspect } from 'node:util';
import { deadlineAfter, type Wait } from '../base/deadline.ts';
import { OutOfRangeError } from '../base/errors.ts';
import { block, suspend } from '../sync/waiting.ts';
import { Face, Place, registerFace } from '../threading/face.ts';
import type { Heap } from '../word/heap.ts';
import { QueueEmpty, QueueFull, QueueShutDown } from './errors.ts';
import { fromItem, fromItemSoon, type Item, toItem } from './item.ts';
import { FIFO, LIFO, type Order, Store, STORE_BYTES } from './store.ts';

export interface QueueOptions {
  /** How many items there may be; without a limit when 0, negative or left out. */
  readonly maxSize?: number | undefined;
}

export interface ShutdownOptions {
  /** Drops what is in the queue, as if it were done. Otherwise it can still be got. */
  readonly immediate?: boolean | undefined;
}

/**
 * A queue of anything that can be sent, between any number of threads: Python's `queue.Queue`, first in, first out.
 *
 * An item is copied when it is put; shared things arrive as themselves. What waits takes a time-out and a signal, and has a
 * blocking twin; each may be called from any thread. `for await (const item of queue)` goes on until the queue is shut down.
 */
export class Queue<T = unknown> extends Face {
  readonly #store: Store;

  constructor(options: QueueOptions | Place = {}, heap?: Heap, kind = 'queue', order: Order = FIFO) {
    const isNew = !(options instanceof Place);
    const place = isNew ? Place.allocate(STORE_BYTES, heap) : options;
    super(kind, place);
    this.#store = new Store(place.heap, place.offset, order);
    if (isNew) this.#store.prepare(limit(options.maxSize ?? 0));
  }

  /** The key that the item is sorted by, where that matters. */
  protected keyOf(_item: T): number {
    return 0;
  }

  #toItem(value: T): Item {
    return toItem(this.place.heap, value, this.keyOf(value));
  }
  #fromItem(item: Item): T {
    return fromItem(this.place.heap, item) as T;
  }

  /** Puts an item in, waiting for room. Rejects with `QueueFull` when time was up, with `QueueShutDown`, and with `SendError`. */
  async put(value: T, { timeout, signal }: Wait = {}): Promise<void> {
    const deadline = deadlineAfter(timeout);
    const item = this.#toItem(value);
    if (!(await suspend(this.#store.put(item), deadline, signal))) throw full(this.#store);
  }

  /** The blocking twin of `put`. */
  putSync(value: T, { timeout, signal }: Wait = {}): void {
    signal?.throwIfAborted();
    const deadline = deadlineAfter(timeout);
    const item = this.#toItem(value);
    if (!this.#store.tryPut(item) && !block(this.#store.put(item), deadline)) throw full(this.#store);
  }

  /** Puts an item in, or throws `QueueFull` at once. */
  putNoWait(value: T): void {
    if (!this.#store.tryPut(this.#toItem(value))) throw full(this.#store);
  }

  /** Takes the next item, waiting for one. Rejects with `QueueEmpty` when time was up, and with `QueueShutDown`. */
  async get({ timeout, signal }: Wait = {}): Promise<T> {
    const item = await suspend(this.#store.get(), deadlineAfter(timeout), signal);
    if (item === null) throw empty();
    const found = fromItemSoon(this.place.heap, item);
    return (found instanceof Promise ? await found : found).value as T;
  }

  /** The blocking twin of `get`. */
  getSync({ timeout, signal }: Wait = {}): T {
    signal?.throwIfAborted();
    const deadline = deadlineAfter(timeout);
    const item = this.#store.tryGet() ?? block(this.#store.get(), deadline);
    if (item === null) throw empty();
    return this.#fromItem(item);
  }

  /** Takes the next item, or throws `QueueEmpty` at once. */
  getNoWait(): T {
    const item = this.#store.tryGet();
    if (item === null) throw empty();
    return this.#fromItem(item);
  }

  /** Puts several items in, one after the other. */
  async putMany(values: Iterable<T>, wait: Wait = {}): Promise<void> {
    for (const value of values) if (!this.#store.tryPut(this.#toItem(value))) await this.put(value, wait);
  }
  putManySync(values: Iterable<T>, wait: Wait = {}): void {
    for (const value of values) this.putSync(value, wait);
  }

  /** Waits for one item, and takes as many as there are, `count` at most. */
  async getMany(count: number, wait: Wait = {}): Promise<T[]> {
    const first = await this.get(wait);
    return [first, ...this.#rest(count - 1)];
  }
  getManySync(count: number, wait: Wait = {}): T[] {
    const first = this.getSync(wait);
    return [first, ...this.#rest(count - 1)];
  }

  *#rest(count: number): Generator<T> {
    for (let i = 0; i < count && this.#store.count > 0; i++) {
      const item = this.#store.tryGet();
      if (item === null) return;
      yield this.#fromItem(item);
    }
  }

  /** Says that an item that was got is done with. `RangeError` when more would be done than were put. */
  taskDone(): void {
    if (!this.#store.taskDone()) throw new OutOfRangeError('ERR_TASK_DONE', 'taskDone() was called more often than items were put');
  }

  /** Waits until everything that was put is done with: true; false when time was up. */
  async join({ timeout, signal }: Wait = {}): Promise<boolean> {
    return suspend(this.#store.allDone(), deadlineAfter(timeout), signal);
  }
  joinSync({ timeout }: Pick<Wait, 'timeout'> = {}): boolean {
    return block(this.#store.allDone(), deadlineAfter(timeout));
  }

  /** Ends the queue: nothing more goes in; those who wait to put get `QueueShutDown`, and those who wait to get once it is empty. */
  shutdown({ immediate = false }: ShutdownOptions = {}): void {
    this.#store.shutDown(immediate);
  }

  get isShutDown(): boolean {
    return this.#store.isShutDown;
  }

  /** How many items there are. Others may put and get before you use it. */
  get size(): number {
    return this.#store.count;
  }
  get isEmpty(): boolean {
    return this.size === 0;
  }
  get isFull(): boolean {
    return this.maxSize > 0 && this.size >= this.maxSize;
  }
  /** How many items have been put and are not yet done with. */
  get unfinishedTasks(): number {
    return this.#store.unfinished;
  }

  get maxSize(): number {
    return this.#store.most;
  }
  /** May be changed at any time: when there are more items already, `put` waits until enough have been taken. */
  set maxSize(maxSize: number) {
    this.#store.setMost(limit(maxSize));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      let item: T;
      try {
        item = await this.get();
      } catch (error) {
        if (error instanceof QueueShutDown) return;
        throw error;
      }
      yield item;
    }
  }

  [inspect.custom](): string {
    return `<${this.constructor.name}: ${this.size}${this.maxSize > 0 ? ` of ${this.maxSize}` : ''}${this.isShutDown ? ', shut down' : ''}>`;
  }
}
registerFace('queue', (place) => new Queue(place), import.meta.url);

/** A queue from which the last item in comes out first. */
export class LifoQueue<T = unknown> extends Queue<T> {
  constructor(options: QueueOptions | Place = {}, heap?: Heap) {
    super(options, heap, 'lifo-queue', LIFO);
  }
}
registerFace('lifo-queue', (place) => new LifoQueue(place), import.meta.url);

function limit(maxSize: number): number {
  if (typeof maxSize !== 'number' || Number.isNaN(maxSize)) throw new TypeError(`maxSize must be a number: got ${String(maxSize)}`);
  return maxSize === Infinity ? 0 : Math.ceil(maxSize);
}

const full = (store: Store): QueueFull => new QueueFull(`the queue is full: it holds ${store.count} items, and may hold ${store.most}`);
const empty = (): QueueEmpty => new QueueEmpty('the queue is empty');
