import { inspect } from 'node:util';
import { asked, type Wait } from '../base/deadline.ts';
import { OutOfRangeError } from '../base/errors.ts';
import { BufferTooShort } from '../host/peer/errors.ts';
import { QueueEmpty } from '../queue/index.ts';

/** A part of some bytes: all from `offset` on when `size` is left out. */
export interface ByteRange {
  /** The first byte; 0 when left out. */
  readonly offset?: number | undefined;
  /** How many bytes; all from `offset` on when left out. */
  readonly size?: number | undefined;
}

/** A limit for the length of a message. */
export interface AtMost {
  /** How many bytes a message may have. */
  readonly maxLength?: number | undefined;
}

type BlockingWait = Pick<Wait, 'timeout'>;

/**
 * One end of something through which values and bytes go, message by message, both ways or one: what `Pipe()` gives, and what `Client` and
 * `Listener` do. Python's `multiprocessing.connection.Connection`.
 */
export abstract class Connection implements Disposable {
  /** Whether it can receive: one end of a one-way `Pipe` can't. */
  abstract get readable(): boolean;
  /** Whether it can send: one end of a one-way `Pipe` can't. */
  abstract get writable(): boolean;
  /** Whether this thread has closed it. */
  abstract get closed(): boolean;

  /** Sends a copy of a value; waits while the reader lags behind. Rejects with `SendError`, `BrokenPipeError`, `QueueFull` when time was up. */
  abstract send(value: unknown, wait?: Wait): Promise<void>;
  /** The blocking twin of `send`. */
  abstract sendSync(value: unknown, wait?: Wait): void;

  /** Sends bytes: `size` of them from `offset` on, all when left out. */
  abstract sendBytes(bytes: Uint8Array, options?: Wait & ByteRange): Promise<void>;
  /** The blocking twin of `sendBytes`. */
  abstract sendBytesSync(bytes: Uint8Array, options?: BlockingWait & ByteRange): void;

  /** Receives a value, waiting for one. Rejects with `EndOfFileError` when none will come, with `QueueEmpty` when time was up. */
  abstract recv(wait?: Wait): Promise<unknown>;
  /** The blocking twin of `recv`. */
  abstract recvSync(wait?: BlockingWait): unknown;

  /** Receives bytes. `RangeError` when there are more than `maxLength`: the message is lost then, and the connection as good as before. */
  abstract recvBytes(options?: Wait & AtMost): Promise<Uint8Array>;
  /** The blocking twin of `recvBytes`. */
  abstract recvBytesSync(options?: BlockingWait & AtMost): Uint8Array;

  /** Receives bytes into `target`, from `offset` on, and says how many there were. `BufferTooShort`, which has them, when they do not fit. */
  async recvBytesInto(target: Uint8Array, options?: Wait & Pick<ByteRange, 'offset'>): Promise<number> {
    const { offset = 0, ...wait } = asked(options);
    const room = roomIn(target, offset);
    return fill(room, await this.recvBytes(wait));
  }
  /** The blocking twin of `recvBytesInto`. */
  recvBytesIntoSync(target: Uint8Array, options?: BlockingWait & Pick<ByteRange, 'offset'>): number {
    const { offset = 0, ...wait } = asked(options);
    const room = roomIn(target, offset);
    return fill(room, this.recvBytesSync(wait));
  }

  /** Whether something can be received, or never will be: `recv` would not wait. Waits for that as long as `timeout` says; 0 when left out. */
  abstract poll(wait?: Wait): Promise<boolean>;
  /** The blocking twin of `poll`. */
  abstract pollSync(wait?: BlockingWait): boolean;

  /** Closes this connection. May be called again. */
  abstract close(): void;

  [Symbol.dispose](): void {
    this.close();
  }

  [inspect.custom](): string {
    return `<${this.constructor.name}${this.closed ? ', closed' : ''}>`;
  }
}

/** A value stands in an array; bytes that were sent as bytes stand alone. */
export type Message = readonly [value: unknown] | Uint8Array;

export function slice(bytes: Uint8Array, { offset = 0, size = bytes.length - offset }: ByteRange): Uint8Array {
  if (!(bytes instanceof Uint8Array))
    throw new TypeError(`bytes are sent as a Uint8Array, such as a Buffer: got ${inspect(bytes, { depth: 0 })}`);
  if (!(offset >= 0 && size >= 0 && offset + size <= bytes.length))
    throw new OutOfRangeError('ERR_OUT_OF_RANGE', `cannot send ${size} bytes from ${offset} on: there are ${bytes.length}`);
  return Uint8Array.from(bytes.subarray(offset, offset + size));
}

function roomIn(target: Uint8Array, offset: number): Uint8Array {
  if (!(target instanceof Uint8Array)) throw new TypeError(`bytes are received into a Uint8Array: got ${inspect(target, { depth: 0 })}`);
  if (!(Number.isInteger(offset) && offset >= 0 && offset <= target.length))
    throw new OutOfRangeError('ERR_OUT_OF_RANGE', `cannot receive from ${inspect(offset)} on: there are ${target.length} bytes`);
  return target.subarray(offset);
}

function fill(room: Uint8Array, bytes: Uint8Array): number {
  if (bytes.length > room.length) throw new BufferTooShort(bytes, room.length);
  room.set(bytes);
  return bytes.length;
}

function received(message: Message | null): Message {
  if (message === null) throw new QueueEmpty('nothing was received in time');
  return message;
}

export function valueOf(message: Message | null): unknown {
  const taken = received(message);
  return taken instanceof Uint8Array ? taken : taken[0];
}

export function bytesOf(message: Message | null, maxLength = Infinity): Uint8Array {
  const taken = received(message);
  if (!(taken instanceof Uint8Array)) throw new TypeError('a value was sent, not bytes: receive it with recv()');
  if (taken.length > maxLength)
    throw new OutOfRangeError('ERR_MESSAGE_TOO_LONG', `a message of ${taken.length} bytes was received: at most ${maxLength} were allowed`);
  return taken;
}
