import { isConstant } from '../../message/closures/index.ts';
import { type Destination, dropBytes, encode } from '../../message/index.ts';
import { TextualFunctions } from '../textual-functions.ts';

type AnyFunction = (...args: never[]) => unknown;

/** Where functions lie that workers read. */
export interface FunctionShelf {
  readonly where: Destination;
  /** Puts an encoded function there, and says where it is. */
  put(bytes: Uint8Array): number;
  /** Whether this is what lies at a place. */
  holds(block: number, bytes: Uint8Array): boolean;
  /** Nobody calls it any more. */
  remove(block: number): void;
  /** Workers that can't look for themselves are told what there is, and what there is no more. */
  written?(fn: BookedFunction): void;
  erased?(fn: BookedFunction): void;
}

/** A function that lies where the workers can read it. */
export interface BookedFunction {
  readonly block: number;
  readonly serial: number;
  readonly name: string;
  /** How many tasks call it that have not ended. */
  users: number;
}

/** So many functions that nobody calls are kept for the next time. */
const IDLE_MAX = 64;
let serials = 0;

/** No function that is written from now on has one of these numbers: there are others that have them. */
export function keepSerials(last: number): void {
  serials = Math.max(serials, last);
}

/*
 * The functions that a pool's tasks call, each written once. A function that captures nothing is the same each time that it is
 * handed over; one that captures is described anew, for what it captures may have changed, and written anew if it did.
 */
export class FunctionBook {
  readonly #shelf: FunctionShelf;
  readonly #known = new WeakMap<AnyFunction, BookedFunction>();
  readonly #fixed = new WeakSet<AnyFunction>();
  readonly #written = new Set<BookedFunction>();
  readonly #textual = new TextualFunctions();
  readonly #texts = new Map<string, BookedFunction>();

  constructor(shelf: FunctionShelf) {
    this.#shelf = shelf;
  }

  /** The function as it is now, with one user more. Throws `SendError`. */
  use(fn: AnyFunction): BookedFunction {
    const known = this.#known.get(fn);
    const isKnown = known !== undefined && this.#written.has(known);
    if (isKnown && this.#fixed.has(fn)) {
      known.users++;
      return known;
    }
    const text = isKnown ? null : this.#textual.textOf(fn);
    const same = text === null ? undefined : this.#texts.get(text);
    if (same !== undefined && this.#written.has(same)) {
      same.users++;
      return same;
    }
    const { bytes } = encode(fn, { where: this.#shelf.where });
    if (!isKnown || !this.#shelf.holds(known.block, bytes)) return this.#write(fn, bytes, text);
    dropBytes(bytes); // The one that was written holds the same blocks.
    known.users++;
    return known;
  }

  #write(fn: AnyFunction, bytes: Uint8Array, text: string | null): BookedFunction {
    const block = this.#shelf.put(bytes);
    const booked: BookedFunction = { block, serial: (serials = (serials + 1) | 0), name: fn.name || '(anonymous)', users: 1 };
    this.#known.set(fn, booked);
    this.#written.add(booked);
    this.#shelf.written?.(booked);
    if (text !== null) this.#texts.set(text, booked);
    if (text !== null || isConstant(fn) !== 'changes') this.#fixed.add(fn);
    this.#tidy();
    return booked;
  }

  /** One user less. */
  leave(booked: BookedFunction): void {
    booked.users--;
  }

  #tidy(): void {
    if (this.#written.size <= IDLE_MAX) return;
    for (const booked of this.#written) {
      if (booked.users > 0) continue;
      this.#erase(booked);
      if (this.#written.size <= IDLE_MAX) return;
    }
  }

  #erase(booked: BookedFunction): void {
    this.#written.delete(booked);
    this.#shelf.erased?.(booked);
    this.#shelf.remove(booked.block);
  }

  clear(): void {
    for (const booked of this.#written) this.#erase(booked);
    this.#texts.clear();
  }
}
