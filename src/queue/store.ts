import { LENIENT, flagLock } from '../sync/lock-block.ts';
import * as mutex from '../sync/mutex.ts';
import { block as blockOn, type Waiting } from '../sync/waiting.ts';
import type { Heap } from '../word/heap.ts';
import type { FutexWord } from '../word/word.ts';
import { QueueEmpty, QueueFull, QueueShutDown } from './errors.ts';
import { dropItem, type Item, ITEM_BYTES, readItem, writeItem } from './item.ts';

/*
 * What all queues are in shared memory: a lock, and under it a ring of items that grows.
 *
 *   0    the lock (see lock-block.ts)
 *   16   items: a bell, rung when something can be got, or never again
 *   20   spaces: a bell, rung when there is room, or never again
 *   24   done: a bell, rung when nothing is unfinished
 *   28   getters, 32 putters: how many wait, or have died waiting
 *   36   count, 40 first: the items, from `first` on in the ring
 *   44   the block of the ring
 *   48   the greatest size; 0 or less: none
 *   52   unfinished: put, and not yet marked as done
 *   56   OPEN, SHUT (what is there can be got), or STOPPED
 *
 * Every change is made under the lock, and becomes true with one store: of `count`, of `first`, or of the ring's block. So a
 * thread that dies in the middle has done it, or not done it.
 */
export const STORE_BYTES = 64;
const ITEMS = 16;
const SPACES = 20;
const DONE = 24;
const GETTERS = 28;
const PUTTERS = 32;
const COUNT = 36;
const FIRST = 40;
const RING = 44;
const MOST = 48;
const UNFINISHED = 52;
const SHUTDOWN = 56;
const OPEN = 0;
const SHUT = 1;
const STOPPED = 2;
const FIRST_CAPACITY = 16;

/** Which item comes out next: the order of a queue. All are called under the lock. */
export interface Order {
  /** Puts the item in; the ring has room for it. */
  put(store: Store, item: Item): void;
  /** Takes out the next item; there is one. */
  get(store: Store): Item;
}

export class Store {
  readonly heap: Heap;
  readonly #at: number;
  readonly #lock: FutexWord;
  readonly #items: FutexWord;
  readonly #spaces: FutexWord;
  readonly #done: FutexWord;
  readonly #order: Order;

  constructor(heap: Heap, at: number, order: Order) {
    this.heap = heap;
    this.#at = at;
    this.#order = order;
    this.#lock = heap.word(at);
    this.#items = heap.word(at + ITEMS);
    this.#spaces = heap.word(at + SPACES);
    this.#done = heap.word(at + DONE);
  }

  prepare(most: number): void {
    flagLock(this.#at, LENIENT, this.heap);
    this.#set(RING, this.heap.allocate(FIRST_CAPACITY * ITEM_BYTES) / 16);
    this.#set(MOST, most);
  }

  #get(field: number): number {
    return Atomics.load(this.heap.i32, (this.#at + field) / 4);
  }
  #set(field: number, value: number): void {
    Atomics.store(this.heap.i32, (this.#at + field) / 4, value);
  }

  get count(): number {
    return this.#get(COUNT);
  }
  set count(count: number) {
    this.#set(COUNT, count);
  }
  get first(): number {
    return this.#get(FIRST);
  }
  set first(first: number) {
    this.#set(FIRST, first);
  }
  get most(): number {
    return this.#get(MOST);
  }
  get unfinished(): number {
    return this.#get(UNFINISHED);
  }
  get isShutDown(): boolean {
    return this.#get(SHUTDOWN) !== OPEN;
  }

  /** Byte offset of the place of item `index`, counted from `first`. */
  place(index: number): number {
    const ring = (this.#get(RING) >>> 0) * 16;
    this.heap.reach(ring);
    const capacity = this.heap.sizeOf(ring) / ITEM_BYTES;
    return ring + ((this.first + index) % capacity) * ITEM_BYTES;
  }
  read(index: number): Item {
    return readItem(this.heap, this.place(index));
  }
  write(index: number, item: Item): void {
    writeItem(this.heap, this.place(index), item);
  }

  /** Makes room for one more. */
  reserve(): void {
    const { heap, count } = this;
    const old = (this.#get(RING) >>> 0) * 16;
    heap.reach(old);
    heap.reach(old + heap.sizeOf(old) - 1);
    if ((count + 1) * ITEM_BYTES <= heap.sizeOf(old)) return;
    const ring = heap.allocate(heap.sizeOf(old) * 2);
    for (let i = 0; i < count; i++) writeItem(heap, ring + i * ITEM_BYTES, this.read(i));
    this.first = 0;
    this.#set(RING, ring / 16);
    heap.release(old);
  }

  #locked<T>(act: () => T): T {
    if (!mutex.tryAcquire(this.#lock)) blockOn(mutex.acquire(this.#lock, undefined, true));
    try {
      return act();
    } finally {
      mutex.release(this.#lock);
    }
  }

  // The lock is held for some hundred nanoseconds: even a task that awaits its turn takes it at once.

  /** Puts the item in, if there is room. Throws `QueueShutDown`. */
  tryPut(item: Item): boolean {
    return this.#locked(() => {
      if (this.#get(SHUTDOWN) !== OPEN) throw new QueueShutDown('cannot put: the queue is shut down');
      const { most } = this;
      if (most > 0 && this.count >= most) return false;
      this.reserve();
      this.#order.put(this, item);
      this.#set(UNFINISHED, this.unfinished + 1);
      this.#ring(this.#items, GETTERS, 1);
      return true;
    });
  }

  /** Takes the next item out; `null` when there is none. Throws `QueueShutDown`. */
  tryGet(): Item | null {
    return this.#locked(() => {
      if (this.count > 0) {
        const item = this.#order.get(this);
        this.#ring(this.#spaces, PUTTERS, 1);
        return item;
      }
      if (this.#get(SHUTDOWN) !== OPEN) throw new QueueShutDown('cannot get: the queue is shut down, and empty');
      return null;
    });
  }

  *put(item: Item): Waiting<boolean> {
    return (yield* this.#until(this.#spaces, PUTTERS, () => this.tryPut(item) || null)) !== null;
  }
  *get(): Waiting<Item | null> {
    return yield* this.#until(this.#items, GETTERS, () => this.tryGet());
  }

  *#until<T>(bell: FutexWord, waiting: number, attempt: () => T | null): Waiting<T | null> {
    const word = this.heap.word(this.#at + waiting);
    word.add(1);
    try {
      for (;;) {
        const expected = bell.load();
        const result = attempt();
        if (result !== null) return result;
        const reason = yield { word: bell, expected };
        if (reason === 'timed-out' || reason === 'cancelled') return attempt();
      }
    } finally {
      word.add(-1);
    }
  }

  #ring(bell: FutexWord, waiting: number, count: number): void {
    if (this.#get(waiting) === 0) return;
    bell.add(1);
    bell.wake(count);
  }

  /** Marks `count` items as done. False when more would be done than were put. */
  taskDone(count = 1): boolean {
    return this.#locked(() => {
      const left = this.unfinished - count;
      if (left < 0) return false;
      this.#set(UNFINISHED, left);
      if (left === 0) {
        this.#done.add(1);
        this.#done.wake(0x7fff_ffff);
      }
      return true;
    });
  }

  *allDone(): Waiting<boolean> {
    for (;;) {
      const expected = this.#done.load();
      if (this.unfinished === 0) return true;
      const reason = yield { word: this.#done, expected };
      if (reason === 'timed-out' || reason === 'cancelled') return this.unfinished === 0;
    }
  }

  setMost(most: number): void {
    this.#set(MOST, most);
    this.#ring(this.#spaces, PUTTERS, 0x7fff_ffff);
  }

  shutDown(immediate: boolean): void {
    const dropped = this.#locked(() => {
      this.#set(SHUTDOWN, immediate ? STOPPED : Math.max(SHUT, this.#get(SHUTDOWN)));
      const items: Item[] = [];
      if (immediate) while (this.count > 0) items.push(this.#order.get(this));
      return items;
    });
    for (const item of dropped) dropItem(this.heap, item);
    if (dropped.length > 0) this.taskDone(dropped.length);
    for (const bell of [this.#items, this.#spaces]) {
      bell.add(1);
      bell.wake(0x7fff_ffff);
    }
  }
}

/** First in, first out. */
export const FIFO: Order = {
  put(store, item) {
    store.write(store.count, item);
    store.count++;
  },
  get(store) {
    const item = store.read(0);
    store.first = store.first + 1;
    store.count--;
    return item;
  },
};

/** Last in, first out. */
export const LIFO: Order = {
  put: FIFO.put,
  get(store) {
    const item = store.read(store.count - 1);
    store.count--;
    return item;
  },
};

export { QueueEmpty, QueueFull, QueueShutDown };
