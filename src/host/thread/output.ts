import { writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

/*
 * What a thread prints is written at once and in order, also while the main thread is blocked. Node would send it
 * to the main thread's event loop. Pieces of up to 4 KB are never torn by what other threads write.
 */
const PIECE = 4096;
const nap = new Int32Array(new SharedArrayBuffer(4));

export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at, Math.min(PIECE, bytes.length - at));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A pipe that somebody has made non-blocking, and that is full: its reader needs a moment.
      if (code === 'EAGAIN') Atomics.wait(nap, 0, 0, 1);
      else if (code === 'EPIPE') return;
      else throw error;
    }
  }
}

/** Makes `process.stdout` and `process.stderr` of this thread write by themselves. */
export function writeDirectly(): void {
  for (const [stream, fd] of [[process.stdout, 1] as const, [process.stderr, 2] as const]) {
    const writable = stream as unknown as Pick<Writable, '_write'> & { _writev: unknown };
    writable._write = (chunk: Buffer | string, encoding, done): void => {
      writeAll(fd, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
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
