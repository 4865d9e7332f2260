import {
  decodeAsync,
  drop,
  dropBytes,
  dropFrom,
  endOf,
  LEAD_BYTES,
  MustAwait,
  post,
  postTo,
  read,
  readFrom,
  SendError,
  takeSoon,
} from '../message/index.ts';
import { type Heap, SharedHeap } from '../word/heap.ts';

/*
 * An item in a queue: 16 bytes. Small values stand in it; everything else is a message in a block of its own.
 *
 *   word 0   what it is
 *   word 1   an integer, or the block of the message / 16
 *   words 2, 3   a double: the value, or the key that a priority queue sorts by
 */
export const ITEM_BYTES = 16;
export const MESSAGE = 0;
const INTEGER = 1;
const DOUBLE = 2;
const CONSTANT = 3;
const CONSTANTS: readonly unknown[] = [undefined, null, true, false];

/** An item that is not yet in a queue, or not any more. */
export interface Item {
  readonly kind: number;
  readonly word: number;
  readonly double: number;
}

/** Takes a snapshot of a value. Throws `SendError` for what can't travel; nothing is in the queue then. */
export function toItem(heap: Heap, value: unknown, key = 0): Item {
  return toSmallItem(value, key) ?? { kind: MESSAGE, word: messageIn(heap, value) / 16, double: key };
}

/** The item of a value that stands in it; `null` for one that needs a message. */
export function toSmallItem(value: unknown, key = 0): Item | null {
  if (typeof value === 'number') {
    if ((value | 0) === value && !Object.is(value, -0)) return { kind: INTEGER, word: value, double: key };
    return { kind: DOUBLE, word: 0, double: value };
  }
  const constant = CONSTANTS.indexOf(value);
  return constant < 0 ? null : { kind: CONSTANT, word: constant, double: key };
}

/** The item of a message that has been encoded for another process. Throws when the heap has no room for it. */
export function messageItem(heap: Heap, bytes: Uint8Array): Item {
  const block = heap.allocateAnyhow(bytes.length + LEAD_BYTES);
  heap.i32[block / 4] = bytes.length;
  heap.bytes.set(bytes, block + LEAD_BYTES);
  return { kind: MESSAGE, word: block / 16, double: 0 };
}

function messageIn(heap: Heap, value: unknown): number {
  const isLocal = heap instanceof SharedHeap;
  const { offset, parcels } = isLocal ? post(value) : postTo(heap, value);
  if (parcels === null) return offset;
  if (isLocal) drop(offset);
  else dropFrom(heap, offset);
  throw noParcels();
}

function noParcels(): SendError {
  return new SendError('E_QUEUE', "a SharedArrayBuffer or a MessagePort can't go through a queue: nobody knows yet who will take it", {
    hint: 'share memory as a SharedArray or SharedValue, which can; hand a port to the thread as an argument',
  });
}

/** The value of an item that has been taken out. What it held is freed; when it can't be read, it is left as it is. */
export function fromItem(heap: Heap, { kind, word, double }: Item): unknown {
  if (kind === INTEGER) return word;
  if (kind === DOUBLE) return double;
  if (kind === CONSTANT) return CONSTANTS[word];
  const block = (word >>> 0) * 16;
  if (heap instanceof SharedHeap) {
    const value = read(block);
    drop(block);
    return value;
  }
  const value = readFrom(heap, block);
  dropFrom(heap, block);
  return value;
}

/** The same where it may be awaited, as it must when a module has to be loaded first that can't be at once. */
export function fromItemSoon(heap: Heap, item: Item): { readonly value: unknown } | Promise<{ readonly value: unknown }> {
  if (item.kind !== MESSAGE) return { value: fromItem(heap, item) };
  const block = (item.word >>> 0) * 16;
  if (heap instanceof SharedHeap) return takeSoon(block);
  let isLater = false;
  try {
    return { value: readFrom(heap, block) };
  } catch (error) {
    if (!(error instanceof MustAwait)) throw error;
    isLater = true;
    const copy = Buffer.from(bytesOf(heap, block));
    return decodeAsync(copy).finally(() => dropBytes(copy));
  } finally {
    if (isLater) heap.release(block);
    else dropFrom(heap, block);
  }
}

/** The value of an item that stays in the queue. */
export function peekItem(heap: Heap, { kind, word, double }: Item): unknown {
  if (kind !== MESSAGE) return fromItem(heap, { kind, word, double });
  const block = (word >>> 0) * 16;
  return heap instanceof SharedHeap ? read(block) : readFrom(heap, block);
}

/** Frees an item that nobody will take. */
export function dropItem(heap: Heap, { kind, word }: Item): void {
  if (kind !== MESSAGE) return;
  const block = (word >>> 0) * 16;
  if (heap instanceof SharedHeap) return drop(block);
  dropFrom(heap, block);
}

/** The message in a block, where it lies: what is read from it is copied. */
export function bytesOf(heap: Heap, block: number): Uint8Array {
  const end = endOf(heap, block);
  return heap.bytes.subarray(block + LEAD_BYTES, end);
}

export function writeItem(heap: Heap, at: number, { kind, word, double }: Item): void {
  heap.i32[at / 4] = kind;
  heap.i32[at / 4 + 1] = word;
  heap.f64[at / 8 + 1] = double;
}
export function readItem(heap: Heap, at: number): Item {
  return { kind: heap.i32[at / 4]!, word: heap.i32[at / 4 + 1]!, double: heap.f64[at / 8 + 1]! };
}
