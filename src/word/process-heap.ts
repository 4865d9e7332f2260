import { canShareMemory } from '../system/memory.ts';
import { registerHeap } from './heaps.ts';
import { MappedHeap } from './mapped-heap.ts';

/** The number under which messages name the heap of the processes. */
export const PROCESS_HEAP = 1;

const DEFAULT_BYTES = 256 << 20;
const KEY: unique symbol = Symbol.for('manycore.process-heap/1') as never;
const globals = globalThis as { [KEY]?: MappedHeap };

/**
 * The heap that this process shares with the processes it starts, and they with theirs. The first use makes it:
 * a sparse 256 MB, or what MANYCORE_PROCESS_HEAP says, in bytes.
 */
export function processHeap(): MappedHeap {
  return globals[KEY] ?? adopt(MappedHeap.create(Number(process.env['MANYCORE_PROCESS_HEAP'] ?? DEFAULT_BYTES)));
}

/** In a child, and in a thread of a process that has one: the heap that was handed down. */
export function attachProcessHeap(fd: number, bytes: number): MappedHeap {
  return globals[KEY] ?? adopt(MappedHeap.attach(fd, bytes));
}

function adopt(heap: MappedHeap): MappedHeap {
  globals[KEY] = heap;
  registerHeap(PROCESS_HEAP, heap);
  return heap;
}

/** Descriptor and size, for whoever is to share it; `undefined` where processes can't share memory. */
export function processHeapPlace(): { readonly fd: number; readonly bytes: number } | undefined {
  return canShareMemory() ? processHeap().memory : undefined;
}

/** The same for a thread of this process, if there is such a heap already. */
export function processHeapIfAny(): { readonly fd: number; readonly bytes: number } | undefined {
  const memory = globals[KEY]?.memory;
  return memory === undefined ? undefined : { fd: memory.fd, bytes: memory.bytes };
}
