/*
 * A frame is its length and then its bytes. The length is four bytes, big-endian and signed; for more than 2 ** 31 - 1 bytes it
 * is -1, and eight bytes follow. So does Python's `multiprocessing.connection`.
 */
const SHORT_MAX = 0x7fff_ffff;
const SHORT_BYTES = 4;
const LONG_BYTES = 12;

/** What goes before a body of so many bytes. */
export function frameHeader(length: number): Buffer {
  if (length <= SHORT_MAX) {
    const header = Buffer.allocUnsafe(SHORT_BYTES);
    header.writeInt32BE(length);
    return header;
  }
  const header = Buffer.allocUnsafe(LONG_BYTES);
  header.writeInt32BE(-1);
  header.writeBigUInt64BE(BigInt(length), SHORT_BYTES);
  return header;
}

/** Cuts a stream of bytes into frames, one at a time, when it is asked: what has not been cut may still get another limit. */
export class FrameCutter {
  #chunks: Buffer[] = [];
  #at = 0; // where the first chunk goes on
  #bytes = 0;

  /** How many bytes have come and have not been cut. */
  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** How long the next body is, as its header says; `null` while that has not come. Negative when the header is none. */
  get nextLength(): number | null {
    if (this.#bytes < SHORT_BYTES) return null;
    const length = this.#peek(SHORT_BYTES).readInt32BE();
    if (length !== -1) return length;
    return this.#bytes < LONG_BYTES ? null : Number(this.#peek(LONG_BYTES).readBigUInt64BE(SHORT_BYTES));
  }

  get hasNext(): boolean {
    const length = this.nextLength;
    return length !== null && length >= 0 && this.#bytes >= headerBytes(length) + length;
  }

  /** The next body, in memory of its own; `null` while it is not complete. */
  next(): Buffer | null {
    const length = this.nextLength;
    if (length === null || length < 0 || this.#bytes < headerBytes(length) + length) return null;
    this.#take(headerBytes(length), null);
    const body = Buffer.allocUnsafeSlow(length);
    this.#take(length, body);
    return body;
  }

  clear(): void {
    this.#chunks = [];
    this.#at = 0;
    this.#bytes = 0;
  }

  #peek(count: number): Buffer {
    const first = this.#chunks[0]!;
    if (first.length - this.#at >= count) return first.subarray(this.#at, this.#at + count);
    const joined = Buffer.concat([first.subarray(this.#at), ...this.#chunks.slice(1, count + 1)]);
    return joined.subarray(0, count);
  }

  #take(count: number, into: Buffer | null): void {
    let done = 0;
    let passed = 0;
    while (done < count) {
      const chunk = this.#chunks[passed]!;
      const part = Math.min(count - done, chunk.length - this.#at);
      if (into !== null) chunk.copy(into, done, this.#at, this.#at + part);
      done += part;
      this.#at += part;
      if (this.#at === chunk.length) {
        passed++;
        this.#at = 0;
      }
    }
    if (passed > 0) this.#chunks.splice(0, passed);
    this.#bytes -= count;
  }
}

const headerBytes = (length: number): number => (length <= SHORT_MAX ? SHORT_BYTES : LONG_BYTES);
