import { BinaryHeap } from '../../base/heap.ts';
import type { AnyFuture } from '../future.ts';
import type { Packed, Parked } from './parked.ts';
import { NOTHING } from './slots.ts';

const ROOM = 64;
const WORDS = 4;
/** In place of the number of a function: the task is an object. */
const OBJECT = -1;

/**
 * Tasks in their order, on a ring that doubles when it is full. Of most of them there is no more than the future and a few numbers: these lie in rows, where a
 * hundred thousand tasks are no work for the garbage collector.
 */
class Row {
  #tasks: (AnyFuture | Parked | null)[] = new Array<null>(ROOM).fill(null);
  /** Function, kind, word and flags of each. */
  #words = new Int32Array(ROOM * WORDS);
  #doubles = new Float64Array(ROOM);
  #head = 0;
  length = 0;

  push(future: AnyFuture, { fn, kind, word, double }: Packed, flags: number): void {
    const place = this.#nextPlace();
    const words = this.#words;
    words[place * WORDS] = fn;
    words[place * WORDS + 1] = kind;
    words[place * WORDS + 2] = word;
    words[place * WORDS + 3] = flags;
    this.#doubles[place] = double;
    this.#tasks[place] = future;
  }

  pushObject(task: Parked): void {
    const place = this.#nextPlace();
    this.#words[place * WORDS] = OBJECT;
    this.#tasks[place] = task;
  }

  shift(): Parked | undefined {
    if (this.length === 0) return undefined;
    const place = this.#head;
    const task = this.#tasks[place]!;
    this.#tasks[place] = null;
    this.#head = (place + 1) & (this.#tasks.length - 1);
    this.length--;
    const words = this.#words;
    const fn = words[place * WORDS]!;
    if (fn === OBJECT) return task as Parked;
    return {
      fn,
      kind: words[place * WORDS + 1]!,
      word: words[place * WORDS + 2]!,
      double: this.#doubles[place]!,
      parcels: null,
      future: task as AnyFuture,
      flags: words[place * WORDS + 3]!,
      priority: 0,
      transfer: NOTHING,
    };
  }

  #nextPlace(): number {
    if (this.length === this.#tasks.length) this.#grow();
    return (this.#head + this.length++) & (this.#tasks.length - 1);
  }

  #grow(): void {
    const [tasks, words, doubles, head] = [this.#tasks, this.#words, this.#doubles, this.#head];
    const room = tasks.length * 2;
    this.#tasks = tasks.slice(head).concat(tasks.slice(0, head), new Array<null>(tasks.length).fill(null));
    this.#words = new Int32Array(room * WORDS);
    this.#words.set(words.subarray(head * WORDS));
    this.#words.set(words.subarray(0, head * WORDS), (tasks.length - head) * WORDS);
    this.#doubles = new Float64Array(room);
    this.#doubles.set(doubles.subarray(head));
    this.#doubles.set(doubles.subarray(0, head), tasks.length - head);
    this.#head = 0;
  }
}

/** The tasks that wait for a slot: in their order, or by priority as long as one of them has one. */
export class Backlog {
  readonly #row = new Row();
  readonly #heap = new BinaryHeap<{ readonly task: Parked; readonly order: number }>(
    (a, b) => b.task.priority - a.task.priority || a.order - b.order,
  );
  #order = 0;
  /** Whether tasks are sent by priority. Then few of them are in the ring at a time, where their order is settled. */
  isOrdered = false;

  get length(): number {
    return this.#row.length + this.#heap.size;
  }

  push(future: AnyFuture, packed: Packed, flags: number, priority: number, transfer: readonly unknown[]): void {
    if (!this.isOrdered && priority === 0 && packed.parcels === null && transfer.length === 0) this.#row.push(future, packed, flags);
    else this.#pushObject({ ...packed, future, flags, priority, transfer });
  }

  #pushObject(task: Parked): void {
    if (this.isOrdered) this.#heap.push({ task, order: this.#order++ });
    else this.#row.pushObject(task);
  }

  /** From now on by priority. */
  order(): void {
    this.isOrdered = true;
    for (let task = this.#row.shift(); task !== undefined; task = this.#row.shift()) this.#pushObject(task);
  }

  shift(): Parked | undefined {
    if (!this.isOrdered) return this.#row.shift();
    const first = this.#heap.pop()?.task;
    if (this.#heap.size === 0) this.isOrdered = false;
    return first;
  }

  takeAll(): Parked[] {
    const all: Parked[] = [];
    for (let task = this.shift(); task !== undefined; task = this.shift()) all.push(task);
    return all;
  }
}
