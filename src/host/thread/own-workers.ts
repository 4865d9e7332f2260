import type { Worker } from 'node:worker_threads';

/** The workers of this thread that this package has made: their ends are seen to by whoever made them. */
export const ownWorkers = new WeakSet<Worker>();
