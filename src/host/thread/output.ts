import { writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import * as mutex from '../../sync/mutex.ts';
import { block } from '../../sync/waiting.ts';
import { sharedHeap } from '../../word/heap.ts';
import type { FutexWord } from '../../word/word.ts';

/*
 * What a thread prints is written at once and in order, also while the main thread is blocked. Node would send it
 * to the main thread's event loop. The threads of a process write to stdout and stderr one after the other, so nothing is
 * torn; against other processes, pieces of up to 4 KB are not. Files are opened to append: one write is one piece there.
 */
const PIECE = 4096;
const nap = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of it, waiting as long as that takes. An error has `bytesWritten`: how much was written before it. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  if (fd !== 1 && fd !== 2) return writePieces(fd, bytes, bytes.length);
  const lock = outputLock(fd);
  if (!mutex.tryAcquire(lock)) block(mutex.acquire(lock, undefined, true));
  try {
    writePieces(fd, bytes, PIECE);
  } finally {
    mutex.release(lock);
  }
}

/** One lock for stdout and one for stderr, in a block that all threads find. */
function outputLock(fd: 1 | 2): FutexWord {
  const heap = sharedHeap();
  const root = heap.rootOffset('output') / 4;
  if (Atomics.load(heap.i32, root) === 0) {
    const made = heap.allocate(16);
    if (Atomics.compareExchange(heap.i32, root, 0, made / 16) !== 0) heap.release(made);
  }
  return heap.word((Atomics.load(heap.i32, root) >>> 0) * 16 + (fd - 1) * 4);
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

/** The main thread's pipes are written at once as well, so that its lines and those of threads come in order. */
export function orderOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    (stream as { _handle?: { setBlocking?: (on: boolean) => void } })._handle?.setBlocking?.(true);
  }
}
