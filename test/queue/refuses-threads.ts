import { isMainThread } from 'node:worker_threads';

/* A module that can't be loaded in a thread. */
if (!isMainThread) throw new Error('not in a thread');

export function tripled(x: number): number {
  return 3 * x;
}
