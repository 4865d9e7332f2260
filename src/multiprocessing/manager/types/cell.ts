/** What a manager's `Namespace` is: names with values. */
export class Names<T extends object = Record<string, unknown>> {
  readonly #names: Map<keyof T, unknown>;

  constructor(values: Partial<T> = {}) {
    this.#names = new Map(Object.entries(values) as [keyof T, unknown][]);
  }

  get<K extends keyof T>(name: K): T[K] {
    return this.#names.get(name) as T[K];
  }
  set<K extends keyof T>(name: K, value: T[K]): void {
    this.#names.set(name, value);
  }
  has(name: keyof T): boolean {
    return this.#names.has(name);
  }
  delete(name: keyof T): boolean {
    return this.#names.delete(name);
  }
  /** A copy, as an object. */
  copy(): T {
    return Object.fromEntries(this.#names) as T;
  }
}

/** What a manager's `Value` is: one value of any kind. */
export class Cell<T = unknown> {
  #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  get(): T {
    return this.#value;
  }
  set(value: T): void {
    this.#value = value;
  }
  /** Adds to a number, and gives the sum. In one step. */
  add(by: number): number {
    return (this.#value = ((this.#value as number) + by) as T) as number;
  }
}
