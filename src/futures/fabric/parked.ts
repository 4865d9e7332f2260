import { becomeMessage, drop } from '../../message/index.ts';
import { sharedHeap } from '../../word/heap.ts';
import type { AnyFuture } from '../future.ts';
import { BLOCK, DOUBLE, type Fabric, FUNCTION, INLINE, INLINE_BYTES, KIND, MESSAGE, WORD } from './layout.ts';

/** Function and arguments, written down, outside of a slot. */
export interface Packed {
  readonly fn: number;
  readonly kind: number;
  readonly word: number;
  readonly double: number;
  readonly parcels: readonly unknown[] | null;
}

/** A task that waits for a slot. */
export interface Parked extends Packed {
  readonly future: AnyFuture;
  readonly flags: number;
  readonly priority: number;
  readonly transfer: readonly unknown[];
}

/** Takes what has been written into a slot out of it. A message that lies in the slot moves to a block of its own. */
export function packUp({ i32, f64 }: Fabric, at: number, parcels: readonly unknown[] | null): Packed {
  let kind = i32[at + KIND]!;
  let word = i32[at + WORD]!;
  if (kind === MESSAGE) {
    const heap = sharedHeap();
    const block = heap.allocate(INLINE_BYTES);
    heap.bytes.copyWithin(block, (at + INLINE) * 4, (at + INLINE) * 4 + INLINE_BYTES);
    becomeMessage(block);
    kind = BLOCK;
    word = block / 16;
  }
  return { fn: i32[at + FUNCTION]!, kind, word, double: f64[(at + DOUBLE) >> 1]!, parcels };
}

/** Writes it into a slot. */
export function unpack({ i32, f64 }: Fabric, at: number, { fn, kind, word, double }: Packed): void {
  i32[at + FUNCTION] = fn;
  i32[at + KIND] = kind;
  i32[at + WORD] = word;
  f64[(at + DOUBLE) >> 1] = double;
}

/** Keeps what has been written down for one more slot. */
export function keepPacked({ kind, word }: Packed): void {
  if (kind === BLOCK) sharedHeap().retain((word >>> 0) * 16);
}

export function dropPacked({ kind, word }: Packed): void {
  if (kind === BLOCK) drop((word >>> 0) * 16);
}
