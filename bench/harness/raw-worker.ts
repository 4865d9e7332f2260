import { Worker } from 'node:worker_threads';

/**
 * A bare worker that runs a function, given as text: it may use nothing but its argument. What the contenders without a
 * library are made of.
 */
export function rawWorker<T>(work: (data: T) => unknown, data: T): Worker {
  return new Worker(`(${work.toString()})(require('node:worker_threads').workerData)`, { eval: true, workerData: data });
}

export function ended(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
}
