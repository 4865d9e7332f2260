import { readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { type Deadline, deadlineAfter, NEVER, remaining, type Wait } from '../../base/deadline.ts';
import { type Deferred, deferred } from '../../base/deferred.ts';
import { StateError } from '../../base/errors.ts';
import { within } from '../../base/within.ts';
import { POLLIN, POLLOUT, pollDescriptors } from '../../system/poll.ts';
import { ConnectionBrokenError, EndOfFileError } from './errors.ts';
import { FrameCutter } from './frame-cutter.ts';
import { descriptorOf, Outbox } from './outbox.ts';

/** Longer bodies are refused, unless the receiver allows more. */
export const FRAME_BYTES_MAX: number = 0x7fff_ffff;
/** So much is taken from the system before somebody wants it. Then the sender waits. */
const UNREAD_BYTES_MAX = 1 << 20;
const CHUNK = 1 << 16;
/** Where what a blocked thread reads comes first. */
const scratch = Buffer.allocUnsafeSlow(CHUNK);
/** A thread that blocks in the system can't be ended: it comes back so often. */
const SLICE_MS = 100;

export type BlockingWait = Pick<Wait, 'timeout'>;

/**
 * Whole messages, as bytes, over a stream socket, which is this object's from now on.
 *
 * The socket keeps the event loop alive while somebody waits for something, and not otherwise.
 */
export class Frames implements Disposable {
  /** A longer body breaks the connection, before it is read. May be changed until the frame has come to its turn. */
  limit: number;
  readonly #socket: Socket;
  readonly #cutter = new FrameCutter();
  readonly #outbox: Outbox;
  readonly #whenEnded = deferred<void>();
  #ended: Error | null = null;
  #changed: Deferred<void> | null = null;
  #isFlushDue = false;
  #waiters = 0;
  #hear: ((body: Buffer) => void) | null = null;

  constructor(socket: Socket, { limit = FRAME_BYTES_MAX }: { readonly limit?: number | undefined } = {}) {
    this.limit = limit;
    this.#socket = socket;
    this.#outbox = new Outbox(socket);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('end', () => this.#end(endOfFile()));
    socket.on('error', (cause) =>
      this.#end(new ConnectionBrokenError('ERR_CONNECTION_RESET', `the connection broke: ${cause.message}`, { cause })),
    );
    socket.on('close', () => this.#end(endOfFile()));
    socket.unref();
  }

  /** Resolves when nothing more will come; what has come can still be received. Does not keep the event loop alive. */
  get ended(): Promise<void> {
    return this.#whenEnded.promise;
  }

  /** The descriptor of the socket; -1 when it is closed. */
  get fd(): number {
    return descriptorOf(this.#socket);
  }

  /** How many bytes have come and were not received. */
  get unread(): number {
    return this.#cutter.bytes;
  }

  get socket(): Socket {
    return this.#socket;
  }

  /**
   * Sends a frame: resolves with true when the system has all of it, with false when time was up. It is not sent then if it
   * had not begun; a frame that has begun is sent to its end. The body must not be changed before. Rejects with `BrokenPipeError`.
   */
  async send(body: Uint8Array, wait?: Wait): Promise<boolean> {
    const outgoing = this.#outbox.add(body);
    // Together with what else is sent in this turn.
    if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      process.nextTick(() => this.#flush());
    }
    this.hold();
    try {
      const { inTime } = await within(outgoing.sent.promise, wait);
      if (!inTime) this.#outbox.withdraw(outgoing);
      return inTime;
    } catch (error) {
      this.#outbox.withdraw(outgoing);
      throw error;
    } finally {
      this.letGo();
    }
  }

  /** The blocking twin of `send`. `StateError` while a `send` is under way that the system has not taken. */
  sendSync(body: Uint8Array, { timeout }: BlockingWait = {}): boolean {
    const deadline = deadlineAfter(timeout);
    if (this.#outbox.isLent)
      throw new StateError(
        'ERR_SEND_PENDING',
        'cannot send and block: an earlier send() of this connection waits for the reader. Await it first',
      );
    const outgoing = this.#outbox.add(body);
    for (;;) {
      this.#outbox.flush({ lend: false });
      if (outgoing.is === 'failed') throw this.#outbox.broken!;
      if (outgoing.is === 'sent') return true;
      if (remaining(deadline) > 0) this.#poll(POLLOUT, deadline);
      else if (this.#outbox.withdraw(outgoing)) return false;
      else break;
    }
    // Half of it is sent: the socket does the other half.
    this.#outbox.flush({ lend: true });
    return false;
  }

  #flush(): void {
    this.#isFlushDue = false;
    this.#outbox.flush({ lend: true });
  }

  /** The next frame, if it is here; `null` otherwise. Throws when none will come: `EndOfFileError`, `ConnectionBrokenError`. */
  tryReceive(): Buffer | null {
    this.#refuseTooLong();
    const body = this.#cutter.next();
    if (body !== null) {
      if (this.#cutter.bytes < UNREAD_BYTES_MAX && this.#socket.isPaused()) this.#socket.resume();
      return body;
    }
    if (this.#ended === null) return null;
    if (this.#ended instanceof EndOfFileError && this.#cutter.bytes > 0) throw halfFrame(this.#cutter.bytes);
    throw this.#ended;
  }

  /** Whether a frame is here, or none will come any more. */
  get isReady(): boolean {
    return this.#cutter.hasNext || this.#ended !== null;
  }

  /** Receives a frame, in memory of its own; `null` when time was up. Rejects as `tryReceive` throws. */
  async receive(wait: Wait = {}): Promise<Buffer | null> {
    const deadline = deadlineAfter(wait.timeout);
    for (;;) {
      const body = this.tryReceive();
      if (body !== null || !(await this.#change(deadline, wait.signal))) return body ?? this.tryReceive();
    }
  }

  /** The blocking twin of `receive`. */
  receiveSync({ timeout }: BlockingWait = {}): Buffer | null {
    const deadline = deadlineAfter(timeout);
    for (;;) {
      const body = this.tryReceive();
      if (body !== null || !this.#readNow(deadline)) return body ?? this.tryReceive();
    }
  }

  /** Waits until `isReady`; false when time was up. */
  async ready({ timeout, signal }: Wait = {}): Promise<boolean> {
    const deadline = deadlineAfter(timeout);
    while (!this.isReady) if (!(await this.#change(deadline, signal))) return this.isReady;
    return true;
  }
  readySync({ timeout }: BlockingWait = {}): boolean {
    const deadline = deadlineAfter(timeout);
    while (!this.isReady) if (!this.#readNow(deadline)) return this.isReady;
    return true;
  }

  /** Has each frame handed to `hear` as it comes, from now on: nothing is to be received any other way then. */
  listen(hear: (body: Buffer) => void): void {
    this.#hear = hear;
    this.#deliver();
  }

  /** Blocks until something has come, which `listen` is told of, or nothing will come any more; false when time was up. */
  listenSync({ timeout }: BlockingWait = {}): boolean {
    if (this.#ended !== null) throw this.#ended;
    return this.#readNow(deadlineAfter(timeout));
  }

  #deliver(): void {
    for (let body = this.#cutter.next(); body !== null; body = this.#cutter.next()) this.#hear?.(body);
  }

  /** Keeps the event loop alive until `letGo` is called as often. */
  hold(): void {
    if (this.#waiters++ === 0) this.#socket.ref();
  }
  letGo(): void {
    if (--this.#waiters === 0) this.#socket.unref();
  }

  /** All frames, until the other side closes. Throws when the connection breaks. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      try {
        yield (await this.receive())!;
      } catch (error) {
        if (error instanceof EndOfFileError) return;
        throw error;
      }
    }
  }

  /** Closes the connection. What was sent is sent; what was not received is dropped; who waits is told by `StateError`. */
  close(): void {
    this.#outbox.flush({ lend: true });
    this.#end(closed());
    this.#ended = closed();
    this.#cutter.clear();
    this.#outbox.fail(closed());
    if (this.#outbox.isLent) this.#socket.destroySoon();
    else this.#socket.destroy();
  }
  [Symbol.dispose](): void {
    this.close();
  }

  #received(chunk: Buffer): void {
    this.#cutter.push(chunk);
    if (this.#hear !== null) this.#deliver();
    this.#refuseTooLong();
    if (!this.#cutter.hasNext) return;
    if (this.#cutter.bytes >= UNREAD_BYTES_MAX) this.#socket.pause();
    this.#tell();
  }

  /** A length that nobody asked for ends it before its bytes take memory. */
  #refuseTooLong(): void {
    const length = this.#cutter.nextLength;
    if (length === null || (length >= 0 && length <= this.limit)) return;
    const what = length < 0 ? 'its header is none' : `it has ${length} bytes, at most ${this.limit} are allowed`;
    this.#cutter.clear();
    this.#end(new ConnectionBrokenError('ERR_FRAME_TOO_LONG', `a message was refused: ${what}. The connection is closed`));
    this.#socket.destroy();
  }

  #end(reason: Error): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    this.#whenEnded.resolve();
    this.#tell();
  }

  #tell(): void {
    this.#changed?.resolve();
    this.#changed = null;
  }

  /** Waits until something has come, for everybody who waits; false when time was up. */
  async #change(deadline: Deadline, signal: AbortSignal | undefined): Promise<boolean> {
    if (remaining(deadline) === 0) return false;
    this.#changed ??= deferred<void>();
    this.hold();
    try {
      return (await within(this.#changed.promise, { timeout: remaining(deadline), signal })).inTime;
    } finally {
      this.letGo();
    }
  }

  /** Blocks until some bytes have been read, or none will come; false when time was up. */
  #readNow(deadline: Deadline): boolean {
    // Bytes that Node has read and not handed over; `received` gets them.
    let some = false;
    while (this.#socket.read() !== null) some = true;
    if (some) return true;
    for (;;) {
      // What this thread owes goes first: the other side may wait for it.
      this.#outbox.flush({ lend: false });
      const { fd } = this;
      // Asked first: to read in vain costs an error, which is dear.
      if (fd >= 0 && !this.#poll(this.#outbox.isEmpty || this.#outbox.isLent ? POLLIN : POLLIN | POLLOUT, deadline)) {
        if (remaining(deadline) === 0) return false;
        continue;
      }
      if (fd < 0) {
        this.#end(endOfFile());
        return true;
      }
      try {
        const count = readSync(fd, scratch, 0, CHUNK, null);
        if (count === 0) {
          this.#end(endOfFile());
          return true;
        }
        this.#received(Buffer.from(scratch.subarray(0, count)));
        return true;
      } catch (cause) {
        const { code, message } = cause as NodeJS.ErrnoException;
        if (code !== 'EAGAIN' && code !== 'EINTR') {
          this.#end(new ConnectionBrokenError('ERR_CONNECTION_RESET', `the connection broke: ${message}`, { cause }));
          return true;
        }
      }
    }
  }

  /** Waits for a while; whether there is something to read. */
  #poll(events: number, deadline: Deadline): boolean {
    const { fd } = this;
    if (fd < 0) return false;
    const [ready] = pollDescriptors([{ fd, events }], Math.min(SLICE_MS, deadline === NEVER ? SLICE_MS : remaining(deadline)));
    return (ready! & ~POLLOUT) !== 0;
  }
}

const endOfFile = (): Error => new EndOfFileError('nothing more to receive: the other end of the connection is closed');

function halfFrame(bytes: number): Error {
  return new ConnectionBrokenError('ERR_HALF_FRAME', `the connection ended in the middle of a message, of which ${bytes} bytes had come`);
}

function closed(): StateError {
  return new StateError('ERR_CONNECTION_CLOSED', 'this connection is closed: this thread has closed it');
}
