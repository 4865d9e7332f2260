import { drop, post, read } from '../../message/index.ts';
import { type Fabric, FUNCTION_TABLE, FUNCTIONS } from './layout.ts';

/*
 * The functions that tasks name by number, each as a message that a worker reads when it first meets the number: functions that capture
 * nothing that could change, and those that a `map` applies to many items. A number is a place in the table, and how often that place has
 * been given away, times FUNCTIONS: no number is ever given twice. Number 0 is nobody's.
 */
export type AnyFunction = (...args: never[]) => unknown;

const place = (number: number): number => number & (FUNCTIONS - 1);

/** The owner's side: gives numbers. */
export class FunctionNumbers {
  readonly #fabric: Fabric;
  readonly #free: number[] = [];
  #next = 1;

  constructor(fabric: Fabric) {
    this.#fabric = fabric;
  }

  /** A number for a function, as it is now; 0 when there is none left. Throws `SendError`. */
  enter(fn: AnyFunction): number {
    if (this.#free.length === 0 && this.#next >= FUNCTIONS) return 0;
    const { offset, parcels } = post(fn);
    if (parcels !== null) {
      drop(offset);
      return 0;
    }
    const number = this.#free.pop() ?? this.#next++;
    Atomics.store(this.#fabric.i32, this.#fabric.base + FUNCTION_TABLE + place(number), offset / 16);
    return number;
  }

  /** The number is not used any more, by any task. */
  leave(number: number): void {
    const block = Atomics.exchange(this.#fabric.i32, this.#fabric.base + FUNCTION_TABLE + place(number), 0) >>> 0;
    drop(block * 16);
    this.#free.push((number + FUNCTIONS) & 0x3fff_ffff);
  }

  /** The pool has ended. */
  clear(): void {
    const { i32, base } = this.#fabric;
    for (let at = base + FUNCTION_TABLE; at < base + FUNCTION_TABLE + FUNCTIONS; at++) {
      const block = Atomics.exchange(i32, at, 0) >>> 0;
      if (block !== 0) drop(block * 16);
    }
  }
}

/** The workers' side. */
export class FunctionCache {
  readonly #fabric: Fabric;
  readonly #functions: (AnyFunction | undefined)[] = [];
  readonly #numbers: number[] = [];

  constructor(fabric: Fabric) {
    this.#fabric = fabric;
  }

  /** The function with this number. Throws `MustAwait`. */
  get(number: number): AnyFunction {
    const at = place(number);
    if (this.#numbers[at] === number) return this.#functions[at]!;
    const { i32, base } = this.#fabric;
    const fn = read((i32[base + FUNCTION_TABLE + at]! >>> 0) * 16) as AnyFunction;
    this.#numbers[at] = number;
    return (this.#functions[at] = fn);
  }

  /** Lets go of functions whose numbers are not used any more. */
  sweep(): void {
    const { i32, base } = this.#fabric;
    for (let at = 0; at < this.#numbers.length; at++) {
      if (this.#functions[at] === undefined || Atomics.load(i32, base + FUNCTION_TABLE + at) !== 0) continue;
      this.#functions[at] = undefined;
      this.#numbers[at] = 0;
    }
  }
}
