import { type Heap, sharedHeap } from '../word/heap.ts';

/*
 * What a Lock and an RLock are in shared memory: 16 bytes, in a block of their own or inside another one.
 *
 *   word 0   who holds it (see mutex.ts)
 *   word 1   how many times the owner has acquired it (RLock)
 *   word 2   a block with the name, or 0
 *   word 3   flags
 *              FOREIGN   it was once released by a thread that did not hold it
 *              LENIENT   not robust: what a dead thread held is handed on without an error
 */
export const LOCK_BYTES = 16;
export const OWNER = 0x1fff_ffff;
export const FOREIGN = 1;
export const LENIENT = 2;

export const DEPTH_AT = 4;
const NAME_AT = 8;
export const FLAGS_AT = 12;

export function flagsOfLock(offset: number, heap: Heap = sharedHeap()): number {
  return Atomics.load(heap.i32, (offset + FLAGS_AT) / 4);
}

export function flagLock(offset: number, flag: number, heap: Heap = sharedHeap()): void {
  Atomics.or(heap.i32, (offset + FLAGS_AT) / 4, flag);
}

/** Gives a lock that has a block of its own its name, once. */
export function nameLock(offset: number, name: string, heap: Heap = sharedHeap()): void {
  const text = Buffer.from(name);
  const block = heap.allocate(text.length + 4);
  heap.bytes.set(text, block + 4);
  heap.i32[block / 4] = text.length;
  Atomics.store(heap.i32, (offset + NAME_AT) / 4, block | 0);
  heap.attach(offset, block);
}

/** Gives the lock at `to` the name of another one, which it is a part of. */
export function nameLike(offset: number, to: number, heap: Heap): void {
  heap.i32[(to + NAME_AT) / 4] = heap.i32[(offset + NAME_AT) / 4]!;
}

/** The name of a lock, or its number. */
export function nameOfLock(offset: number, heap: Heap = sharedHeap()): string {
  heap.reach(offset + LOCK_BYTES);
  const block = Atomics.load(heap.i32, (offset + NAME_AT) / 4) >>> 0;
  if (block === 0) return `#${offset}`;
  heap.reach(block + 4);
  const length = heap.i32[block / 4]!;
  heap.reach(block + 4 + length);
  return heap.bytes.toString('utf8', block + 4, block + 4 + length);
}
