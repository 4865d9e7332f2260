import { FrameCutter, frameHeader } from '../peer/frame-cutter.ts';

/*
 * What a process and its parent say to each other: frames (see frame-cutter.ts) of a body and its kind.
 */

/** What a frame says. */
export const FRAME = {
  /** To a child: run this. The body is a message. */
  start: 1,
  /** To a child, before that: who it is. The body is a message. */
  setup: 6,
  /** From a child: it is ready to be started. The body is its number, in four bytes. */
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

/** The kind comes last: so the body begins where memory is aligned, and is read without a copy. */
export function frame(kind: FrameKind, body: Uint8Array = new Uint8Array(0)): Buffer {
  return Buffer.concat([frameHeader(body.length + 1), body, Buffer.of(kind)]);
}

/** Cuts a stream of bytes into frames. The body of a frame is the receiver's own. */
export class FrameReader {
  readonly #onFrame: (kind: FrameKind, body: Buffer) => void;
  readonly #cutter = new FrameCutter();

  constructor(onFrame: (kind: FrameKind, body: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    this.#cutter.push(chunk);
    for (let next = this.#cutter.next(); next !== null; next = this.#cutter.next())
      this.#onFrame(next.at(-1) as FrameKind, next.subarray(0, -1));
  }
}
