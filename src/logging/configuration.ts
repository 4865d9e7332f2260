import { post, read } from '../message/index.ts';
import { sharedHeap } from '../word/heap.ts';

/*
 * The configuration is the same in all threads: whoever changes it posts the whole of it into the heap, and a thread that
 * logs looks, by one load, whether there is a newer one. Another process is configured by itself.
 *
 *   root 'logging'   the block of the newest configuration / 16; 0: nothing has been configured
 *
 * Old configurations stay: another thread may be reading one. They are some hundred bytes each, and rarely changed.
 */
let seen = 0;

const root = (): number => sharedHeap().rootOffset('logging') / 4;

/** The configuration that somebody else has made since this thread last looked; `null` when there is none. */
export function newerConfiguration(): unknown {
  const block = Atomics.load(sharedHeap().i32, root()) >>> 0;
  if (block === seen) return null;
  seen = block;
  return read(block * 16);
}

/** Tells all threads. Throws `SendError` when a handler or a filter can't travel. */
export function publishConfiguration(configuration: unknown): void {
  seen = post(configuration).offset / 16;
  Atomics.store(sharedHeap().i32, root(), seen);
}
