import { closeSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { StateError } from '../base/errors.ts';
import type { Wait } from '../base/deadline.ts';
import { deferred } from '../base/deferred.ts';
import { within } from '../base/within.ts';
import { setPipeSize, WIDE_PIPE } from '../system/pipes.ts';
import { POLLOUT, pollDescriptors } from '../system/poll.ts';
import { closeWhenLost, type Held } from './lost.ts';
import type { Coding } from './text.ts';

type State =
  | { readonly is: 'bare'; readonly target: number | Writable }
  | { readonly is: 'writing'; readonly stream: Writable }
  | { readonly is: 'given'; readonly to: string }
  | { readonly is: 'closed' };

/** What can be written: bytes, or text, which goes out in the command's encoding. */
export type Data = string | Uint8Array;

/**
 * The end of a pipe through which a child gets its input: `stdin` of a `Popen`. It may be given to another command as its output, by
 * `stdout: other.stdin`, until it is written to.
 */
export class WritePipe implements AsyncDisposable {
  #state: State;
  readonly #held: Held;
  readonly #coding: Coding | null;
  readonly #name: string;

  /** @internal */
  constructor(target: number | Writable, name: string, coding: Coding | null) {
    this.#state = { is: 'bare', target };
    this.#held = closeWhenLost(this, target);
    this.#name = name;
    this.#coding = coding;
  }

  /** The descriptor, for other code to write to. `StateError` once somebody writes here, and where there is none. */
  get fd(): number {
    const target = this.#bare('tell the descriptor of');
    if (typeof target === 'number') return target;
    throw new StateError('ERR_NO_LIBRARY', `${this.#name} has no descriptor of its own here`);
  }

  /** Whether it was closed here. */
  get closed(): boolean {
    return this.#state.is === 'closed';
  }

  /** @internal */
  get isGone(): boolean {
    return this.#state.is === 'closed' || this.#state.is === 'given';
  }

  /** @internal What can be given away; `StateError` when that is no longer possible. */
  offer(act: string): number | Writable {
    return this.#bare(act);
  }

  /** @internal Gives it away. */
  give(to: string): number | Writable {
    const target = this.#bare(`give ${to}`);
    this.#held.fd = -1;
    this.#state = { is: 'given', to };
    return target;
  }

  #bare(act: string): number | Writable {
    const state = this.#state;
    if (state.is === 'bare') return state.target;
    const why = state.is === 'given' ? `it was given ${state.to}` : state.is === 'closed' ? 'it is closed' : 'it was written to already';
    throw new StateError('ERR_PIPE_IN_USE', `cannot ${act} ${this.#name}: ${why}`);
  }

  /** The pipe as a stream of Node's. */
  get stream(): Writable {
    if (this.#state.is === 'writing') return this.#state.stream;
    const target = this.#bare('write to');
    const stream = typeof target === 'number' ? new Socket({ fd: target, readable: false, writable: true }) : target;
    (stream as Partial<Socket>).ref?.();
    // Whoever writes is told by the write itself. A child that stops reading is no uncaught error.
    stream.on('error', () => {});
    this.#held.fd = -1;
    this.#state = { is: 'writing', stream };
    return stream;
  }

  /** @internal Makes room for much, so that the child and this thread take turns less often. */
  widen(): void {
    if (this.#state.is === 'bare' && typeof this.#state.target === 'number') setPipeSize(this.#state.target, WIDE_PIPE);
  }

  /** @internal */
  encoded(data: Data): Uint8Array {
    return typeof data === 'string' ? (this.#coding?.encode(data) ?? Buffer.from(data)) : data;
  }

  /** Writes, and resolves when the pipe has taken it all. Rejects with `EPIPE` when nobody reads any more, and with the signal's reason. */
  async write(data: Data, wait: Pick<Wait, 'signal'> = {}): Promise<void> {
    const done = deferred<void>();
    this.stream.write(this.encoded(data), (error) => (error ? done.reject(brokenPipe(error)) : done.resolve()));
    await within(done.promise, wait);
  }

  /** The blocking twin of `write`; not after the first that awaits. */
  writeSync(data: Data): void {
    const fd = this.#bare('block on');
    if (typeof fd !== 'number')
      throw new StateError('ERR_NO_LIBRARY', `cannot block on ${this.#name}: it has no descriptor of its own here`);
    const bytes = this.encoded(data);
    for (let at = 0; at < bytes.length;) {
      try {
        at += writeSync(fd, bytes, at);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        pollDescriptors([{ fd, events: POLLOUT }], Infinity);
      }
    }
  }

  /**
   * Closes it when everything is written: the child reads the end of its input. Rejects with `EPIPE` when that could not be. Who no longer
   * waits, by the signal or because its task was cancelled, leaves what is written and the closing to go on.
   */
  async close(wait: Pick<Wait, 'signal'> = {}): Promise<void> {
    if (this.#state.is !== 'writing') return this.closeNow();
    const { stream } = this.#state;
    this.#state = { is: 'closed' };
    if (stream.destroyed) {
      if (stream.errored) throw brokenPipe(stream.errored);
      return;
    }
    const done = deferred<void>();
    stream.end((error?: Error | null) => (error ? done.reject(brokenPipe(error)) : done.resolve()));
    // Nobody may be left to hear of it.
    done.promise.catch(() => {});
    await within(done.promise, wait);
  }

  /** Closes it at once: what was not written yet is lost. Without effect when it is closed or given away. */
  closeNow(): void {
    const state = this.#state;
    if (state.is === 'given') return;
    this.#held.fd = -1;
    this.#state = { is: 'closed' };
    if (state.is === 'writing') state.stream.destroy();
    if (state.is === 'bare') {
      if (typeof state.target === 'number') closeSync(state.target);
      else state.target.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
  }
}

/** That nobody reads any more has several names: what a stream says after its first error, and what a socket says. */
function brokenPipe(error: Error): Error {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (!['ERR_STREAM_DESTROYED', 'ECONNRESET'].includes(code)) return error;
  return Object.assign(new Error('write EPIPE: the command reads no more', { cause: error }), { code: 'EPIPE', syscall: 'write' });
}
