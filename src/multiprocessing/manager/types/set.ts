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
  update(items: Iterable<T>): void {
    for (const item of items) this.#items.add(item);
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
