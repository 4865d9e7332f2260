import { Worker } from 'node:worker_threads';
import { withFlags } from './flags.ts';
import type { InterruptRequest } from './interrupt-monitor.ts';
import * as record from './record.ts';

let monitor: Worker | null = null;

/**
 * Breaks off what a thread is doing at this moment, wherever that is in JavaScript, and also in `Atomics.wait`: no `finally` runs, and
 * the thread's event loop goes on. Native code is not interrupted before it returns.
 *
 * Only what was called from the event of a MessagePort may be broken off: in a timer, an immediate or a promise's reaction, Node's account of
 * asynchronous calls would be wrong afterwards, and the whole process ends.
 *
 * Does nothing where there is no inspector: whoever asks has to see for themselves whether it has helped.
 */
export function interrupt(run: number): Interrupt {
  const told = new Int32Array(new SharedArrayBuffer(4));
  monitor ??= startMonitor();
  if (monitor === null) return { isSent: true };
  monitor.postMessage({ thread: record.workerOf(run), told } satisfies InterruptRequest);
  return {
    get isSent() {
      return Atomics.load(told, 0) === 1;
    },
  };
}

export interface Interrupt {
  /** Whether the thread has been told, or nobody will tell it. The first interrupt of a process waits for a thread to start: on a busy machine that takes its time. */
  readonly isSent: boolean;
}

function startMonitor(): Worker | null {
  try {
    const made = withFlags(
      (flags) => new Worker(new URL('./interrupt-monitor.js', import.meta.url), { name: 'manycore-interrupt', ...flags }),
    );
    made.unref();
    made.once('error', () => {});
    made.once('exit', () => (monitor = null));
    return made;
  } catch {
    return null;
  }
}
