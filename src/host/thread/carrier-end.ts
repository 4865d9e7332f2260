import { sharedHeap } from '../../word/heap.ts';
import type { Death } from '../../word/roster.ts';
import { giveBack, letGo, withdraw } from './offers.ts';
import * as record from './record.ts';
import { carrierOffset, carriersMadeBy, GONE } from './table.ts';

/* What is done when a carrier's worker has ended. */

/** How a worker ended while it carried a thread. */
export interface WorkerEnd {
  readonly how: Death;
  readonly exitCode: number;
  readonly error: unknown;
}

/** Who wants to know when a worker ends while it carries the thread with this record. */
export const onWorkerEnd = new Map<number, (end: WorkerEnd) => void>();

/** Not at once: whoever notices may be in the midst of a wait, or of a call that ends the thread. */
export function tellOfEnd(run: number, end: WorkerEnd): void {
  const tell = onWorkerEnd.get(run);
  // Unless it has been told already, and the record may be another thread's by then.
  if (tell !== undefined) queueMicrotask(() => onWorkerEnd.get(run) === tell && tell(end));
}

/** A carrier has ended, and with it the carriers that it has made. */
export function gone(carrier: number): void {
  letGo(carrier);
  goneWith(carrier);
  const { i32 } = sharedHeap();
  Atomics.store(i32, carrierOffset(carrier) / 4 + 3, 0);
  Atomics.store(i32, carrierOffset(carrier) / 4, GONE);
}

/** The maker of carriers has ended, and they have with it. */
export function goneWith(maker: number): void {
  for (const child of carriersMadeBy(maker)) {
    const { run } = withdraw(child);
    if (run !== 0) record.die(run, 'lost', 1);
    giveBack(child, run);
    gone(child);
  }
}
