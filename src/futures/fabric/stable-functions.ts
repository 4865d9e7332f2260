import { isConstant } from '../../message/closures/index.ts';
import type { AnyFunction, FunctionNumbers } from './function-table.ts';

/** Longer texts are not looked up: that would take as long as to send them. */
const TEXT_MAX = 4000;
const UNKNOWN = -1;

/**
 * Which functions need not be sent with every task. A function is a snapshot of the moment when it is handed over, so only one that captures
 * nothing that could change since may be named by number: known as the same object, or by its text when it captures nothing at all.
 */
export class StableFunctions {
  readonly #numbers: FunctionNumbers;
  /** A number; 0: it has to be sent each time; UNKNOWN: met once. */
  readonly #known = new WeakMap<AnyFunction, number>();
  readonly #texts = new Map<string, number>();
  #last: AnyFunction | null = null;
  #lastNumber = 0;

  constructor(numbers: FunctionNumbers) {
    this.#numbers = numbers;
  }

  /** The number of a function, or 0. Throws `SendError`. */
  numberOf(fn: AnyFunction): number {
    if (fn === this.#last) return this.#lastNumber;
    const known = this.#known.get(fn);
    let number = known ?? this.#byText(fn);
    if (known === undefined && number === UNKNOWN) {
      // Most functions are sent once: to find out more costs as much again.
      this.#known.set(fn, UNKNOWN);
      return 0;
    }
    if (known === UNKNOWN) number = this.#enter(fn);
    if (known !== number) this.#known.set(fn, number);
    this.#last = fn;
    this.#lastNumber = number;
    return number;
  }

  #byText(fn: AnyFunction): number {
    if (this.#texts.size === 0 || Object.keys(fn).length > 0) return UNKNOWN;
    const text = Function.prototype.toString.call(fn);
    return (text.length <= TEXT_MAX ? this.#texts.get(text) : undefined) ?? UNKNOWN;
  }

  #enter(fn: AnyFunction): number {
    const how = isConstant(fn);
    if (how === 'changes') return 0;
    const number = this.#numbers.enter(fn);
    if (number !== 0 && how === 'captures nothing') {
      const text = Function.prototype.toString.call(fn);
      if (text.length <= TEXT_MAX) this.#texts.set(text, number);
    }
    return number;
  }
}
