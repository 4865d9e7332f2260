import { symbolOfCopy } from '../base/copy.ts';
import { canShareMemory } from '../system/memory.ts';
import { findHeap, registerHeap } from './heaps.ts';
import { sharedHeap } from './heap.ts';
import { MappedHeap } from './mapped-heap.ts';
import { die, leave, probeAll } from './roster.ts';
import { letGoOfFaces } from './shareable.ts';

/** The number under which messages name the heap of the processes. */
export const PROCESS_HEAP = 1;

const DEFAULT_BYTES = 256 << 20;
const KEY: unique symbol = symbolOfCopy('process-heap') as never;
const globals = globalThis as { [KEY]?: MappedHeap };

/**
 * The heap that this process shares with the processes it starts, and they with theirs. The first use makes it:
 * a sparse 256 MB, or what MANYCORE_PROCESS_HEAP says, in bytes.
 */
export function processHeap(): MappedHeap {
  return globals[KEY] ?? known() ?? make();
}

/*
 * Which memory it is, for the threads of this process: descriptor + 1 and size in megabytes, in the root of their own heap.
 * Whoever needs it first makes it, and the others find it there, also those that were started before.
 */
function known(): MappedHeap | undefined {
  const { fd, bytes } = announced();
  return fd < 0 ? undefined : adopt(MappedHeap.attach(fd, bytes));
}

function announced(): { readonly fd: number; readonly bytes: number } {
  const heap = sharedHeap();
  const at = (Atomics.load(heap.i32, heap.rootOffset('processes') / 4) >>> 0) * 16;
  if (at === 0) return { fd: -1, bytes: 0 };
  heap.reach(at + 16);
  return { fd: heap.i32[at / 4]!, bytes: heap.f64[at / 8 + 1]! };
}

function make(): MappedHeap {
  const made = MappedHeap.create(Number(process.env['MANYCORE_PROCESS_HEAP'] ?? DEFAULT_BYTES));
  // Another thread may have been quicker: its memory is the one, then. (Ours is let go with its descriptor.)
  return announce(made.memory) ? adopt(made) : known()!;
}

/** Tells the threads of this process; false when there is one already. */
function announce({ fd, bytes }: { readonly fd: number; readonly bytes: number }): boolean {
  const heap = sharedHeap();
  const at = heap.allocate(16);
  heap.i32[at / 4] = fd;
  heap.f64[at / 8 + 1] = bytes;
  return Atomics.compareExchange(heap.i32, heap.rootOffset('processes') / 4, 0, at / 16) === 0;
}

/** In a child, and in a thread of a process that has one: the heap that was handed down. */
export function attachProcessHeap(fd: number, bytes: number): MappedHeap {
  if (announced().fd < 0) announce({ fd, bytes });
  return globals[KEY] ?? adopt(MappedHeap.attach(fd, bytes));
}

function adopt(heap: MappedHeap): MappedHeap {
  globals[KEY] = heap;
  registerHeap(PROCESS_HEAP, heap);
  return heap;
}
findHeap.current = (number) => (number === PROCESS_HEAP ? known() : undefined);

/** This process ends: what it has of the heap is given back, and what it holds is kept, or abandoned. */
export function leaveProcessHeap(how: 'ended' | 'exited'): void {
  const heap = globals[KEY];
  if (heap === undefined) return;
  letGoOfFaces(heap);
  if (!heap.isEnrolled) return;
  if (how === 'ended') leave(heap.self.id, heap);
  else die(heap.self.id, 'exited', heap);
}

/** Looks whether threads of other processes have died without anybody having said so. */
export function probeProcesses(): void {
  const heap = globals[KEY];
  if (heap !== undefined) probeAll(heap);
}

/** Descriptor and size, for whoever is to share it; `undefined` where processes can't share memory. */
export function processHeapPlace(): { readonly fd: number; readonly bytes: number } | undefined {
  return canShareMemory() ? processHeap().memory : undefined;
}
