import { invariant } from '../base/invariant.ts';
import { type Heap, sharedHeap } from './heap.ts';

/*
 * The heaps that this thread can reach, by number, as messages name them: 0 is the heap of the process's threads,
 * the others are mapped memory that several processes share and agree about.
 */
const UNIT = 16;
const UNIT_BITS = 28;
const HEAPS_MAX = 16;
const heaps: (Heap | undefined)[] = [];

/** Makes a heap known under a number from 1 to 15 that all its processes and threads agree on. */
export function registerHeap(number: number, heap: Heap): void {
  invariant(number > 0 && number < HEAPS_MAX, `heap number ${number}`);
  heaps[number] = heap;
}

/** How a heap is found that this thread has not met yet. */
export const findHeap: { current: (number: number) => Heap | undefined } = { current: () => undefined };

/** The heaps that this thread shares with other processes. */
export function foreignHeaps(): readonly Heap[] {
  return heaps.filter((heap) => heap !== undefined);
}

export function heapByNumber(number: number): Heap {
  const heap = number === 0 ? sharedHeap() : (heaps[number] ?? findHeap.current(number));
  if (heap === undefined) throw new Error(`a shared thing arrived that lies in memory which this thread has not mapped (heap ${number})`);
  return heap;
}

/** The number of a heap, or -1 if it has none. */
export function numberOfHeap(heap: Heap): number {
  return heap === sharedHeap() ? 0 : heaps.indexOf(heap);
}

/** A block of any heap in one word. */
export function addressOf(heapNumber: number, offset: number): number {
  return (offset / UNIT) | (heapNumber << UNIT_BITS);
}
export function heapNumberOf(address: number): number {
  return address >>> UNIT_BITS;
}
export function offsetOf(address: number): number {
  return (address & (2 ** UNIT_BITS - 1)) * UNIT;
}

export function releaseAddress(address: number): void {
  heapByNumber(heapNumberOf(address)).release(offsetOf(address));
}
