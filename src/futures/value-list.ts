/** Values in a row. Numbers may lie in a typed array, which is copied in one piece, where each item of an array is looked at. */
export type Values = readonly unknown[] | Int32Array | Float64Array;

/** Fewer are no slower in an array. */
const WORTH = 32;

/** There is no value. */
export const NONE: unique symbol = Symbol('none');

/** Collects so many values, in as narrow a row as holds them all. */
export class ValueList {
  readonly #capacity: number;
  #integers: Int32Array | null;
  #doubles: Float64Array | null = null;
  #values: unknown[] | null = null;
  length = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#integers = capacity >= WORTH ? new Int32Array(capacity) : null;
    if (this.#integers === null) this.#values = [];
  }

  push(value: unknown): void {
    if (this.#values !== null) this.#values.push(value);
    else if (typeof value !== 'number') {
      this.#values = Array.from(this.#row());
      this.#integers = this.#doubles = null;
      this.#values.push(value);
    } else if (this.#doubles !== null) this.#doubles[this.length] = value;
    else if ((value | 0) === value && (value !== 0 || 1 / value > 0)) this.#integers![this.length] = value;
    else {
      this.#doubles = new Float64Array(this.#capacity);
      this.#doubles.set(this.#integers!.subarray(0, this.length));
      this.#doubles[this.length] = value;
      this.#integers = null;
    }
    this.length++;
  }

  /**
   * Collects what a function gives for each of the items, as long as that are numbers: most of what there is to do where it is, in loops that hold nothing
   * else. Gives the first value that is none, which has not been collected; NONE when there was none.
   */
  collect(apply: (item: unknown) => unknown, items: Values): unknown {
    const { length } = items;
    const integers = this.#integers;
    if (integers === null || this.length > 0) return NONE;
    let at = 0;
    let value: unknown;
    try {
      for (; at < length; at++) {
        value = apply(items[at]);
        if (typeof value !== 'number' || (value | 0) !== value || (value === 0 && 1 / value < 0)) break;
        integers[at] = value;
      }
      if (at === length) return NONE;
      if (typeof value !== 'number') return value;
      this.length = at;
      this.push(value);
      const doubles = this.#doubles!;
      for (at++; at < length; at++) {
        value = apply(items[at]);
        if (typeof value !== 'number') return value;
        doubles[at] = value;
      }
      return NONE;
    } finally {
      this.length = at;
    }
  }

  #row(): Int32Array | Float64Array {
    return (this.#integers ?? this.#doubles!).subarray(0, this.length);
  }

  /** What has been collected. */
  get values(): Values {
    if (this.#values !== null) return this.#values;
    // A part of a larger buffer would take that with it.
    return this.length === this.#capacity ? (this.#integers ?? this.#doubles!) : this.#row().slice();
  }
}

/** The same values, in a typed array if they are all numbers and many. */
export function packed(values: readonly unknown[]): Values {
  if (values.length < WORTH || typeof values[0] !== 'number' || typeof values.at(-1) !== 'number') return values;
  const { length } = values;
  const integers = new Int32Array(length);
  const at = copyIntegers(values, integers);
  if (at === length) return integers;
  if (typeof values[at] !== 'number') return values;
  const doubles = new Float64Array(length);
  doubles.set(integers.subarray(0, at));
  return copyNumbers(values, doubles, at) === length ? doubles : values;
}

// Loops of their own: what V8 has compiled while one of them ran it throws away when it comes to what it has not seen before.

/** Copies integers up to the first value that is none: its place. */
function copyIntegers(values: readonly unknown[], into: Int32Array): number {
  let at = 0;
  for (; at < into.length; at++) {
    const value = values[at];
    if (typeof value !== 'number' || (value | 0) !== value || (value === 0 && 1 / value < 0)) break;
    into[at] = value;
  }
  return at;
}

/** Copies numbers from one place on, up to the first value that is none: its place. */
function copyNumbers(values: readonly unknown[], into: Float64Array, from: number): number {
  let at = from;
  for (; at < into.length; at++) {
    const value = values[at];
    if (typeof value !== 'number') break;
    into[at] = value;
  }
  return at;
}
