import { Buffer } from 'node:buffer';
import type { Receiver } from './inflow.ts';

/** From so much on, what comes is read into one piece of memory, and is not moved any more. Below, joining the pieces in the end is cheaper. */
const LARGE = 128 << 20;
/** How much is set aside then. Memory that nobody has written to is none yet. */
const RESERVED = 1 << 30;
/** Less room than this is none. */
const SMALL = 64 * 1024;

/** Keeps everything that comes, up to a limit. */
export class Collector implements Receiver {
  readonly #limit: number;
  readonly #onOver: () => void;
  readonly #onEnd: (error: Error | null) => void;
  #chunks: Buffer[] = [];
  /** What has come from its beginning on, when it is much: `#chunks` is empty then. */
  #store: Buffer | null = null;
  /** How many bytes were kept. */
  total = 0;
  isOver = false;

  constructor(limit: number, onOver: () => void, onEnd: (error: Error | null) => void) {
    this.#limit = limit;
    this.#onOver = onOver;
    this.#onEnd = onEnd;
  }

  chunk(bytes: Buffer): boolean {
    if (this.isOver) return true;
    if (this.total + bytes.length > this.#limit) {
      this.isOver = true;
      bytes = bytes.subarray(0, this.#limit - this.total);
    }
    this.#append(bytes);
    if (this.isOver) this.#onOver();
    return true;
  }

  /** Where the next bytes are wanted; `null`: anywhere. */
  room(): Buffer | null {
    if (this.total < LARGE || this.isOver) return null;
    if (this.#store === null || this.#store.length - this.total < SMALL) {
      const larger = reserve(this.total);
      if (larger === null) return null;
      this.#copyTo(larger);
      this.#store = larger;
      this.#chunks = [];
    }
    return this.#store.subarray(this.total);
  }

  #copyTo(target: Buffer): void {
    let at = 0;
    for (const piece of this.#store === null ? this.#chunks : [this.#store.subarray(0, this.total)]) {
      target.set(piece, at);
      at += piece.length;
    }
  }

  /** Pieces that lie one behind the other in memory are one piece. */
  #append(bytes: Buffer): void {
    const store = this.#store;
    if (store !== null) {
      if (bytes.buffer === store.buffer && bytes.byteOffset === store.byteOffset + this.total) this.total += bytes.length;
      else this.#scatter(bytes, store);
      return;
    }
    this.total += bytes.length;
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset)
      this.#chunks[this.#chunks.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length);
    else this.#chunks.push(bytes);
  }

  /** What was read elsewhere meanwhile. */
  #scatter(bytes: Buffer, store: Buffer): void {
    if (bytes.length <= store.length - this.total) store.set(bytes, this.total);
    else {
      this.#chunks = [store.subarray(0, this.total), bytes];
      this.#store = null;
    }
    this.total += bytes.length;
  }

  end(error: Error | null): void {
    this.#onEnd(error);
  }

  /** All of it. */
  bytes(): Buffer {
    if (this.#store !== null) return this.#store.subarray(0, this.total);
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!;
  }
}

/** Room for more than `total` bytes; `null` when there is none to be had. */
function reserve(total: number): Buffer | null {
  for (const size of [Math.max(RESERVED, 4 * total), Math.ceil(1.5 * total)]) {
    try {
      return Buffer.allocUnsafeSlow(size);
    } catch {
      // More than a buffer can have, or than there is memory.
    }
  }
  return null;
}
