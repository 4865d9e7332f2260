/*
 * Frames on a byte stream: four bytes of length, one of kind, then the body.
 */
const HEADER = 5;

/** What a frame says. */
export const FRAME = {
  /** To a child: run this. The body is a message. */
  start: 1,
  /** To a child, before that: who it is. The body is a message. */
  setup: 6,
  /** From a child: it is ready to be started. */
  ready: 2,
  /** From a child: it has read what it shall run. */
  begun: 7,
  /** From a child: the main function has ended; the body is a message, its result or its error. */
  done: 3,
  /** From a child: it failed before the main function began; the body is a message with the error. */
  failed: 4,
  /** Either way: whatever the two sides agree on. */
  data: 5,
} as const;

export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

export function frame(kind: FrameKind, body: Uint8Array = new Uint8Array(0)): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER + body.length);
  bytes.writeUInt32LE(body.length, 0);
  bytes[4] = kind;
  bytes.set(body, HEADER);
  return bytes;
}

/** Cuts a stream of bytes into frames. The body of a frame is the receiver's own. */
export class FrameReader {
  readonly #onFrame: (kind: FrameKind, body: Buffer) => void;
  #chunks: Buffer[] = [];
  #have = 0;
  #need = HEADER;

  constructor(onFrame: (kind: FrameKind, body: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#have += chunk.length;
    while (this.#have >= this.#need) {
      // Joined only when a frame is complete: a large body that comes in many pieces is copied once.
      const whole = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
      const rest = this.#cut(whole);
      this.#chunks = rest.length > 0 ? [rest] : [];
      this.#have = rest.length;
    }
  }

  #cut(bytes: Buffer): Buffer {
    let at = 0;
    this.#need = HEADER;
    while (bytes.length - at >= HEADER) {
      const length = bytes.readUInt32LE(at);
      if (bytes.length - at < HEADER + length) {
        this.#need = HEADER + length;
        break;
      }
      const body = Buffer.from(bytes.subarray(at + HEADER, at + HEADER + length));
      at += HEADER + length;
      this.#onFrame(bytes[at - HEADER - length + 4] as FrameKind, body);
    }
    return bytes.subarray(at);
  }
}
