import { Worker } from 'node:worker_threads';

/*
 * An alarm without the system's timer: a worker that sleeps and then sends the signal. It rings though this thread is blocked.
 * Each thread that calls has its own.
 */
const SOURCE = `
  const { workerData } = require('node:worker_threads');
  if (Atomics.wait(workerData.word, 0, 0, workerData.ms) === 'timed-out') process.kill(process.pid, 'SIGALRM');
`;

let current: { readonly word: Int32Array; readonly at: number } | null = null;

/** Milliseconds until it rings; 0 when it does not. */
export function timeLeft(): number {
  return current === null ? 0 : Math.max(0, current.at - performance.now());
}

/** Rings in `ms` milliseconds instead of when it was to ring; 0: not at all. */
export function ringLater(ms: number): void {
  if (current !== null) {
    Atomics.store(current.word, 0, 1);
    Atomics.notify(current.word, 0);
  }
  current = null;
  if (ms === 0) return;
  const word = new Int32Array(new SharedArrayBuffer(4));
  const mine = (current = { word, at: performance.now() + ms });
  const worker = new Worker(SOURCE, { eval: true, execArgv: [], workerData: { word, ms } });
  worker.unref();
  worker.once('exit', () => {
    if (current === mine) current = null;
  });
}
