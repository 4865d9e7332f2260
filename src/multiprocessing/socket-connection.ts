import { asked, type Wait } from '../base/deadline.ts';
import { StateError } from '../base/errors.ts';
import type { BlockingWait, Frames } from '../host/peer/frames.ts';
import { SendError } from '../message/index.ts';
import { reduce } from '../message/closures/index.ts';
import { QueueFull } from '../queue/index.ts';
import { type AtMost, type ByteRange, bytesOf, Connection, type Message, slice, valueOf } from './connection.ts';
import { isValue, letterOf, openLetter, openLetterSync, plainBytes, plainBytesOf } from './letter.ts';

/**
 * A connection to another program, on this machine or another one: what `Client` and `Listener.accept` give.
 *
 * Values arrive as copies; what lies in shared memory can't be sent. Functions and classes can, and whoever receives one may
 * run it: connect only to programs that you trust, and prove it with a secret. Bytes are exchanged with Python's
 * `multiprocessing.connection` as well.
 */
export class SocketConnection extends Connection {
  readonly #frames: Frames;
  #closed = false;

  /** @internal Made by `Client` and `Listener`. */
  constructor(frames: Frames) {
    super();
    this.#frames = frames;
  }

  override get readable(): boolean {
    return true;
  }
  override get writable(): boolean {
    return true;
  }
  override get closed(): boolean {
    return this.#closed;
  }

  /** The descriptor of its socket: for looking at, not for reading or closing. Python's `fileno()`. */
  get fd(): number {
    this.#check('ask for the descriptor of');
    return this.#frames.fd;
  }

  /** Resolves when the other side is gone, or this one is closed. Does not keep the program alive. */
  get ended(): Promise<void> {
    return this.#frames.ended;
  }

  [reduce](): never {
    throw new SendError('E_SOCKET', "a connection to another program can't be sent", {
      hint: 'send its address, and connect from there; or use the ends of a Pipe(), which travel between processes',
    });
  }

  #check(act: string): void {
    if (this.#closed) throw new StateError('ERR_CONNECTION_CLOSED', `cannot ${act} this connection: this thread has closed it`);
  }

  override async send(value: unknown, wait?: Wait): Promise<void> {
    this.#check('send through');
    sentInTime(await this.#frames.send(letterOf(value), wait));
  }
  override sendSync(value: unknown, wait?: BlockingWait): void {
    this.#check('send through');
    sentInTime(this.#frames.sendSync(letterOf(value), wait));
  }

  override async sendBytes(bytes: Uint8Array, options?: Wait & ByteRange): Promise<void> {
    const { offset, size, ...wait } = asked(options);
    this.#check('send through');
    sentInTime(await this.#frames.send(plainBytes(slice(bytes, { offset, size })), wait));
  }
  override sendBytesSync(bytes: Uint8Array, options?: BlockingWait & ByteRange): void {
    const { offset, size, ...wait } = asked(options);
    this.#check('send through');
    sentInTime(this.#frames.sendSync(plainBytes(slice(bytes, { offset, size })), wait));
  }

  override async recv(wait?: Wait): Promise<unknown> {
    this.#check('receive from');
    const body = await this.#frames.receive(wait);
    return valueOf(body !== null && isValue(body) ? [(await openLetter(body)).value] : messageOf(body));
  }
  override recvSync(wait?: BlockingWait): unknown {
    this.#check('receive from');
    const body = this.#frames.receiveSync(wait);
    return valueOf(body !== null && isValue(body) ? [openLetterSync(body)] : messageOf(body));
  }

  override async recvBytes(options?: Wait & AtMost): Promise<Uint8Array> {
    const { maxLength, ...wait } = asked(options);
    this.#check('receive from');
    return bytesOf(messageOf(await this.#frames.receive(wait)), maxLength);
  }
  override recvBytesSync(options?: BlockingWait & AtMost): Uint8Array {
    const { maxLength, ...wait } = asked(options);
    this.#check('receive from');
    return bytesOf(messageOf(this.#frames.receiveSync(wait)), maxLength);
  }

  override async poll(wait?: Wait): Promise<boolean> {
    const { timeout = 0, signal } = asked(wait);
    this.#check('receive from');
    if (timeout !== 0) return this.#frames.ready({ timeout, signal });
    // The system may have what this thread's event loop has not seen yet.
    return this.#frames.readySync({ timeout: 0 });
  }
  override pollSync(wait?: BlockingWait): boolean {
    const { timeout = 0 } = asked(wait);
    this.#check('receive from');
    return this.#frames.readySync({ timeout });
  }

  override close(): void {
    this.#closed = true;
    this.#frames.close();
  }
}

const messageOf = (body: Uint8Array | null): Message | null => (body === null ? null : isValue(body) ? [null] : plainBytesOf(body));

function sentInTime(sent: boolean): void {
  if (!sent) throw new QueueFull('the other side did not read in time: what had not begun to be sent is not sent');
}
