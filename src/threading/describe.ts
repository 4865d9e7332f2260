import * as record from '../host/thread/record.ts';
import { recordOfThread } from '../host/thread/table.ts';
import { nameOfLock, OWNER } from '../sync/lock-block.ts';
import { sharedHeap } from '../word/heap.ts';
import { list, nameOf } from '../word/roster.ts';
import { type WaitRecord, waitsOf } from '../word/waits.ts';

/** A thread for tools that look at a process from outside. */
export interface ThreadDescription {
  /** Number of the worker that carries it; 0 for the main thread. */
  readonly worker: number;
  readonly ident: number;
  /** The system's number; 0 when it is not known. */
  readonly nativeId: number;
  readonly name: string;
  readonly daemon: boolean;
  /** What it waits for, in words. */
  readonly waits: readonly string[];
}

/** The threads of a process, and the address of this package's code in it. */
export interface ThreadsDescription {
  readonly own: string;
  readonly threads: readonly ThreadDescription[];
}

/** All living threads, as any of them sees them: also one that is interrupted for it. */
export function describeThreads(): ThreadsDescription {
  const threads = list().map(({ id, name, daemon, nativeId }) => {
    const at = id === 1 ? 0 : recordOfThread(id);
    return { worker: at === 0 ? 0 : record.workerOf(at), ident: id, nativeId, name, daemon, waits: (waitsOf(id) ?? []).map(inWords) };
  });
  return { own: new URL('../', import.meta.url).href, threads };
}

function inWords({ kind, target, heap = sharedHeap(), where }: WaitRecord): string {
  const place = where === '' ? '' : ` (at ${where})`;
  if (kind === 'join') return `the end of ${nameOf(target, heap)}${place}`;
  if (kind === 'other') return `something that others bring about${place}`;
  heap.reach(target + 16);
  const owner = Atomics.load(heap.i32, target / 4) & OWNER;
  return `lock ${nameOfLock(target, heap)}${owner === 0 ? '' : `, which ${nameOf(owner, heap)} holds`}${place}`;
}

(globalThis as Record<symbol, unknown>)[Symbol.for('manycore.threads')] = describeThreads;
