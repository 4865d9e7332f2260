import { PROCESS_HEAP } from '../word/process-heap.ts';
import { numberOfHeap } from '../word/heaps.ts';
import { handle, isShareable } from '../word/shareable.ts';
import { sharedHeap } from '../word/heap.ts';

/**
 * Whether `value` is of this class and lies in the heap that processes share. A face that came from another process is made
 * by the class of the threads' twin, so where it lies tells what it is.
 */
export function liesInProcessHeap(value: unknown, base: abstract new (...args: never[]) => object): boolean {
  return isShareable(value) && base[Symbol.hasInstance](value) && numberOfHeap(value[handle]().heap ?? sharedHeap()) === PROCESS_HEAP;
}
