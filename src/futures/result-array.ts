import type { Values } from './value-list.ts';

/** V8 makes a table of an array that begins larger. */
const ROOM_MAX = 1 << 24;
/** So much room is made at first: numbers that begin as integers may go on as others. */
const FIRST_ROOM = 1 << 16;
/** Where less is known than comes. */
const GROWTH = 1.5;

/**
 * Values that come in pieces, in one array. It has room for what is to come, as far as that is known: an array that grows is copied again and again. And V8
 * has one kind of array for integers and another one for all numbers: the first that is no integer would have it copied as well.
 */
export class ResultArray<T> {
  #all: T[] = [];
  #length = 0;
  #room = 0;
  #isOfDoubles = false;

  /** Takes the values of a piece from one place on; `left`: how many will follow, at least. */
  add(values: Values, from: number, left: number): void {
    const to = this.#length - from;
    const end = this.#length + values.length - from;
    const needsDoubles = values instanceof Float64Array && !this.#isOfDoubles;
    if (needsDoubles || end > this.#room) this.#makeRoom(end + left, needsDoubles);
    if (values instanceof Int32Array) copyIntegers(this.#all as number[], to, values, from);
    else if (values instanceof Float64Array) copyDoubles(this.#all as number[], to, values, from);
    else copyAny(this.#all, to, values as readonly T[], from);
    this.#length = end;
  }

  #makeRoom(length: number, needsDoubles: boolean): void {
    // Beyond that it grows as arrays do.
    if (length > ROOM_MAX) return;
    this.#isOfDoubles ||= needsDoubles;
    const room = this.#isOfDoubles || this.#room > 0 ? Math.max(length, Math.ceil(this.#room * GROWTH)) : Math.min(length, FIRST_ROOM);
    const before = this.#all;
    // An array of another number becomes one for all numbers.
    const all = this.#isOfDoubles ? ([0.5] as T[]) : new Array<T>(room);
    all.length = room;
    for (let i = 0; i < this.#length; i++) all[i] = before[i]!;
    this.#all = all;
    this.#room = room;
  }

  /** All that have been taken. */
  get values(): T[] {
    this.#all.length = this.#length;
    return this.#all;
  }
}

/*
 * For each kind of row a loop of its own, in which V8 meets nothing else: from the first piece on it knows what to make of it.
 */
function copyIntegers(all: number[], to: number, values: Int32Array, from: number): void {
  for (let i = from; i < values.length; i++) all[i + to] = values[i]!;
}

function copyDoubles(all: number[], to: number, values: Float64Array, from: number): void {
  for (let i = from; i < values.length; i++) all[i + to] = values[i]!;
}

function copyAny<T>(all: T[], to: number, values: readonly T[], from: number): void {
  for (let i = from; i < values.length; i++) all[i + to] = values[i]!;
}
