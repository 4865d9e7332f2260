import { OutOfRangeError } from '../../../base/errors.ts';

/** What a manager's `list` is: an array, with Python's words beside JavaScript's. Places are counted from the end when negative. */
export class List<T = unknown> {
  #items: T[];

  constructor(items: Iterable<T> = []) {
    this.#items = [...items];
  }

  #place(index: number): number {
    const at = index < 0 ? index + this.#items.length : index;
    if (!(Number.isInteger(at) && at >= 0 && at < this.#items.length))
      throw new OutOfRangeError('ERR_OUT_OF_RANGE', `there is no item ${index}: the list has ${this.#items.length}`);
    return at;
  }

  /** `RangeError` when there is none. */
  get(index: number): T {
    return this.#items[this.#place(index)]!;
  }
  set(index: number, value: T): void {
    this.#items[this.#place(index)] = value;
  }
  size(): number {
    return this.#items.length;
  }
  append(...items: T[]): number {
    return this.#items.push(...items);
  }
  push(...items: T[]): number {
    return this.#items.push(...items);
  }
  extend(items: Iterable<T>): void {
    for (const item of items) this.#items.push(item);
  }
  insert(index: number, item: T): void {
    this.#items.splice(index, 0, item);
  }
  /** Takes one out, the last when none is named. `RangeError` when there is none. */
  pop(index = -1): T {
    return this.#items.splice(this.#place(index), 1)[0]!;
  }
  /** Takes the first one out that is this value. Says whether there was one. */
  remove(value: T): boolean {
    const at = this.#items.indexOf(value);
    if (at >= 0) this.#items.splice(at, 1);
    return at >= 0;
  }
  indexOf(value: T): number {
    return this.#items.indexOf(value);
  }
  includes(value: T): boolean {
    return this.#items.includes(value);
  }
  count(value: T): number {
    return this.#items.filter((item) => item === value).length;
  }
  reverse(): void {
    this.#items.reverse();
  }
  /** `compare` is copied to the manager, and runs there. Without it numbers are sorted as numbers. */
  sort(compare?: (a: T, b: T) => number): void {
    this.#items.sort(compare ?? ((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  }
  slice(from?: number, to?: number): T[] {
    return this.#items.slice(from, to);
  }
  clear(): void {
    this.#items = [];
  }
  /** A copy, as an array. */
  copy(): T[] {
    return [...this.#items];
  }
}
