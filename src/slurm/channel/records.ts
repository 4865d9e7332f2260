import { StateError } from '../../base/errors.ts';

/*
 * Records: what driver, link and node managers say to each other, alike over a port and over a socket.
 *
 *   bytes 0-3    how long the body is
 *   bytes 4-7    what is said: a code
 *   bytes 8-11   about which task, or which function
 *   bytes 12-15  a number that goes with the code
 *
 * Then the body, filled up to a multiple of eight: a message in it can be read where it lies. Records that are said in one turn go in one piece.
 */
const HEADER = 16;
const FIRST_BYTES = 1 << 12;
/** A larger buffer is not kept for the next piece. */
const KEEP_BYTES = 1 << 16;
/** What fills less than this part of the buffer is little. */
const COPIED = 4;
/** No body is longer: a length beyond it is no length, but a sign that the two sides do not understand each other. */
export const BODY_MAX: number = 2 ** 30;

const paddedLength = (length: number): number => (length + 7) & ~7;

/** Collects records into one piece of bytes. */
export class RecordWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(code: number, id: number, extra: number, body: Uint8Array | null = null): void {
    const size = body?.length ?? 0;
    if (size > BODY_MAX) throw tooLong(size);
    const end = this.#length + HEADER + paddedLength(size);
    if (end > this.#bytes.length) this.#grow(end);
    const bytes = this.#bytes;
    bytes.writeUInt32LE(size, this.#length);
    bytes.writeUInt32LE(code, this.#length + 4);
    bytes.writeUInt32LE(id >>> 0, this.#length + 8);
    bytes.writeUInt32LE(extra >>> 0, this.#length + 12);
    if (body !== null) bytes.set(body, this.#length + HEADER);
    this.#length = end;
  }

  /** What has been collected, in memory of its own. */
  take(): Buffer<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.#length);
    // Little is copied out: a large buffer that is given away for each short message keeps the collector busy.
    if (this.#length * COPIED < this.#bytes.length) {
      const copy = Buffer.allocUnsafeSlow(this.#length);
      copy.set(taken);
      this.#length = 0;
      return copy;
    }
    this.#bytes = Buffer.allocUnsafeSlow(Math.min(Math.max(this.#bytes.length, FIRST_BYTES), KEEP_BYTES));
    this.#length = 0;
    return taken;
  }

  #grow(end: number): void {
    const larger = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(end)));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

export type OnRecord = (code: number, id: number, extra: number, body: Buffer) => void;

/** Cuts a stream of bytes into records. A body is valid as long as nobody writes to the bytes that were pushed. */
export class RecordReader {
  readonly #onRecord: OnRecord;
  #chunks: Buffer[] = [];
  #have = 0;
  #need = HEADER;

  constructor(onRecord: OnRecord) {
    this.#onRecord = onRecord;
  }

  /** How many bytes have come of a record that is not complete. */
  get pending(): number {
    return this.#have;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#have += chunk.length;
    if (this.#have < this.#need) return;
    // Joined only when a record is complete: a long body that comes in many pieces is copied once.
    const whole = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    const at = this.#cut(whole);
    this.#have = whole.length - at;
    this.#chunks = this.#have === 0 ? [] : [whole.subarray(at)];
  }

  /** Reads the records that are complete; says where the first one begins that is not. */
  #cut(bytes: Buffer): number {
    let at = 0;
    this.#need = HEADER;
    while (bytes.length - at >= HEADER) {
      const size = bytes.readUInt32LE(at);
      if (size > BODY_MAX) throw tooLong(size);
      const end = at + HEADER + paddedLength(size);
      if (end > bytes.length) {
        this.#need = end - at;
        break;
      }
      const body = bytes.subarray(at + HEADER, at + HEADER + size);
      this.#onRecord(bytes.readUInt32LE(at + 4), bytes.readUInt32LE(at + 8), bytes.readUInt32LE(at + 12), body);
      at = end;
    }
    return at;
  }
}

function tooLong(size: number): StateError {
  return new StateError(
    'ERR_RECORD_TOO_LONG',
    `a message between driver and node has ${size} bytes; ${BODY_MAX} are the most. Write what is larger to the shared folder, and pass its name`,
  );
}
