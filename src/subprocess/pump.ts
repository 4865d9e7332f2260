import { createWriteStream } from 'node:fs';
import { finished, PassThrough, Writable } from 'node:stream';
import type { Feed, FileRedirect, Sink } from './options.ts';
import type { ReadPipe } from './read-pipe.ts';
import type { Data, WritePipe } from './write-pipe.ts';

type Step = IteratorResult<Data, unknown>;
const OVER: Step = { done: true, value: undefined };

/**
 * Writes all of it, as fast as the child reads, and closes. A child that stops reading, or ends, is no error: the rest is not fetched
 * then. `whenEnded` is called once, to be told of that.
 */
export async function feed(pipe: WritePipe, pieces: Feed, whenEnded: (stop: () => void) => void): Promise<void> {
  const iterator = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : (pieces as Iterable<Data>)[Symbol.iterator]();
  let isEnded = false;
  let give: ((step: Step) => void) | null = null;
  whenEnded(() => {
    isEnded = true;
    give?.(OVER);
  });
  // A source that never gives another piece must not be waited for when nobody wants one.
  const next = (): Promise<Step> =>
    new Promise((resolve, reject) => {
      give = resolve;
      if (isEnded) resolve(OVER);
      else Promise.resolve(iterator.next()).then(resolve, reject);
    });
  let isExhausted = false;
  try {
    for (let step = await next(); step.done !== true; step = await next()) await pipe.write(step.value);
    isExhausted = !isEnded;
  } catch (error) {
    if (!isBrokenPipe(error)) throw error;
  } finally {
    if (!isExhausted) Promise.resolve(iterator.return?.()).catch(() => {});
    await pipe.close().catch((error: unknown) => {
      if (!isBrokenPipe(error)) throw error;
    });
  }
}

export const isBrokenPipe = (error: unknown): boolean =>
  ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_PIPE_IN_USE'].includes(
    (error as NodeJS.ErrnoException)?.code ?? '',
  );

/** Where an output goes that this process carries: streams, which stay open, for they may get more; files, which are closed; and a pipe to read. */
export interface Tee {
  readonly sinks: readonly (Sink | FileRedirect | number)[];
  readonly copy: PassThrough | null;
  /** The streams are ended with the output: they were given away for it. */
  readonly ends?: boolean;
}

/** Writes what a child writes to all of these, as fast as the slowest takes it. */
export async function drainTo(pipe: ReadPipe, { sinks, copy, ends = false }: Tee): Promise<void> {
  const targets = [...sinks.map((sink) => open(sink, ends)), ...(copy === null ? [] : [{ stream: copy as Writable, isOurs: true }])];
  const source = pipe.stream;
  let failure: { readonly error: unknown } | null = null;
  const fail = (error: unknown): void => {
    failure ??= { error };
    source.destroy();
  };
  for (const { stream } of targets) stream.on('error', fail);
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      const full = targets.filter(({ stream }) => stream.writable && !stream.write(chunk));
      await Promise.all(full.map(({ stream }) => drained(stream)));
    }
  } catch (error) {
    fail(error);
  }
  const ours = targets.filter(({ isOurs }) => isOurs);
  await Promise.all(
    ours.map(
      ({ stream }) =>
        new Promise<void>((resolve) => {
          if (stream === copy) resolve();
          else finished(stream, { readable: false }, () => resolve());
          stream.end();
        }),
    ),
  );
  // One last look: what was written last may fail a moment later.
  await new Promise((resolve) => setImmediate(resolve));
  for (const { stream } of targets) stream.off('error', fail);
  const found = failure as { readonly error: unknown } | null;
  if (found !== null && !(copy?.destroyed === true && isBrokenPipe(found.error))) throw found.error;
}

function open(sink: Sink | FileRedirect | number, ends: boolean): { readonly stream: Writable; readonly isOurs: boolean } {
  if (typeof sink === 'number') return { stream: createWriteStream('', { fd: sink, autoClose: false }), isOurs: true };
  if ('file' in sink) return { stream: createWriteStream(sink.file, { flags: sink.append === true ? 'a' : 'w' }), isOurs: true };
  return sink instanceof WritableStream
    ? { stream: Writable.fromWeb(sink as never), isOurs: true }
    : { stream: sink as Writable, isOurs: ends };
}

const drained = (stream: Writable): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      stream.off('error', done);
      resolve();
    };
    stream.on('drain', done).on('close', done).on('error', done);
  });
