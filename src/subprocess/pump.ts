import { Readable, Writable } from 'node:stream';
import type { Feed, Sink } from './options.ts';
import type { ReadPipe } from './read-pipe.ts';
import type { Data, WritePipe } from './write-pipe.ts';

/** Writes all of it, as fast as the child reads, and closes. A child that stops reading is no error: the rest is not fetched then. */
export async function feed(pipe: WritePipe, pieces: Feed): Promise<void> {
  try {
    for await (const piece of pieces as AsyncIterable<Data>) await pipe.write(piece);
  } catch (error) {
    if (!isBrokenPipe(error)) throw error;
  } finally {
    await pipe.close().catch((error: unknown) => {
      if (!isBrokenPipe(error)) throw error;
    });
  }
}

export const isBrokenPipe = (error: unknown): boolean =>
  ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE'].includes((error as NodeJS.ErrnoException)?.code ?? '');

/** Writes what a child writes to a stream, as fast as that takes it. The stream is left open, for it may get more. */
export async function drainTo(pipe: ReadPipe, sink: Sink): Promise<void> {
  const target = sink instanceof WritableStream ? Writable.fromWeb(sink as never) : (sink as Writable);
  const source: Readable = pipe.stream;
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => {
      source.destroy();
      reject(error);
    };
    target.once('error', fail);
    source.once('error', reject);
    source.once('end', () => {
      target.off('error', fail);
      if (sink instanceof WritableStream) target.end(() => resolve());
      else resolve();
    });
    source.pipe(target, { end: false });
  });
}
