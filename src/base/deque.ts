/** A double-ended queue on a ring that doubles when it is full: each operation is O(1), amortised. */
export class Deque<T> implements Iterable<T> {
  #ring: (T | undefined)[] = new Array<T | undefined>(8);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length++) & (this.#ring.length - 1)] = item;
  }

  unshift(item: T): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#ring.length - 1);
    this.#ring[this.#head] = item;
    this.#length++;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length--;
    return item;
  }

  pop(): T | undefined {
    if (this.#length === 0) return undefined;
    const last = (this.#head + --this.#length) & (this.#ring.length - 1);
    const item = this.#ring[last];
    this.#ring[last] = undefined;
    return item;
  }

  peek(): T | undefined {
    return this.#ring[this.#head];
  }

  clear(): void {
    this.#ring = new Array<T | undefined>(8);
    this.#head = 0;
    this.#length = 0;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.#length; i++) yield this.#ring[(this.#head + i) & (this.#ring.length - 1)] as T;
  }

  #grow(): void {
    const items = [...this];
    this.#ring = new Array<T | undefined>(items.length * 2);
    for (let i = 0; i < items.length; i++) this.#ring[i] = items[i];
    this.#head = 0;
  }
}
