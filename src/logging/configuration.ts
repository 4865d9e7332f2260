import { drop, post, read } from '../message/index.ts';
import { sharedHeap } from '../word/heap.ts';

/*
 * The configuration is the same in all threads: whoever changes it posts the whole of it into the heap, and a thread that
 * logs looks, by one load, whether there is a newer one. Another process is configured by itself.
 *
 *   root 'logging'           the block of the newest configuration / 16; 0: nothing has been configured
 *   root 'logging-version'   counts the changes
 *
 * A configuration that is no longer the newest goes when the last thread has read it that was about to.
 */
let seen = 0;

const root = (): number => sharedHeap().rootOffset('logging') / 4;
const version = (): number => sharedHeap().rootOffset('logging-version') / 4;

/** The configuration that somebody else has made since this thread last looked; `null` when there is none. */
export function newerConfiguration(): unknown {
  const heap = sharedHeap();
  const newest = Atomics.load(heap.i32, version());
  if (newest === seen) return null;
  seen = newest;
  for (;;) {
    const block = (Atomics.load(heap.i32, root()) >>> 0) * 16;
    if (!heap.retainIfOwned(block)) continue;
    try {
      // It was the newest one when it was kept: it is not freed before it is let go of.
      if ((Atomics.load(heap.i32, root()) >>> 0) * 16 === block) return read(block);
    } finally {
      drop(block);
    }
  }
}

/** Tells all threads. Throws `SendError` when a handler or a filter can't travel. */
export function publishConfiguration(configuration: unknown): void {
  const heap = sharedHeap();
  const before = Atomics.exchange(heap.i32, root(), post(configuration).offset / 16) >>> 0;
  const versionBefore = Atomics.add(heap.i32, version(), 1);
  // If somebody else has changed it in between, that is read at the next look.
  if (versionBefore === seen) seen = (versionBefore + 1) | 0;
  if (before !== 0) drop(before * 16);
}
