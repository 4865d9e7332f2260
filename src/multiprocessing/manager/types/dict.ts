/** What a manager's `dict` is: a Map, with Python's words beside JavaScript's. Keys are told apart as a Map does it. */
export class Dict<K = unknown, V = unknown> {
  readonly #map: Map<K, V>;

  constructor(entries: Iterable<readonly [K, V]> | Readonly<Record<string, V>> = []) {
    this.#map = new Map(Symbol.iterator in entries ? entries : (Object.entries(entries) as unknown as [K, V][]));
  }

  /** `otherwise` when there is none. */
  get(key: K, otherwise?: V): V | undefined {
    return this.#map.has(key) ? this.#map.get(key) : otherwise;
  }
  set(key: K, value: V): void {
    this.#map.set(key, value);
  }
  has(key: K): boolean {
    return this.#map.has(key);
  }
  /** Whether there was one. */
  delete(key: K): boolean {
    return this.#map.delete(key);
  }
  /** Takes it out; `otherwise` when there is none. */
  pop(key: K, otherwise?: V): V | undefined {
    const value = this.#map.has(key) ? this.#map.get(key) : otherwise;
    this.#map.delete(key);
    return value;
  }
  /** Takes out the entry that came last; `null` when there is none. */
  popItem(): [K, V] | null {
    const last = [...this.#map].at(-1);
    if (last === undefined) return null;
    this.#map.delete(last[0]);
    return last;
  }
  /** The value of the key, which is `value` from now on if there was none. In one step. */
  setDefault(key: K, value: V): V {
    if (!this.#map.has(key)) this.#map.set(key, value);
    return this.#map.get(key)!;
  }
  /** Replaces the value if it is still `expected`; in one step, so that nobody's change is lost. Says whether it was. */
  compareAndSet(key: K, expected: V | undefined, value: V): boolean {
    if (this.#map.get(key) !== expected) return false;
    this.#map.set(key, value);
    return true;
  }
  /** Adds to a number, which is 0 when there is none, and gives the sum. In one step. */
  increment(key: K, by = 1): number {
    const sum = ((this.#map.get(key) as number | undefined) ?? 0) + by;
    this.#map.set(key, sum as V);
    return sum;
  }
  update(entries: Iterable<readonly [K, V]> | Readonly<Record<string, V>>): void {
    for (const [key, value] of Symbol.iterator in entries ? entries : (Object.entries(entries) as unknown as [K, V][]))
      this.#map.set(key, value);
  }
  clear(): void {
    this.#map.clear();
  }
  size(): number {
    return this.#map.size;
  }
  keys(): K[] {
    return [...this.#map.keys()];
  }
  values(): V[] {
    return [...this.#map.values()];
  }
  entries(): [K, V][] {
    return [...this.#map];
  }
  /** A copy, as a Map. */
  copy(): Map<K, V> {
    return new Map(this.#map);
  }
}
