import { monotonic } from '../base/monotonic.ts';
import type { FutexWord } from '../word/word.ts';

/*
 * A sleep and its wake cost some tens of microseconds, of both sides, and an awaited one more. Who expects something at once looks
 * out for it before that, for no longer than the sleep would cost. Looks in vain are left out more and more, so
 * that waits which last are as cheap as without: after the first one, the next is left out; after two in a row two, then four, up to sixty-four.
 */
const LOOKS_BETWEEN_CLOCKS = 32;
const LEFT_OUT_MAX = 64;
const pause = (Atomics as { readonly pause?: () => void }).pause ?? (() => {});

/** What is looked out for at one place in the program: it remembers how that went. */
export class Glance {
  readonly #ms: number;
  #leftOut = 0;
  #toLeaveOut = 0;

  /** Looks for so many milliseconds. */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Whether `word` has changed from `expected`, within the moment that this looks. Blocks for that long. */
  sees(word: FutexWord, expected: number): boolean {
    if (word.load() !== expected) return true;
    if (this.#toLeaveOut > 0) {
      this.#toLeaveOut--;
      return false;
    }
    const end = monotonic() + this.#ms;
    do {
      for (let i = 0; i < LOOKS_BETWEEN_CLOCKS; i++) {
        if (word.load() !== expected) {
          this.#leftOut = 0;
          return true;
        }
        pause();
      }
    } while (monotonic() < end);
    this.#leftOut = Math.min(LEFT_OUT_MAX, Math.max(1, this.#leftOut * 2));
    this.#toLeaveOut = this.#leftOut;
    return false;
  }
}
