import { isConstant } from '../../message/closures/index.ts';
import { TextualFunctions } from '../textual-functions.ts';
import type { AnyFunction, FunctionNumbers } from './function-table.ts';
import { FUNCTIONS } from './layout.ts';

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
  readonly #textual = new TextualFunctions();
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

  /** The same for a function that will be applied often: its text is looked at when it is met for the first time. */
  numberForMany(fn: AnyFunction): number {
    const known = this.#known.get(fn);
    if (known !== undefined && known !== UNKNOWN) return known;
    const number = this.#byText(fn, true);
    if (number === UNKNOWN) return 0;
    this.#known.set(fn, number);
    return number;
  }

  #byText(fn: AnyFunction, isOften = false): number {
    const text = this.#textual.textOf(fn, isOften);
    if (text === null) return UNKNOWN;
    let number = this.#texts.get(text);
    if (number === undefined) {
      // The other places are for those that are given back.
      if (this.#texts.size >= FUNCTIONS / 2) return UNKNOWN;
      number = this.#numbers.enter(fn);
      if (number === 0) return UNKNOWN;
      this.#texts.set(text, number);
    }
    return number;
  }

  #enter(fn: AnyFunction): number {
    return isConstant(fn) === 'changes' ? 0 : this.#numbers.enter(fn);
  }
}
