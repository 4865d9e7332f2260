import { StateError } from '../base/errors.ts';
import { decode, dropBytes, encode, SendError } from '../message/index.ts';
import { type Heap, sharedHeap } from '../word/heap.ts';

/*
 * Between threads that the program has made itself, by `new Worker`, what is sent goes by Node's structured clone, which makes an empty
 * shell of a lock. So there is a form that can be cloned.
 */
/** What `toMessage` gives: a form that Node's `postMessage` can carry. */
export interface PostedMessage {
  /** By this mark `fromMessage` knows what `toMessage` has made. */
  readonly manycore: 'message/1';
  /** The value, as bytes. */
  readonly bytes: Uint8Array;
  /** What travels beside the bytes because only `postMessage` can carry it; `null` when there is nothing. */
  readonly parcels: readonly unknown[] | null;
  /** The heap that it means. */
  readonly heap: number;
  /** A block that the first reader frees, and what stands in it until then: the block may have been taken for something else since. */
  readonly ticket: number;
  /** What has to stand in that block: a message is read once. */
  readonly mark: number;
}

const isPosted = (value: unknown): value is PostedMessage =>
  typeof value === 'object' && value !== null && (value as { manycore?: unknown }).manycore === 'message/1';

/**
 * Makes of any value that can be sent to a thread one that can go through `postMessage` and `workerData`, to a worker of this process that
 * the program has made itself. `fromMessage` makes the value of it there, once: shared things arrive as themselves.
 */
export function toMessage(value: unknown, { transfer }: { readonly transfer?: readonly unknown[] } = {}): PostedMessage {
  const heap = sharedHeap();
  const { bytes, parcels } = encode(value, { transfer });
  const ticket = heap.allocate(16);
  const mark = Math.random();
  heap.f64[ticket / 8 + 1] = mark;
  return { manycore: 'message/1', bytes: new Uint8Array(bytes), parcels, heap: heap.identity, ticket, mark };
}

/** Whether the caller is the first who reads the message with this ticket; then it is freed. */
function useTicket({ ticket, mark }: PostedMessage, heap: Heap): boolean {
  if (!heap.retainIfOwned(ticket)) return false;
  // The word before the mark says who is first. Whatever else the block may be now, its words are only read.
  const isFirst = heap.f64[ticket / 8 + 1] === mark && Atomics.exchange(heap.i32, ticket / 4, 1) === 0;
  if (isFirst) {
    heap.f64[ticket / 8 + 1] = 0;
    heap.release(ticket);
  }
  heap.release(ticket);
  return isFirst;
}

/**
 * The value that `toMessage` was given. Throws `StateError` for a message that has been read already, or that
 * comes from memory which this worker doesn't share, and `TypeError` for what is none.
 */
export function fromMessage(message: unknown): unknown {
  if (!isPosted(message)) throw new TypeError('fromMessage takes what toMessage has made: this is something else');
  const heap = sharedHeap();
  const { bytes, parcels } = message;
  if (message.heap !== heap.identity)
    throw new StateError(
      'ERR_OTHER_MEMORY',
      'this message comes from memory that this worker does not share: import manycore before the worker is made, in the thread that makes it',
    );
  if (!useTicket(message, heap))
    throw new StateError('ERR_MESSAGE_READ', 'this message has been read already: make one by toMessage for each that is to get it');
  try {
    return decode(bytes, parcels);
  } finally {
    dropBytes(bytes);
  }
}

/** @internal Has structured clone refuse a thing, with a word on what to do: it reads own properties. */
export function refusePosting(thing: object): void {
  Object.defineProperty(thing, GUARD, DESCRIPTOR);
}

const GUARD = 'manycore: use toMessage()';
const DESCRIPTOR: PropertyDescriptor = {
  enumerable: true,
  configurable: false,
  get(this: object): never {
    throw new SendError('ERR_POST_MESSAGE', `a ${this.constructor.name} can't go through postMessage or workerData as it is`, {
      hint: 'post toMessage(value), and take fromMessage(message) in the worker; or use a Thread, which takes it as an argument',
    });
  },
};
