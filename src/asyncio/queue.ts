import type { Wait } from '../base/deadline.ts';
import { Deque } from '../base/deque.ts';
import { OutOfRangeError } from '../base/errors.ts';
import { BinaryHeap } from '../base/heap.ts';
import { QueueEmpty, QueueFull, QueueShutDown } from '../queue/errors.ts';
import { compareValues } from '../queue/priority-queue.ts';
import type { QueueOptions, ShutdownOptions } from '../queue/queue.ts';
import { currentScope } from './current.ts';
import { checkNames } from './other-names.ts';
import { granted } from './scope.ts';
import { checkWait, waitIn } from './wait-in.ts';
import { cutOff, fail, refusal, wake, WaiterList } from './waiter.ts';

/** Where the items lie, and which comes out next. */
interface Store<T> {
  readonly length: number;
  push(item: T): void;
  shift(): T | undefined;
}

/**
 * A queue between the tasks of one thread: Python's `asyncio.Queue`, first in, first out. Items are handed over as they are, and those
 * who wait are served in their order. (`manycore/queue` is for threads.) An item that is a future or a promise is awaited by who
 * gets it, as everything that a promise gives: put it into an object.
 */
export class Queue<T = unknown> {
  /** How many items there may be; 0: there is no limit. */
  readonly maxSize: number;
  readonly #items: Store<T>;
  readonly #getters = new WaiterList('an item of a queue');
  readonly #putters = new WaiterList('room in a queue');
  readonly #joiners = new WaiterList('the end of the tasks of a queue');
  #unfinished = 0;
  #isShutDown = false;

  constructor(options: QueueOptions = {}, items: Store<T> = new Deque<T>()) {
    checkNames(options, `a ${new.target.name}`, '{ maxSize: 5 }');
    const { maxSize = 0 } = options;
    if (typeof maxSize !== 'number' || Number.isNaN(maxSize)) throw new TypeError(`maxSize must be a number: got ${String(maxSize)}`);
    this.maxSize = maxSize > 0 && maxSize !== Infinity ? Math.ceil(maxSize) : 0;
    this.#items = items;
  }

  /** How many items there are. It stays so until the next `await`: the queue belongs to one thread. */
  get size(): number {
    return this.#items.length;
  }
  /** Whether `get` would have to wait. */
  get isEmpty(): boolean {
    return this.#items.length === 0;
  }
  /** Whether `put` would have to wait; never for a queue without a limit. */
  get isFull(): boolean {
    return this.maxSize > 0 && this.#items.length >= this.maxSize;
  }
  /** Whether `shutdown` was called. What was put before can still be got, unless it was `immediate`. */
  get isShutDown(): boolean {
    return this.#isShutDown;
  }
  /** How many items have been put and are not yet done with. */
  get unfinishedTasks(): number {
    return this.#unfinished;
  }

  /** Puts an item in, waiting for room. Rejects with `QueueFull` when time was up, and with `QueueShutDown`. Cancelled, it has put nothing. */
  put(item: T, wait?: Wait): Promise<void> {
    const scope = currentScope();
    const error = refusal(scope);
    if (error !== null) return cutOff(error);
    if (wait !== undefined) checkWait(wait);
    if (this.#isShutDown) return Promise.reject(shutDown());
    if (!this.isFull) {
      this.#accept(item);
      granted(scope);
      return accepted;
    }
    const waiter = waitIn(this.#putters, wait, wait === undefined ? null : full(this), fail);
    waiter.value = item;
    return waiter.promise as Promise<void>;
  }

  /** Puts an item in, or throws `QueueFull` at once. */
  putNoWait(item: T): void {
    if (this.#isShutDown) throw shutDown();
    if (this.isFull) throw full(this);
    this.#accept(item);
  }

  #accept(item: T): void {
    this.#unfinished++;
    if (!this.#getters.wakeFirst(item)) this.#items.push(item);
  }

  /** Takes the next item, waiting for one. Rejects with `QueueEmpty` when time was up, and with `QueueShutDown`. */
  get(wait?: Wait): Promise<T> {
    const scope = currentScope();
    const error = refusal(scope);
    if (error !== null) return cutOff(error);
    if (wait !== undefined) checkWait(wait);
    if (this.#items.length > 0) {
      granted(scope);
      return Promise.resolve(this.#take());
    }
    if (this.#isShutDown) return Promise.reject(shutDown());
    return waitIn(this.#getters, wait, wait === undefined ? null : empty(), fail).promise as Promise<T>;
  }

  /** Takes the next item, or throws `QueueEmpty` at once. */
  getNoWait(): T {
    if (this.#items.length > 0) return this.#take();
    throw this.#isShutDown ? shutDown() : empty();
  }

  #take(): T {
    const item = this.#items.shift() as T;
    const putter = this.#putters.shift();
    if (putter !== null) {
      this.#accept(putter.value as T);
      wake(putter, undefined);
    }
    return item;
  }

  /** Says that an item that was got is done with. `RangeError` when more would be done than were put. */
  taskDone(): void {
    if (this.#unfinished === 0) throw new OutOfRangeError('ERR_TASK_DONE', 'taskDone() was called more often than items were put');
    if (--this.#unfinished === 0) this.#joiners.wakeAll(true);
  }

  /** Waits until everything that was put is done with: true; false when time was up. */
  join(wait?: Wait): Promise<boolean> {
    const error = refusal(currentScope());
    if (error !== null) return cutOff(error);
    if (wait !== undefined) checkWait(wait);
    return this.#unfinished === 0 ? Promise.resolve(true) : (waitIn(this.#joiners, wait, false).promise as Promise<boolean>);
  }

  /** Ends the queue: nothing more goes in; those who wait to put get `QueueShutDown`, and those who wait to get once it is empty. */
  shutdown({ immediate = false }: ShutdownOptions = {}): void {
    this.#isShutDown = true;
    if (immediate) {
      for (; this.#items.length > 0; this.#unfinished--) this.#items.shift();
      if (this.#unfinished === 0) this.#joiners.wakeAll(true);
    }
    this.#getters.failAll(shutDown);
    this.#putters.failAll(shutDown);
  }

  /** Goes on until the queue is shut down. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, void, void> {
    const over = { done: true, value: undefined } as const;
    const iterator: AsyncIterableIterator<T, void, void> = {
      next: async () => {
        try {
          return { done: false, value: await this.get() };
        } catch (error) {
          if (error instanceof QueueShutDown) return over;
          throw error;
        }
      },
      return: async () => over,
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }
}

const accepted = Promise.resolve();
const shutDown = (): QueueShutDown => new QueueShutDown('the queue was shut down');
const full = ({ size, maxSize }: Queue): QueueFull => new QueueFull(`the queue is full: it holds ${size} items, and may hold ${maxSize}`);
const empty = (): QueueEmpty => new QueueEmpty('the queue is empty');

class Stack<T> implements Store<T> {
  readonly #items: T[] = [];

  get length(): number {
    return this.#items.length;
  }
  push(item: T): void {
    this.#items.push(item);
  }
  shift(): T | undefined {
    return this.#items.pop();
  }
}

/** A queue from which the last item in comes out first. */
export class LifoQueue<T = unknown> extends Queue<T> {
  constructor(options: QueueOptions = {}) {
    super(options, new Stack<T>());
  }
}

class Sorted<T> implements Store<T> {
  readonly #heap: BinaryHeap<T>;

  constructor(compare: (a: T, b: T) => number) {
    this.#heap = new BinaryHeap(compare);
  }

  get length(): number {
    return this.#heap.size;
  }
  push(item: T): void {
    this.#heap.push(item);
  }
  shift(): T | undefined {
    return this.#heap.pop();
  }
}

/** How a `PriorityQueue` is made: its limit, and what comes first. */
export interface PriorityQueueOptions<T> extends QueueOptions {
  /** Negative when `a` comes first. Left out: numbers and texts by size, arrays by their first difference, objects by their `priority`. */
  readonly compare?: ((a: T, b: T) => number) | undefined;
}

/** A queue from which the least item comes out first. */
export class PriorityQueue<T = unknown> extends Queue<T> {
  constructor(options: PriorityQueueOptions<T> = {}) {
    // What is no object of options has no such property, and is refused by the constructor above.
    super(options, new Sorted<T>((options as Partial<PriorityQueueOptions<T>> | null)?.compare ?? compareValues));
  }
}
