import { checkOptions } from '../base/check-options.ts';
import { inspect } from 'node:util';
import { ambient } from '../base/ambient.ts';
import { asked, type Deadline, deadlineAfter, deadlineOf, type Wait } from '../base/deadline.ts';
import { OutOfRangeError } from '../base/errors.ts';
import { positiveInteger } from '../base/positive-integer.ts';
import { MustAwait } from '../message/index.ts';
import { block, suspend } from '../sync/waiting.ts';
import { Face, Place, registerFace } from '../threading/face.ts';
import type { Heap } from '../word/heap.ts';
import { QueueEmpty, QueueFull, QueueShutDown } from './errors.ts';
import { copyItem, discard, hand, isMessage, type Items, pack, roomFor, unpack, unpackSoon } from './cells.ts';
import { FIFO, LIFO, type Order } from './order.ts';
import { type Load, Store, STORE_BYTES } from './store.ts';

/** How a queue is made. */
export interface QueueOptions {
  /** How many items there may be; without a limit when 0, negative or left out. */
  readonly maxSize?: number | undefined;
}

/** How a queue is shut down. */
export interface ShutdownOptions {
  /** Drops what is in the queue, as if it were done. Otherwise it can still be got. */
  readonly immediate?: boolean | undefined;
}

function checkCount(count: number): void {
  if (count !== Infinity) positiveInteger(count, 'count');
}

/**
 * A queue of anything that can be sent, between any number of threads: Python's `queue.Queue`, first in, first out.
 *
 * An item is copied when it is put; shared things arrive as themselves. What waits takes a time-out and a signal, and has a
 * blocking twin; each may be called from any thread. `for await (const item of queue)` goes on until the queue is shut down.
 */
export class Queue<T = unknown> extends Face {
  readonly #store: Store;
  readonly #sorts: boolean;

  constructor(options: QueueOptions | Place = {}, heap?: Heap, kind = 'queue', order: Order = FIFO) {
    const isNew = !(options instanceof Place);
    if (isNew) checkOptions(options, 'a queue', '{ maxSize: 5 }');
    if ('maxsize' in options) throw new TypeError('a queue does not know maxsize: here it is called maxSize');
    const place = isNew ? Place.allocate(STORE_BYTES, heap) : options;
    super(kind, place);
    this.#store = new Store(place.heap, place.offset, order);
    this.#sorts = order.sorts;
    if (isNew) this.#store.prepare(limit(options.maxSize ?? 0));
  }

  /** The key that the item is sorted by, where that matters. */
  protected keyOf(_item: T): number {
    return 0;
  }
  /** Throws when this face may not be used for that any more. */
  protected check(_act: 'put into' | 'get from'): void {}

  #pack(value: T, items: Items, at: number): void {
    pack(this.place.heap, value, this.#sorts ? this.keyOf(value) : null, items, at);
  }
  #unpack(items: Items): T {
    // To read it may run code of the program, which may put or get another one by the same hand.
    const { i32 } = items;
    const words = [i32[0]!, i32[1]!, i32[2]!, i32[3]!];
    try {
      return unpack(this.place.heap, items, 0) as T;
    } catch (error) {
      const one = roomFor(1);
      one.i32.set(words);
      if (error instanceof MustAwait) this.#store.putBack(one, 0, 1);
      else discard(this.place.heap, one, 0);
      throw error;
    }
  }

  #unpackSoon(items: Items): T | Promise<T> {
    if (!isMessage(items, 0)) return this.#unpack(items);
    const found = unpackSoon(this.place.heap, items, 0);
    return found instanceof Promise ? found.then(({ value }) => value as T) : (found.value as T);
  }

  /** Puts an item in, waiting for room. Rejects with `QueueFull` when time was up, with `QueueShutDown`, and with `SendError`. */
  async put(value: T, wait?: Wait): Promise<void> {
    this.check('put into');
    const deadline = deadlineOf(wait);
    this.#pack(value, hand, 0);
    if (wait?.signal === undefined && isUnscoped() && this.#putHand()) return;
    await this.#deliver(copyOf(hand, 0, 1), deadline, wait?.signal);
  }

  /** The blocking twin of `put`. */
  putSync(value: T, wait?: Wait): void {
    this.check('put into');
    wait?.signal?.throwIfAborted();
    const deadline = deadlineOf(wait);
    this.#pack(value, hand, 0);
    if (!this.#putHand()) this.#deliverSync(copyOf(hand, 0, 1), deadline);
  }

  /** Puts an item in, or throws `QueueFull` at once. */
  putNoWait(value: T): void {
    this.check('put into');
    this.#pack(value, hand, 0);
    if (this.#putHand()) return;
    discard(this.place.heap, hand, 0);
    throw full(this.#store);
  }

  /** Takes the next item, waiting for one. Rejects with `QueueEmpty` when time was up, and with `QueueShutDown`. */
  async get(wait?: Wait): Promise<T> {
    this.check('get from');
    const deadline = deadlineOf(wait);
    if (wait?.signal === undefined && isUnscoped() && this.#store.get(hand, 0, 1) === 1) return this.#unpackSoon(hand);
    const items = roomFor(1);
    if ((await suspend(this.#store.getting(items, 0, 1), deadline, wait?.signal)) === null) throw empty();
    return this.#unpackSoon(items);
  }

  /**
   * The blocking twin of `get`. An item with a function of a module that has to be awaited, for it uses top-level await, is left in the
   * queue: `MustAwait` is thrown.
   */
  getSync(wait?: Wait): T {
    this.check('get from');
    wait?.signal?.throwIfAborted();
    const deadline = deadlineOf(wait);
    if (this.#store.get(hand, 0, 1) === 1) return this.#unpack(hand);
    const items = roomFor(1);
    if (block(this.#store.getting(items, 0, 1), deadline) === null) throw empty();
    return this.#unpack(items);
  }

  /** Takes the next item, or throws `QueueEmpty` at once. */
  getNoWait(): T {
    this.check('get from');
    if (this.#store.get(hand, 0, 1) === 0) throw empty();
    return this.#unpack(hand);
  }

  /**
   * Puts several items in, one after the other, many at a time: several times as fast as one by one. The time-out is that of each
   * wait for room. What came before an item that can't be sent, or before the end of the wait, is in the queue.
   */
  async putMany(values: Iterable<T>, wait?: Wait): Promise<void> {
    const { timeout, signal } = asked(wait);
    this.check('put into');
    for (const load of this.#loads(values)) await this.#deliver(load, deadlineAfter(timeout), signal);
  }
  /** The blocking twin of `putMany`. */
  putManySync(values: Iterable<T>, wait?: Wait): void {
    const { timeout, signal } = asked(wait);
    this.check('put into');
    signal?.throwIfAborted();
    for (const load of this.#loads(values)) this.#deliverSync(load, deadlineAfter(timeout));
  }

  /** Waits for one item, and takes as many as there are, `count` at most. */
  async getMany(count: number, wait?: Wait): Promise<T[]> {
    checkCount(count);
    const { timeout, signal } = asked(wait);
    this.check('get from');
    const deadline = deadlineAfter(timeout);
    for (;;) {
      const items = takeRoom();
      try {
        const got = await suspend(this.#store.getting(items, 0, Math.min(count, ROOM)), deadline, signal);
        if (got === null) throw empty();
        return this.#several(items, got, count);
      } catch (error) {
        if (!(error instanceof MustAwait)) throw error;
        await error.load();
      } finally {
        idleRoom = items;
      }
    }
  }
  /** The blocking twin of `getMany`. `MustAwait` as `getSync`. */
  getManySync(count: number, wait?: Wait): T[] {
    checkCount(count);
    const { timeout, signal } = asked(wait);
    this.check('get from');
    signal?.throwIfAborted();
    const deadline = deadlineAfter(timeout);
    const items = takeRoom();
    try {
      const first = Math.min(count, ROOM);
      const got = this.#store.get(items, 0, first) || block(this.#store.getting(items, 0, first), deadline);
      if (got === null) throw empty();
      return this.#several(items, got, count);
    } finally {
      idleRoom = items;
    }
  }

  /** Puts in the item in hand, if there is room. */
  #putHand(): boolean {
    try {
      return this.#store.put(hand, 0, 1) === 1;
    } catch (error) {
      discard(this.place.heap, hand, 0);
      throw error;
    }
  }

  /** Puts all in, or throws; what did not get in is freed. */
  async #deliver(load: Load, deadline: Deadline, signal: AbortSignal | undefined): Promise<void> {
    try {
      if (!(await suspend(this.#store.putting(load), deadline, signal))) throw full(this.#store);
    } finally {
      this.#drop(load);
    }
  }
  #deliverSync(load: Load, deadline: Deadline): void {
    try {
      if (!block(this.#store.putting(load), deadline)) throw full(this.#store);
    } finally {
      this.#drop(load);
    }
  }
  #drop({ items, next, end }: Load): void {
    for (let i = next; i < end; i++) discard(this.place.heap, items, i);
  }

  /** The values as items, a roomful at a time. */
  *#loads(values: Iterable<T>): Generator<Load, void, void> {
    const items = takeRoom();
    let count = 0;
    try {
      for (const value of values) {
        try {
          this.#pack(value, items, count);
        } catch (error) {
          if (count > 0) yield { items, next: 0, end: count };
          throw error;
        }
        if (++count < ROOM) continue;
        yield { items, next: 0, end: count };
        count = 0;
      }
      if (count > 0) yield { items, next: 0, end: count };
    } finally {
      idleRoom = items;
    }
  }

  /** The values of items that were got, and of more if there are. */
  #several(items: Items, got: number, count: number): T[] {
    const values: T[] = [];
    for (let now = got; now > 0; now = this.#more(items, count - values.length)) {
      for (let i = 0; i < now; i++) {
        try {
          values.push(unpack(this.place.heap, items, i) as T);
        } catch (error) {
          // Whoever comes next finds what is behind it, and is told of it if it is not the first here.
          const keeps = values.length > 0 || error instanceof MustAwait;
          if (!keeps) discard(this.place.heap, items, i);
          this.#store.putBack(items, keeps ? i : i + 1, now);
          if (values.length > 0) return values;
          throw error;
        }
      }
    }
    return values;
  }

  #more(items: Items, count: number): number {
    if (count <= 0 || this.#store.count === 0) return 0;
    try {
      return this.#store.get(items, 0, Math.min(count, ROOM));
    } catch (error) {
      if (error instanceof QueueShutDown) return 0;
      throw error;
    }
  }

  /** Says that an item that was got is done with. `RangeError` when more would be done than were put. */
  taskDone(): void {
    if (!this.#store.taskDone()) throw new OutOfRangeError('ERR_TASK_DONE', 'taskDone() was called more often than items were put');
  }

  /** Waits until everything that was put is done with: true; false when time was up. */
  async join(wait?: Wait): Promise<boolean> {
    const { timeout, signal } = asked(wait);
    return suspend(this.#store.finishing(), deadlineAfter(timeout), signal);
  }
  /** The blocking twin of `join`: true; false when time was up. */
  joinSync(wait?: Wait): boolean {
    const { timeout, signal } = asked(wait);
    signal?.throwIfAborted();
    return block(this.#store.finishing(), deadlineAfter(timeout));
  }

  /** Ends the queue: nothing more goes in; those who wait to put get `QueueShutDown`, and those who wait to get once it is empty. */
  shutdown({ immediate = false }: ShutdownOptions = {}): void {
    this.#store.shutDown(immediate);
  }

  /** Whether `shutdown` was called, by any thread. What was put before can still be got, unless it was `immediate`. */
  get isShutDown(): boolean {
    return this.#store.isShutDown;
  }

  /** How many items there are. Others may put and get before you use it. */
  get size(): number {
    return this.#store.count;
  }
  /** Whether there is no item, at this moment: another thread may put one right after. Never blocks. */
  get isEmpty(): boolean {
    return this.size === 0;
  }
  /** Whether a `put` would have to wait, at this moment; never for a queue without a limit. Never blocks. */
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

/** How many items are packed, put or got at once. */
const ROOM = 256;
let idleRoom: Items | null = null;

function takeRoom(): Items {
  const room = idleRoom ?? roomFor(ROOM);
  idleRoom = null;
  return room;
}

function copyOf(items: Items, from: number, to: number): Load {
  const copy = roomFor(to - from);
  for (let i = from; i < to; i++) copyItem(items, i, copy, i - from);
  return { items: copy, next: 0, end: to - from };
}

/** Whether nothing around the caller could break its wait off, or wants it to end before it begins. */
const isUnscoped = (): boolean => ambient.scope === null || ambient.scope() === null;

function limit(maxSize: number): number {
  if (typeof maxSize !== 'number' || Number.isNaN(maxSize)) throw new TypeError(`maxSize must be a number: got ${String(maxSize)}`);
  return maxSize === Infinity ? 0 : Math.ceil(maxSize);
}

const full = (store: Store): QueueFull => new QueueFull(`the queue is full: it holds ${store.count} items, and may hold ${store.most}`);
const empty = (): QueueEmpty => new QueueEmpty('the queue is empty');
