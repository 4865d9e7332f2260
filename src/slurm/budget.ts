import { OutOfRangeError } from '../base/errors.ts';
import { sharedHeap } from '../word/heap.ts';

/*
 * Calls on the controller are counted: it answers all users of a cluster with one process, and loops over squeue have stopped whole clusters.
 *
 * A bucket holds `burst` calls and gets one more every `interval` milliseconds; there is one for all threads of a process. What a program calls
 * itself is never delayed, but takes from the bucket; the watchers of jobs wait until there is something in it.
 *
 *   0   the moment at which the bucket will be full again, in microseconds: all that there is to know of what is in it
 *   8   burst
 *   16  interval
 *   24  how many calls have been made
 */
/** How often Slurm's controller may be asked. */
export interface BudgetTerms {
  /** So many calls may be made at once. */
  readonly burst: number;
  /** Milliseconds in which one more is allowed. */
  readonly interval: number;
}

const BYTES = 32;
const BURST = 0;
const INTERVAL = 1;

interface Bucket {
  readonly full: BigInt64Array;
  readonly terms: Float64Array;
  readonly made: Int32Array;
}

let found: Bucket | null = null;

/** The bucket of this process: who first needs it makes it. */
function bucket(): Bucket {
  if (found !== null) return found;
  const heap = sharedHeap();
  const root = heap.rootOffset('slurm-calls') / 4;
  if (Atomics.load(heap.i32, root) === 0) {
    const offset = heap.allocate(BYTES);
    new Float64Array(heap.buffer, offset + 8, 2).set([10, 10_000]);
    if (Atomics.compareExchange(heap.i32, root, 0, offset / 16) !== 0) heap.release(offset);
  }
  const offset = (Atomics.load(heap.i32, root) >>> 0) * 16;
  return (found = {
    full: new BigInt64Array(heap.buffer, offset, 1),
    terms: new Float64Array(heap.buffer, offset + 8, 2),
    made: new Int32Array(heap.buffer, offset + 24, 1),
  });
}

/** Microseconds, on a clock that all threads share. */
const now = (): number => Number(process.hrtime.bigint() / 1000n);

export const budget = {
  /** How many calls this process has made. */
  get made(): number {
    return Atomics.load(bucket().made, 0);
  },
  spend(): void {
    const { full, terms, made } = bucket();
    Atomics.add(made, 0, 1);
    const interval = terms[INTERVAL]! * 1000;
    for (;;) {
      const before = Atomics.load(full, 0);
      const at = now();
      // A program that overdraws it does not silence the watchers for longer than one interval.
      const after = BigInt(Math.ceil(Math.min(Math.max(Number(before), at) + interval, at + terms[BURST]! * interval)));
      if (Atomics.compareExchange(full, 0, before, after) === before) return;
    }
  },
  /** Milliseconds until a watcher may call. */
  delay(): number {
    const { full, terms } = bucket();
    const missing = (Number(Atomics.load(full, 0)) - now()) / 1000;
    return Math.max(0, Math.ceil(missing - (terms[BURST]! - 1) * terms[INTERVAL]!));
  },
};

/**
 * How often this process may ask for jobs in the background: `burst` calls at once, then one every `interval` milliseconds. 10 and 10,000 when
 * nothing is set: the least that is polite on a large cluster. On one of your own, `{ burst: 100, interval: 100 }` hears of ends sooner. Holds
 * for all threads, and for executors that there are already.
 */
export function setCallBudget({ burst, interval }: BudgetTerms): void {
  if (!(burst >= 1) || !Number.isFinite(burst))
    throw new OutOfRangeError('ERR_OUT_OF_RANGE', `burst must be at least one call: got ${burst}`);
  if (!(interval > 0) || !Number.isFinite(interval))
    throw new OutOfRangeError('ERR_OUT_OF_RANGE', `interval must be a positive number of milliseconds: got ${interval}`);
  const { full, terms } = bucket();
  terms.set([burst, interval]);
  Atomics.store(full, 0, 0n);
}
