import { isConstant } from '../../message/closures/index.ts';
import { dropBytes, encode } from '../../message/index.ts';
import { TextualFunctions } from '../textual-functions.ts';
import { bytesOf, messageItem } from '../../queue/item.ts';
import type { Heap } from '../../word/heap.ts';

type AnyFunction = (...args: never[]) => unknown;

/** A function that lies in shared memory for the workers to read. */
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

/*
 * The functions that a pool's tasks call, each written once. A function that captures nothing is the same each time that it is
 * handed over; one that captures is described anew, for what it captures may have changed, and written anew if it did.
 */
export class FunctionBook {
  readonly #heap: Heap;
  readonly #known = new WeakMap<AnyFunction, BookedFunction>();
  readonly #fixed = new WeakSet<AnyFunction>();
  readonly #written = new Set<BookedFunction>();
  readonly #textual = new TextualFunctions();
  readonly #texts = new Map<string, BookedFunction>();

  constructor(heap: Heap) {
    this.#heap = heap;
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
    const { bytes } = encode(fn, { where: 'process' });
    if (!isKnown || Buffer.compare(bytesOf(this.#heap, known.block), bytes) !== 0) return this.#write(fn, bytes, text);
    dropBytes(bytes); // The one that was written holds the same blocks.
    known.users++;
    return known;
  }

  #write(fn: AnyFunction, bytes: Uint8Array, text: string | null): BookedFunction {
    const block = (messageItem(this.#heap, bytes).word >>> 0) * 16;
    const booked: BookedFunction = { block, serial: (serials = (serials + 1) | 0), name: fn.name || '(anonymous)', users: 1 };
    this.#known.set(fn, booked);
    this.#written.add(booked);
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
    dropBytes(bytesOf(this.#heap, booked.block));
    this.#heap.release(booked.block);
  }

  clear(): void {
    for (const booked of this.#written) this.#erase(booked);
    this.#texts.clear();
  }
}
