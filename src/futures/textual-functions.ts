import { hasOnlyItsOwn, isConstant } from '../message/closures/index.ts';

type AnyFunction = (...args: never[]) => unknown;

/** Longer texts are not looked up: that would take as long as to send them. */
const TEXT_MAX = 4000;
const TEXTS_MAX = 1000;

/**
 * Functions that their text says all about: they capture nothing. `pool.submit((x) => x + 1, i)` in a loop makes a new function each time; to
 * find out what one captures costs tens of microseconds, and is done once for a text that is met again.
 */
export class TextualFunctions {
  readonly #met = new Set<string>();
  readonly #closed = new Set<string>();
  readonly #capturing = new Set<string>();

  /** The text of a function that captures nothing; `null` when it does, or when that is not worth finding out yet, unless it will be applied often. */
  textOf(fn: AnyFunction, isOften = false): string | null {
    if (!hasOnlyItsOwn(fn)) return null;
    const text = Function.prototype.toString.call(fn);
    if (this.#closed.has(text)) return text;
    if (text.length > TEXT_MAX || this.#capturing.has(text)) return null;
    if (!isOften && !this.#met.has(text)) {
      if (this.#met.size >= TEXTS_MAX) this.#met.clear();
      this.#met.add(text);
      return null;
    }
    this.#met.delete(text);
    const isClosed = this.#isClosed(fn);
    const texts = isClosed ? this.#closed : this.#capturing;
    if (texts.size >= TEXTS_MAX) texts.clear();
    texts.add(text);
    return isClosed ? text : null;
  }

  #isClosed(fn: AnyFunction): boolean {
    try {
      return isConstant(fn) === 'captures nothing';
    } catch {
      return false; // It can't travel: whoever sends it is told so.
    }
  }
}
