import { readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { StateError } from '../base/errors.ts';
import type { Wait } from '../base/deadline.ts';
import { deferred } from '../base/deferred.ts';
import { within } from '../base/within.ts';
import { POLLIN, pollDescriptors } from '../system/poll.ts';
import { Collector } from './collector.ts';
import { closeSource, Inflow } from './inflow.ts';
import { LineIterator, splitLines } from './lines.ts';
import { closeWhenLost, type Held } from './lost.ts';
import type { Coding } from './text.ts';

/*
 *   BARE     a descriptor, of which nothing was read: it may be given to another child as it is
 *   READING  bytes come into this process
 *   GIVEN    another child has it
 *   CLOSED
 *
 *   BARE -> READING  the first read that awaits
 *   BARE -> GIVEN    it becomes the input of another command; not one byte has come through here
 *   any -> CLOSED    close
 */
type State =
  | { readonly is: 'bare'; readonly source: number | Readable }
  | { readonly is: 'reading'; readonly flow: Inflow }
  | { readonly is: 'given'; readonly to: string }
  | { readonly is: 'closed' };

/** How lines are read. */
export interface LineOptions extends Pick<Wait, 'signal'> {
  /** The newline stays at the end of each line. */
  readonly keepEnds?: boolean | undefined;
}

const CHUNK = 64 * 1024;

/**
 * The end of a pipe from which a child's output is read: `stdout` and `stderr` of a `Popen`.
 *
 * What it gives is bytes, or text if that was asked for. Until it is read first, it can be given to another command as input,
 * by `stdin: other.stdout`, at any time and without loss.
 */
export class ReadPipe<T extends Buffer | string = Buffer | string> implements AsyncIterable<string> {
  #state: State;
  readonly #held: Held;
  readonly #coding: Coding | null;
  readonly #name: string;
  #stream: Readable | null = null;

  /** @internal */
  constructor(source: number | Readable, name: string, coding: Coding | null) {
    this.#state = { is: 'bare', source };
    this.#held = closeWhenLost(this, source);
    this.#name = name;
    this.#coding = coding;
  }

  /** The descriptor, for other code to read. `StateError` once somebody reads here, and where there is none. */
  get fd(): number {
    const source = this.#bare('tell the descriptor of');
    if (typeof source === 'number') return source;
    throw new StateError('ERR_NO_LIBRARY', `${this.#name} has no descriptor of its own here`);
  }

  /** Whether it was closed here. */
  get closed(): boolean {
    return this.#state.is === 'closed';
  }

  /** @internal What can be given away; `StateError` when that is no longer possible. */
  offer(act: string): number | Readable {
    return this.#bare(act);
  }

  /** @internal Gives it away. */
  give(to: string): number | Readable {
    const source = this.#bare(`give ${to}`);
    this.#held.fd = -1;
    this.#state = { is: 'given', to };
    return source;
  }

  #bare(act: string): number | Readable {
    const state = this.#state;
    if (state.is === 'bare') return state.source;
    throw new StateError('ERR_PIPE_IN_USE', `cannot ${act} ${this.#name}: ${describe(state)}`);
  }

  /** @internal The bytes, for whoever reads. */
  flow(): Inflow {
    const state = this.#state;
    if (state.is === 'reading') return state.flow;
    const flow = new Inflow(this.#bare('read'));
    this.#held.fd = -1;
    this.#state = { is: 'reading', flow };
    return flow;
  }

  /** @internal */
  flowIfOpen(): Inflow | null {
    return this.#state.is === 'reading' ? this.#state.flow : null;
  }

  /** @internal Whether nothing can be read any more because it was closed or given away. */
  get isGone(): boolean {
    return this.#state.is === 'closed' || this.#state.is === 'given';
  }

  /** Reads until the child, and whoever else writes there, has closed the pipe. Rejects with the signal's reason; what has come is kept then. */
  async read(wait: Pick<Wait, 'signal'> = {}): Promise<T> {
    const flow = this.flow();
    const done = deferred<void>();
    const all = new Collector(
      Infinity,
      () => {},
      (error) => (error === null ? done.resolve() : done.reject(error)),
    );
    flow.deliverTo(all);
    try {
      await within(done.promise, wait);
    } catch (error) {
      flow.deliverTo(null);
      flow.unread(all.bytes());
      throw error;
    }
    return this.#output(all.bytes());
  }

  /** The blocking twin of `read`; not after the first read that awaits. */
  readSync(): T {
    return this.#output(Buffer.concat([...this.#piecesSync()]));
  }

  #output(bytes: Buffer): T {
    return (this.#coding === null ? bytes : this.#coding.decode(bytes)) as T;
  }

  *#piecesSync(): Generator<Buffer> {
    const fd = this.#bare('block on');
    if (typeof fd !== 'number')
      throw new StateError('ERR_NO_LIBRARY', `cannot block on ${this.#name}: it has no descriptor of its own here`);
    for (;;) {
      const piece = Buffer.allocUnsafe(CHUNK);
      let count = 0;
      try {
        count = readSync(fd, piece);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        pollDescriptors([{ fd, events: POLLIN }], Infinity);
        continue;
      }
      if (count === 0) return;
      yield piece.subarray(0, count);
    }
  }

  /**
   * The lines, as they come: the child waits when they are not taken. Text in UTF-8, unless the command has an encoding. Leaving the
   * loop closes the pipe.
   */
  lines(options: LineOptions = {}): AsyncIterableIterator<string> {
    return new LineIterator(this.flow(), () => this.close(), this.#coding, options);
  }

  /** The blocking twin of `lines`. */
  *linesSync({ keepEnds = false }: LineOptions = {}): Generator<string, void, void> {
    try {
      yield* splitLines(this.#piecesSync(), this.#coding, keepEnds);
    } finally {
      this.close();
    }
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<string> {
    return this.lines();
  }

  /** The pieces in which the bytes come, as a stream of Node's. */
  get stream(): Readable {
    if (this.#stream !== null) return this.#stream;
    const flow = this.flow();
    const stream: Readable = new Readable({
      read: () =>
        flow.deliverTo({
          chunk: (bytes) => stream.push(bytes),
          end: (error) => void (error === null ? stream.push(null) : stream.destroy(error)),
        }),
      destroy: (error, done) => {
        this.close();
        done(error);
      },
    });
    return (this.#stream = stream);
  }

  /** The same as a stream of the web. */
  get web(): ReadableStream<Uint8Array> {
    return Readable.toWeb(this.stream) as unknown as ReadableStream<Uint8Array>;
  }

  /** Closes it: a child that writes there gets SIGPIPE. Without effect when it is closed or given away. */
  close(): void {
    const state = this.#state;
    if (state.is === 'given') return;
    this.#held.fd = -1;
    this.#state = { is: 'closed' };
    if (state.is === 'bare') closeSource(state.source);
    if (state.is === 'reading') state.flow.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function describe(state: State): string {
  if (state.is === 'given') return `it was given ${state.to}, and a pipe has one reader`;
  return state.is === 'closed' ? 'it is closed' : 'bytes of it have come into this process already';
}
