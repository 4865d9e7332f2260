import { LENIENT, flagLock } from '../sync/lock-block.ts';
import * as mutex from '../sync/mutex.ts';
import { block as blockOn, type Waiting } from '../sync/waiting.ts';
import { type Heap, registerContents } from '../word/heap.ts';
import type { FutexWord } from '../word/word.ts';
import { QueueShutDown } from './errors.ts';
import { copyItem, copyItems, discard, hand, type Items, roomFor } from './cells.ts';
import { ITEM_BYTES } from './item.ts';
import { tellOfLostItems } from './lost-items.ts';
import { type Order, orders } from './order.ts';

/*
 * What all queues are in shared memory: a lock, and under it a ring of items that grows.
 *
 *   0    the lock (see lock-block.ts)
 *   16   items, 20 spaces, 24 done: bells, rung when something can be got, when there is room, when all is done
 *   28   getters, 32 putters, 36 joiners: how many wait for each bell, at most
 *   40   put, 44 got, 48 finished: how many items have ever been put, got, and marked as done; they wrap
 *   52   the block of the ring / 16
 *   56   the greatest size; 0 or less: none
 *   60   OPEN, SHUT (what is there can be got), or STOPPED
 *   64   journal: what a sorting queue is in the midst of, and 68 the count before it (see priority-queue.ts)
 *   72   the number of its order
 *   76   aim: how many items will have been put when the put that was begun last is done
 *   80   the item that it moves
 *
 * Every change is made under the lock, and becomes true with one store: of `put`, of `got`, of `finished`, or of the ring's
 * block. So a thread that dies in the middle has done it, or not done it. Only sorting takes more; it keeps a journal. Who takes over the
 * lock of a dead thread sees by `aim` whether it was putting: what lies half written behind the last item is written over, and told as lost.
 *
 * Who finds nothing announces itself and reads the bell, under the lock, and sleeps while the bell has not been rung. Who
 * brings something takes as many announcements off as it brings items, rings the bell, and wakes as many once the lock is free:
 * nobody is woken twice for one item. An announcement too many, of a waiter that has died or given up, costs a needless wake.
 * A wake that got lost with its sender is noticed at the end of the sleeper's slice.
 */
export const STORE_BYTES = 96;
const ITEMS = 16;
const SPACES = 20;
const DONE = 24;
/** From a bell to the count of those who wait for it. */
const TO_WAITERS = 12;
const PUT = 40;
const GOT = 44;
const FINISHED = 48;
const RING = 52;
const MOST = 56;
const SHUTDOWN = 60;
const JOURNAL = 64;
const COUNT_BEFORE = 68;
const ORDER = 72;
const AIM = 76;
const MOVED = 80;

const OPEN = 0;
const SHUT = 1;
const STOPPED = 2;
const FIRST_CAPACITY = 16;
const ALL = 0x7fff_ffff;
const WAITERS_MAX = 1 << 20;
/** How often to look at the lock before going to sleep: it is held for less than a microsecond. */
const LOOKS = 20;
/** Fewer items are copied one by one. */
const FEW = 12;

/** Items to be put, and how far that has come. */
export interface Load {
  readonly items: Items;
  next: number;
  readonly end: number;
}

export class Store {
  readonly heap: Heap;
  readonly #order: Order;
  /** Where the store begins, in words. */
  readonly #at: number;
  readonly #lock: FutexWord;
  /** The ring as this thread has last seen it: where it begins, in items, and its capacity less one. */
  #ring = 0;
  #mask = 0;
  /** How many are to be woken when the lock is free. */
  #getters = 0;
  #putters = 0;

  constructor(heap: Heap, at: number, order: Order) {
    this.heap = heap;
    this.#at = at / 4;
    this.#order = order;
    heap.reach(at + STORE_BYTES);
    this.#lock = heap.word(at);
  }

  prepare(most: number): void {
    flagLock(this.#at * 4, LENIENT, this.heap);
    this.#set(RING, this.heap.allocateAnyhow(FIRST_CAPACITY * ITEM_BYTES) / 16);
    this.#set(MOST, most);
    this.#set(ORDER, this.#order.number);
    this.heap.setContents(this.#at * 4, 'queue');
  }

  /** The queue is freed, for nobody can reach it any more: so is what is in it. */
  freeContents(): void {
    this.#open(0);
    this.#order.repair?.(this);
    const first = this.#order.first(this);
    for (let i = 0; i < this.here; i++) discard(this.heap, this.heap, this.place(first + i));
    this.heap.release(this.#ring * ITEM_BYTES);
  }

  #get(field: number): number {
    return Atomics.load(this.heap.i32, this.#at + field / 4);
  }
  #set(field: number, value: number): void {
    Atomics.store(this.heap.i32, this.#at + field / 4, value);
  }

  // What anybody may ask at any time.

  get count(): number {
    for (;;) {
      const got = this.#get(GOT);
      const count = (this.#get(PUT) - got) | 0;
      if (this.#get(GOT) === got) return count;
    }
  }
  get most(): number {
    return this.#get(MOST);
  }
  get unfinished(): number {
    return (this.#get(PUT) - this.#get(FINISHED)) | 0;
  }
  get isShutDown(): boolean {
    return this.#get(SHUTDOWN) !== OPEN;
  }

  // What an order uses, under the lock. The words are read plainly: nobody else writes them.

  #plain(field: number): number {
    return this.heap.i32[this.#at + field / 4]!;
  }
  #put(field: number, value: number): void {
    this.heap.i32[this.#at + field / 4] = value;
  }

  get itemsPut(): number {
    return this.#plain(PUT);
  }
  set itemsPut(count: number) {
    this.#put(PUT, count);
  }
  get itemsGot(): number {
    return this.#plain(GOT);
  }
  set itemsGot(count: number) {
    this.#put(GOT, count);
  }
  get itemsFinished(): number {
    return this.#plain(FINISHED);
  }
  set itemsFinished(count: number) {
    this.#put(FINISHED, count);
  }
  /** How many items are here. */
  get here(): number {
    return (this.#plain(PUT) - this.#plain(GOT)) | 0;
  }
  get journal(): number {
    return this.#plain(JOURNAL);
  }
  set journal(entry: number) {
    this.#put(JOURNAL, entry);
  }
  get countBefore(): number {
    return this.#plain(COUNT_BEFORE);
  }
  set countBefore(count: number) {
    this.#put(COUNT_BEFORE, count);
  }
  /** Where in the heap the item lies that is just being moved, counted in items. */
  get moved(): number {
    return (this.#at * 4 + MOVED) / ITEM_BYTES;
  }
  /** Where in the heap the ring's item `index` lies, counted in items. */
  place(index: number): number {
    return this.#ring + (index & this.#mask);
  }
  /** Writes `count` items from the ring's item `index` on. */
  write(index: number, items: Items, at: number, count: number): void {
    if (count < FEW) {
      for (let i = 0; i < count; i++) copyItem(items, at + i, this.heap, this.place(index + i));
      return;
    }
    const start = index & this.#mask;
    const before = Math.min(count, this.#mask + 1 - start);
    copyItems(items, at, this.heap, this.#ring + start, before);
    copyItems(items, at + before, this.heap, this.#ring, count - before);
  }
  read(index: number, items: Items, at: number, count: number): void {
    if (count < FEW) {
      for (let i = 0; i < count; i++) copyItem(this.heap, this.place(index + i), items, at + i);
      return;
    }
    const start = index & this.#mask;
    const before = Math.min(count, this.#mask + 1 - start);
    copyItems(this.heap, this.#ring + start, items, at, before);
    copyItems(this.heap, this.#ring, items, at + before, count - before);
  }

  /** Sees to it that this thread knows the ring, and that it has room for so many more. */
  #open(more: number): void {
    const ring = this.#plain(RING) >>> 0;
    if (ring !== this.#ring) this.#know(ring);
    if (more > 0 && this.here + more > this.#mask + 1) this.#grow(this.here + more);
  }

  #know(ring: number): void {
    const { heap } = this;
    heap.reach(ring * 16);
    const size = heap.sizeOf(ring * 16);
    heap.reach(ring * 16 + size - 1);
    this.#ring = ring;
    this.#mask = size / ITEM_BYTES - 1;
  }

  #grow(needed: number): void {
    const { heap } = this;
    const [old, oldMask] = [this.#ring, this.#mask];
    let capacity = oldMask + 1;
    while (capacity < needed) capacity *= 2;
    this.#know(this.#newRing(capacity));
    const first = this.#order.first(this);
    for (let i = 0; i < this.here; i++) copyItem(heap, old + ((first + i) & oldMask), heap, this.place(first + i));
    this.#put(RING, this.#ring | 0);
    heap.release(old * 16);
  }

  /** A block for a ring, by its number / 16. When there is no memory, nothing is put. */
  #newRing(capacity: number): number {
    try {
      return this.heap.allocateAnyhow(capacity * ITEM_BYTES) / 16;
    } catch (error) {
      this.#put(AIM, this.#plain(PUT));
      throw error;
    }
  }

  // The lock. It is held so briefly that even a task that awaits its turn takes it at once.

  #enter(): void {
    const { heap } = this;
    if (Atomics.compareExchange(heap.i32, this.#at, 0, heap.self.id) !== 0) this.#enterLate();
  }

  #enterLate(): void {
    const { i32, self } = this.heap;
    for (let i = 0; i < LOOKS; i++)
      if (Atomics.load(i32, this.#at) === 0 && Atomics.compareExchange(i32, this.#at, 0, self.id) === 0) return;
    if (blockOn(mutex.acquire(this.#lock, undefined, true)) === 'abandoned') this.#recover(mutex.predecessor.id);
  }

  /** Under the lock, which `dead` held: what it had begun is done, or is as if it had not been. */
  #recover(dead: number): void {
    this.#open(0);
    this.#order.repair?.(this);
    const lost = (this.#plain(AIM) - this.#plain(PUT)) | 0;
    if (lost <= 0) return;
    this.#put(AIM, this.#plain(PUT));
    tellOfLostItems(lost, dead, this.heap);
  }

  #leave(): void {
    if ((Atomics.exchange(this.heap.i32, this.#at, 0) & mutex.CONTENDED) !== 0) this.#lock.wake(1);
    if ((this.#getters | this.#putters) !== 0) this.#wakeDue();
  }

  #wakeDue(): void {
    const [getters, putters] = [this.#getters, this.#putters];
    this.#getters = this.#putters = 0;
    if (getters > 0) this.#word(ITEMS).wake(getters);
    if (putters > 0) this.#word(SPACES).wake(putters);
  }

  #word(field: number): FutexWord {
    return this.heap.word(this.#at * 4 + field);
  }

  /** Takes announcements off, `count` at most, and rings the bell; says how many have to be woken. */
  #ringBell(bell: number, count: number): number {
    const waiting = this.#plain(bell + TO_WAITERS);
    if (waiting === 0) return 0;
    const woken = Math.min(waiting, count);
    this.#put(bell + TO_WAITERS, waiting - woken);
    this.#set(bell, (this.#plain(bell) + 1) | 0);
    return woken;
  }

  #putHere(items: Items, from: number, count: number): number {
    if (this.#plain(SHUTDOWN) !== OPEN) throw new QueueShutDown('cannot put: the queue is shut down');
    const most = this.#plain(MOST);
    const room = most > 0 ? Math.min(count, most - this.here) : count;
    if (room <= 0) return 0;
    this.#put(AIM, (this.#plain(PUT) + room) | 0);
    this.#open(room);
    this.#order.put(this, items, from, room);
    this.#getters = this.#ringBell(ITEMS, room);
    return room;
  }

  #getHere(items: Items, from: number, count: number): number {
    const got = Math.min(count, this.here);
    if (got <= 0) {
      if (this.#plain(SHUTDOWN) !== OPEN) throw new QueueShutDown('cannot get: the queue is shut down, and empty');
      return 0;
    }
    this.#open(0);
    this.#order.get(this, items, from, got);
    this.#putters = this.#ringBell(SPACES, got);
    return got;
  }

  /** Puts items in, as many as there is room for; says how many. Throws `QueueShutDown`. */
  put(items: Items, from: number, count: number): number {
    this.#enter();
    try {
      return this.#putHere(items, from, count);
    } finally {
      this.#leave();
    }
  }

  /** Takes items out, as many as there are; says how many. Throws `QueueShutDown` when there are none, and never will be. */
  get(items: Items, from: number, count: number): number {
    this.#enter();
    try {
      return this.#getHere(items, from, count);
    } finally {
      this.#leave();
    }
  }

  /** Puts items back that were got, the first of which comes out next again. A queue that has been stopped meanwhile drops them, as done. */
  putBack(items: Items, from: number, to: number): void {
    let isStopped = false;
    this.#enter();
    try {
      isStopped = this.#plain(SHUTDOWN) === STOPPED;
      if (!isStopped) {
        this.#open(to - from);
        this.#order.putBack(this, items, from, to);
        this.#getters = this.#ringBell(ITEMS, to - from);
      }
    } finally {
      this.#leave();
    }
    if (!isStopped || to === from) return;
    for (let i = from; i < to; i++) discard(this.heap, items, i);
    this.taskDone(to - from);
  }

  /** Puts the whole load in, waiting for room; false when the wait was broken off before that. */
  *putting(load: Load): Waiting<boolean> {
    while (load.next < load.end) {
      const put = yield* this.#until(SPACES, () => this.#putHere(load.items, load.next, load.end - load.next));
      if (put === 0) return false;
      load.next += put;
    }
    return true;
  }

  /** Waits until there are items, and takes as many as there are; `null` when the wait was broken off. */
  *getting(items: Items, from: number, count: number): Waiting<number | null> {
    return (yield* this.#until(ITEMS, () => this.#getHere(items, from, count))) || null;
  }

  /** Waits until everything that was put is done. */
  *finishing(): Waiting<boolean> {
    return (yield* this.#until(DONE, () => (this.unfinished === 0 ? 1 : 0))) === 1;
  }

  /** Attempts under the lock until it gives more than 0; sleeps on the bell in between. 0 when the wait was broken off. */
  *#until(bell: number, attempt: () => number): Waiting<number> {
    for (let isOver = false; ;) {
      let expected = 0;
      let result = 0;
      this.#enter();
      try {
        result = attempt();
        if (result === 0 && !isOver) {
          this.#put(bell + TO_WAITERS, Math.min(WAITERS_MAX, this.#plain(bell + TO_WAITERS) + 1));
          expected = this.#plain(bell);
        }
      } finally {
        this.#leave();
      }
      if (result !== 0 || isOver) return result;
      const reason = yield { word: this.#word(bell), expected };
      isOver = reason === 'timed-out' || reason === 'cancelled';
    }
  }

  /** Marks `count` items as done. False when more would be done than were put. */
  taskDone(count = 1): boolean {
    let joiners = 0;
    this.#enter();
    try {
      const left = this.unfinished - count;
      if (left < 0) return false;
      this.#set(FINISHED, (this.#plain(FINISHED) + count) | 0);
      if (left === 0) joiners = this.#ringBell(DONE, ALL);
    } finally {
      this.#leave();
    }
    if (joiners > 0) this.#word(DONE).wake(joiners);
    return true;
  }

  setMost(most: number): void {
    this.#enter();
    this.#set(MOST, most);
    this.#putters = this.#ringBell(SPACES, ALL);
    this.#leave();
  }

  shutDown(immediate: boolean): void {
    this.#enter();
    let dropped = 0;
    let room = hand;
    try {
      this.#set(SHUTDOWN, immediate ? STOPPED : Math.max(SHUT, this.#plain(SHUTDOWN)));
      if (immediate && this.here > 0) {
        room = roomFor(this.here);
        dropped = this.#getHere(room, 0, this.here);
      }
      this.#getters = this.#ringBell(ITEMS, ALL);
      this.#putters = Math.max(this.#putters, this.#ringBell(SPACES, ALL));
    } finally {
      this.#leave();
    }
    for (let i = 0; i < dropped; i++) discard(this.heap, room, i);
    if (dropped > 0) this.taskDone(dropped);
  }
}

registerContents('queue', (heap, block) => {
  const order = orders[heap.i32[(block + ORDER) / 4]!];
  if (order !== undefined) new Store(heap, block, order).freeContents();
});
