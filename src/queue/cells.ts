import type { Heap } from '../word/heap.ts';
import { dropItem, fromItem, fromItemSoon, ITEM_BYTES, MESSAGE, peekItem, toItem } from './item.ts';

/*
 * An item as it lies in a queue: the four words of item.ts, and short texts beside.
 *
 *   word 0        what it is, and for a TEXT its length in the bits from 8 on
 *   word 1        an integer, a constant, or the block of the message / 16
 *   words 2, 3    a double; for other kinds the key that a priority queue sorts by
 *   words 1 to 3  the characters of a TEXT
 */
export const ITEM_WORDS = 4;
const INTEGER = 1;
const DOUBLE = 2;
const CONSTANT = 3;
/** A text of a few characters below 256. Not in a queue that sorts. */
const TEXT = 4;
const TEXT_MAX = 12;
const KIND = 0xff;
const CONSTANTS: readonly unknown[] = [undefined, null, true, false];

/** Items that are not yet in a queue, or not any more, in memory of this thread alone; a heap is items, too. */
export interface Items {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly bytes: Buffer;
}
type Latin1 = Buffer & { latin1Slice(from: number, to: number): string };

export function roomFor(count: number): Items {
  const buffer = new ArrayBuffer(count * ITEM_BYTES);
  return { i32: new Int32Array(buffer), f64: new Float64Array(buffer), bytes: Buffer.from(buffer) };
}

/** Words, for a double would not keep the bits of a text. */
export function copyItem(from: Items, at: number, to: Items, place: number): void {
  const [source, target] = [from.i32, to.i32];
  const [first, start] = [at * ITEM_WORDS, place * ITEM_WORDS];
  target[start] = source[first]!;
  target[start + 1] = source[first + 1]!;
  target[start + 2] = source[first + 2]!;
  target[start + 3] = source[first + 3]!;
}

export function copyItems(from: Items, at: number, to: Items, place: number, count: number): void {
  if (count > 0) to.i32.set(from.i32.subarray(at * ITEM_WORDS, (at + count) * ITEM_WORDS), place * ITEM_WORDS);
}

/** For the one item that is just being put or got. Whoever runs code of the program in between must not count on it afterwards. */
export const hand: Items = roomFor(1);

/** Takes a snapshot of a value, as item `at`. Throws `SendError` for what can't travel. A key is given by queues that sort. */
export function pack(heap: Heap, value: unknown, key: number | null, items: Items, at: number): void {
  const { i32 } = items;
  const word = at * ITEM_WORDS;
  switch (typeof value) {
    case 'number':
      if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
        i32[word] = INTEGER;
        i32[word + 1] = value;
      } else {
        i32[word] = DOUBLE;
        items.f64[at * 2 + 1] = value;
        return;
      }
      break;
    case 'string':
      if (key === null && value.length <= TEXT_MAX && packText(value, items, at)) return;
      packMessage(heap, value, i32, word);
      break;
    case 'boolean':
    case 'undefined':
      i32[word] = CONSTANT;
      i32[word + 1] = CONSTANTS.indexOf(value);
      break;
    case 'object':
    case 'bigint':
    case 'function':
    case 'symbol':
      if (value === null) {
        i32[word] = CONSTANT;
        i32[word + 1] = CONSTANTS.indexOf(null);
      } else packMessage(heap, value, i32, word);
  }
  if (key !== null) items.f64[at * 2 + 1] = key;
}

function packText(text: string, { i32, bytes }: Items, at: number): boolean {
  const { length } = text;
  const first = at * ITEM_BYTES + 4;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) return false;
    bytes[first + i] = code;
  }
  i32[at * ITEM_WORDS] = TEXT | (length << 8);
  return true;
}

/** The message first: packing a value may run code of the program, which may pack another one. */
function packMessage(heap: Heap, value: unknown, i32: Int32Array, word: number): void {
  const item = toItem(heap, value);
  i32[word] = item.kind;
  i32[word + 1] = item.word;
}

export function isMessage({ i32 }: Items, at: number): boolean {
  return (i32[at * ITEM_WORDS]! & KIND) === MESSAGE;
}

const messageAt = ({ i32 }: Items, at: number): { kind: number; word: number; double: number } => ({
  kind: MESSAGE,
  word: i32[at * ITEM_WORDS + 1]!,
  double: 0,
});

/** The value of an item that has been taken out. What it held is freed; when it can't be read, it is left as it is. */
export function unpack(heap: Heap, items: Items, at: number): unknown {
  const { i32, f64, bytes } = items;
  const word = at * ITEM_WORDS;
  const kind = i32[word]! & KIND;
  if (kind === INTEGER) return i32[word + 1];
  if (kind === DOUBLE) return f64[at * 2 + 1];
  if (kind === TEXT) return (bytes as Latin1).latin1Slice(at * ITEM_BYTES + 4, at * ITEM_BYTES + 4 + (i32[word]! >>> 8));
  if (kind === CONSTANT) return CONSTANTS[i32[word + 1]!];
  return fromItem(heap, messageAt(items, at));
}

/** The same for a message where it may be awaited, as it must when a module has to be loaded first. */
export function unpackSoon(heap: Heap, items: Items, at: number): { readonly value: unknown } | Promise<{ readonly value: unknown }> {
  return fromItemSoon(heap, messageAt(items, at));
}

/** The value of an item that stays in the queue. */
export function peek(heap: Heap, items: Items, at: number): unknown {
  return isMessage(items, at) ? peekItem(heap, messageAt(items, at)) : unpack(heap, items, at);
}

/** Frees an item that nobody will take. */
export function discard(heap: Heap, items: Items, at: number): void {
  if (isMessage(items, at)) dropItem(heap, messageAt(items, at));
}
