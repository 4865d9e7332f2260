import { writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import * as mutex from '../../sync/mutex.ts';
import { block } from '../../sync/waiting.ts';
import { sharedHeap } from '../../word/heap.ts';

/*
 * What a thread prints is written at once and in order, also while the main thread is blocked. Node would send it
 * to the main thread's event loop. The threads of a process write to stdout and stderr one after the other, so nothing is
 * torn; against other processes, pieces of up to 4 KB are not. Files are opened to append: one write is one piece there.
 */
const PIECE = 4096;
const STATUS = 2;
/** Clears the line of the cursor, and what is below. */
export const ERASE = '\r\x1b[J';
const nap = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of it, waiting as long as that takes. An error has `bytesWritten`: how much was written before it. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  if (fd !== 1 && fd !== 2) return writePieces(fd, bytes, bytes.length);
  const block = outputBlock();
  locked(fd, block, () => {
    eraseStatus(block);
    writePieces(fd, bytes, PIECE);
  });
}

/** Draws something on the terminal behind stderr that `ERASE` removes. It is removed before any thread prints the next time. */
export function drawStatus(text: string): void {
  const block = outputBlock();
  locked(2, block, () => {
    writePieces(2, Buffer.from(text), PIECE);
    Atomics.store(sharedHeap().i32, block / 4 + STATUS, 1);
  });
}

function eraseStatus(block: number): void {
  const { i32 } = sharedHeap();
  const status = block / 4 + STATUS;
  if (Atomics.load(i32, status) === 1 && Atomics.exchange(i32, status, 0) === 1) writePieces(2, Buffer.from(ERASE), PIECE);
}

function locked(fd: 1 | 2, lockBlock: number, write: () => void): void {
  const lock = sharedHeap().word(lockBlock + (fd - 1) * 4);
  if (!mutex.tryAcquire(lock)) block(mutex.acquire(lock, undefined, true));
  try {
    write();
  } finally {
    mutex.release(lock);
  }
}

/** What all threads share: word 0 the lock of stdout, word 1 that of stderr, word 2 whether a status is drawn. */
function outputBlock(): number {
  const heap = sharedHeap();
  const root = heap.rootOffset('output') / 4;
  if (Atomics.load(heap.i32, root) === 0) {
    const made = heap.allocate(16);
    if (Atomics.compareExchange(heap.i32, root, 0, made / 16) !== 0) heap.release(made);
  }
  return (Atomics.load(heap.i32, root) >>> 0) * 16;
}

function writePieces(fd: number, bytes: Uint8Array, piece: number): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at, Math.min(piece, bytes.length - at));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A pipe that somebody has made non-blocking, and that is full: its reader needs a moment.
      if (code === 'EAGAIN') Atomics.wait(nap, 0, 0, 1);
      else if (code === 'EPIPE') return;
      else throw Object.assign(error as Error, { bytesWritten: at });
    }
  }
}

/** Hears what this thread writes to stderr. Set by whoever runs here. */
export const onStderr: { current: ((bytes: Uint8Array) => void) | null } = { current: null };

/** Makes `process.stdout` and `process.stderr` of this thread write by themselves. */
export function writeDirectly(): void {
  for (const [stream, fd] of [[process.stdout, 1] as const, [process.stderr, 2] as const]) {
    const writable = stream as unknown as Pick<Writable, '_write'> & { _writev: unknown };
    writable._write = (chunk: Buffer | string, encoding, done): void => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
      if (fd === 2) onStderr.current?.(bytes);
      writeAll(fd, bytes);
      done();
    };
    writable._writev = null;
  }
}

let drawers = 0;
let giveBack: (() => void)[] = [];

/** Has a status be removed as well before Node's own streams print in this thread, until the returned function is called. */
export function eraseBeforeStreams(): () => void {
  if (drawers++ === 0) giveBack = [process.stdout, process.stderr].map((stream) => eraseBefore(stream));
  return () => {
    if (--drawers === 0) for (const undo of giveBack.splice(0)) undo();
  };
}

function eraseBefore(stream: NodeJS.WriteStream): () => void {
  const before = Object.getOwnPropertyDescriptor(stream, 'write');
  const write = stream.write as (...args: unknown[]) => boolean;
  const wrapped = ((...args: unknown[]): boolean => {
    eraseStatus(outputBlock());
    return write.apply(stream, args);
  }) as typeof stream.write;
  stream.write = wrapped;
  return () => {
    // Somebody may have put another one over it.
    if (stream.write !== wrapped) return;
    if (before === undefined) delete (stream as { write?: unknown }).write;
    else Object.defineProperty(stream, 'write', before);
  };
}

/** The main thread's pipes are written at once as well, so that its lines and those of threads come in order. */
export function orderOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    (stream as { _handle?: { setBlocking?: (on: boolean) => void } })._handle?.setBlocking?.(true);
  }
}
