/** What a manager's `set` is. */
export class Bag<T = unknown> {
  readonly #items: Set<T>;

  constructor(items: Iterable<T> = []) {
    this.#items = new Set(items);
  }

  /** Says whether it is new. */
  add(item: T): boolean {
    const before = this.#items.size;
    return this.#items.add(item).size > before;
  }
  has(item: T): boolean {
    return this.#items.has(item);
  }
  /** Says whether it was there. */
  delete(item: T): boolean {
    return this.#items.delete(item);
  }
  /** Takes any one out; `null` when there is none. */
  pop(): T | null {
    for (const item of this.#items) {
      this.#items.delete(item);
      return item;
    }
    return null;
  }
  /** The same as `delete`: Python has both names, for what throws and what does not. */
  remove(item: T): boolean {
    return this.#items.delete(item);
  }
  /** The same as `delete`. */
  discard(item: T): boolean {
    return this.#items.delete(item);
  }
  update(...others: Iterable<T>[]): void {
    for (const items of others) for (const item of items) this.#items.add(item);
  }
  /** Keeps what all others have, too. */
  intersectionUpdate(...others: Iterable<T>[]): void {
    for (const other of others) {
      const has = new Set(other);
      for (const item of this.#items) if (!has.has(item)) this.#items.delete(item);
    }
  }
  /** Takes out what one of the others has. */
  differenceUpdate(...others: Iterable<T>[]): void {
    for (const items of others) for (const item of items) this.#items.delete(item);
  }
  /** Takes out what the other has, and adds what only the other has. */
  symmetricDifferenceUpdate(other: Iterable<T>): void {
    for (const item of new Set(other)) if (!this.#items.delete(item)) this.#items.add(item);
  }

  /** What is in this one or another, as a Set. */
  union(...others: Iterable<T>[]): Set<T> {
    return this.#changed((copy) => copy.update(...others));
  }
  /** What is in this one and all others, as a Set. */
  intersection(...others: Iterable<T>[]): Set<T> {
    return this.#changed((copy) => copy.intersectionUpdate(...others));
  }
  /** What is in this one and in none of the others, as a Set. */
  difference(...others: Iterable<T>[]): Set<T> {
    return this.#changed((copy) => copy.differenceUpdate(...others));
  }
  /** What is in one of both and not in the other, as a Set. */
  symmetricDifference(other: Iterable<T>): Set<T> {
    return this.#changed((copy) => copy.symmetricDifferenceUpdate(other));
  }
  #changed(change: (copy: Bag<T>) => void): Set<T> {
    const copy = new Bag(this.#items);
    change(copy);
    return copy.#items;
  }

  isSubsetOf(other: Iterable<T>): boolean {
    const has = new Set(other);
    return this.values().every((item) => has.has(item));
  }
  isSupersetOf(other: Iterable<T>): boolean {
    return [...other].every((item) => this.#items.has(item));
  }
  isDisjointFrom(other: Iterable<T>): boolean {
    return [...other].every((item) => !this.#items.has(item));
  }

  clear(): void {
    this.#items.clear();
  }
  size(): number {
    return this.#items.size;
  }
  values(): T[] {
    return [...this.#items];
  }
  /** A copy, as a Set. */
  copy(): Set<T> {
    return new Set(this.#items);
  }
}
