import { writevSync } from 'node:fs';
import type { Socket } from 'node:net';
import { type Deferred, deferred } from '../../base/deferred.ts';
import { BrokenPipeError } from './errors.ts';
import { frameHeader } from './frame-cutter.ts';

/*
 * What is to be sent through a socket, in order.
 *
 * It is written to the descriptor directly, for then the news that nobody reads any more is an error of ours and not one that
 * has Node destroy the socket, together with what has come and was not read. Only what the system does not take at once is
 * given to the socket, which waits until it can be written; until then nothing else may be written.
 *
 *   a frame is   waiting   may be taken back
 *                begun     some of it is on its way: it is sent to its end, whoever waits for that
 *                sent      the system has all of it
 *                failed    nobody reads any more
 */
export interface Outgoing {
  readonly sent: Deferred<void>;
  readonly parts: Buffer[];
  is: 'waiting' | 'begun' | 'sent' | 'failed';
}

const PARTS_MAX = 512;
const WRITTEN_AT_ONCE = 1 << 20;

export class Outbox {
  readonly #socket: Socket;
  #waiting: Outgoing[] = [];
  #isLent = false;
  #broken: Error | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whether the socket has bytes that the system has not taken. */
  get isLent(): boolean {
    return this.#isLent;
  }
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }
  /** Why nothing can be sent any more. */
  get broken(): Error | null {
    return this.#broken;
  }

  /** Adds a frame, which `flush` sends. */
  add(body: Uint8Array): Outgoing {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const outgoing: Outgoing = { sent: deferred<void>(), parts: [frameHeader(body.length), bytes], is: 'waiting' };
    // Who does not wait for it does not want to hear of it.
    outgoing.sent.promise.catch(() => {});
    if (this.#broken === null) this.#waiting.push(outgoing);
    else lost(outgoing, this.#broken);
    return outgoing;
  }

  /** Takes back a frame that waits. False when it has begun. */
  withdraw(outgoing: Outgoing): boolean {
    if (outgoing.is !== 'waiting') return false;
    this.#waiting.splice(this.#waiting.indexOf(outgoing), 1);
    return true;
  }

  /** Writes what the system takes now. The rest stays for the next time, or, with `lend`, is the socket's to write when it can. */
  flush({ lend }: { readonly lend: boolean }): void {
    while (this.#waiting.length > 0 && !this.#isLent && this.#broken === null) {
      const { count, parts } = this.#batch();
      const written = this.#write(parts);
      if (written === null || this.#passed(count, written)) continue;
      if (lend) this.#lend();
      return;
    }
  }

  #batch(): { readonly count: number; readonly parts: readonly Buffer[] } {
    const parts: Buffer[] = [];
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && parts.length < PARTS_MAX && bytes < WRITTEN_AT_ONCE) {
      for (const part of this.#waiting[count++]!.parts) {
        parts.push(part);
        bytes += part.length;
      }
    }
    return { count, parts };
  }

  /** How many bytes the system took; `null` when nobody will read them. */
  #write(parts: readonly Buffer[]): number | null {
    const fd = descriptorOf(this.#socket);
    if (fd < 0) return this.fail(new BrokenPipeError('cannot send: the connection has ended'));
    try {
      return writevSync(fd, parts);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'EAGAIN' || code === 'EINTR') return 0;
      return this.fail(new BrokenPipeError(`cannot send: the other end of the connection is closed (${code})`, { cause }));
    }
  }

  /** Takes off what was written. False when something of these frames is left. */
  #passed(count: number, written: number): boolean {
    let left = written;
    for (let i = 0; i < count; i++) {
      const first = this.#waiting[0]!;
      while (first.parts.length > 0 && left >= first.parts[0]!.length) left -= first.parts.shift()!.length;
      if (first.parts.length > 0) {
        if (left > 0 || first.parts.length === 1) first.is = 'begun';
        first.parts[0] = first.parts[0]!.subarray(left);
        return false;
      }
      this.#waiting.shift();
      first.is = 'sent';
      first.sent.resolve();
    }
    return true;
  }

  #lend(): void {
    const outgoing = this.#waiting.shift()!;
    outgoing.is = 'begun';
    this.#isLent = true;
    const done = (error?: Error | null): void => {
      this.#isLent = false;
      if (error) {
        lost(outgoing, new BrokenPipeError('cannot send: the connection broke', { cause: error }));
        this.fail(new BrokenPipeError('cannot send: the connection broke', { cause: error }));
        return;
      }
      outgoing.is = 'sent';
      outgoing.sent.resolve();
      this.flush({ lend: true });
    };
    const last = outgoing.parts.pop()!;
    for (const part of outgoing.parts) this.#socket.write(part);
    this.#socket.write(last, done);
  }

  /** Nothing can be sent any more. */
  fail(error: Error): null {
    this.#broken ??= error;
    for (const outgoing of this.#waiting.splice(0)) lost(outgoing, this.#broken);
    return null;
  }
}

function lost(outgoing: Outgoing, error: Error): void {
  outgoing.is = 'failed';
  outgoing.sent.reject(error);
}

/** The socket's descriptor, for what Node has no words for; -1 when it has none any more. */
export function descriptorOf(socket: Socket): number {
  return (socket as { _handle?: { readonly fd?: number } | null })._handle?.fd ?? -1;
}
