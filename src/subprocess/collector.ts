import type { Receiver } from './inflow.ts';

/** Keeps everything that comes, up to a limit. */
export class Collector implements Receiver {
  readonly #limit: number;
  readonly #onOver: () => void;
  readonly #onEnd: (error: Error | null) => void;
  #chunks: Buffer[] = [];
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

  /** Pieces that lie one behind the other in memory are one piece. */
  #append(bytes: Buffer): void {
    this.total += bytes.length;
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset)
      this.#chunks[this.#chunks.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length);
    else this.#chunks.push(bytes);
  }

  end(error: Error | null): void {
    this.#onEnd(error);
  }

  /** All of it. */
  bytes(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!;
  }
}
