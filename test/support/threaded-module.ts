import { Worker } from 'node:worker_threads';

/** A module that starts a thread when it is loaded: for tests of what can't stand that. */
export const worker: Worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
worker.unref();
