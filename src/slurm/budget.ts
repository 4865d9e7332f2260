import { OutOfRangeError } from '../base/errors.ts';

/*
 * Calls on the controller are counted: it answers all users of a cluster with one process, and loops over squeue have stopped whole clusters.
 *
 * A bucket holds `burst` calls and gets one more every `interval` milliseconds. What a program calls itself is never delayed, but takes from
 * the bucket; the watcher of jobs waits until there is something in it.
 */
/** How often Slurm's controller may be asked. */
export interface BudgetTerms {
  /** So many calls may be made at once. */
  readonly burst: number;
  /** Milliseconds in which one more is allowed. */
  readonly interval: number;
}

let terms: BudgetTerms = { burst: 10, interval: 10_000 };
let left = terms.burst;
let since = performance.now();
let made = 0;

function refill(): void {
  const now = performance.now();
  left = Math.min(terms.burst, left + (now - since) / terms.interval);
  since = now;
}

export const budget = {
  /** How many calls this thread has made. */
  get made(): number {
    return made;
  },
  get terms(): BudgetTerms {
    return terms;
  },
  spend(): void {
    refill();
    made++;
    // A program that overdraws it does not silence the watcher for longer than one interval of the whole bucket.
    left = Math.max(left - 1, -terms.burst);
  },
  /** Milliseconds until the watcher may call. */
  delay(): number {
    refill();
    return left >= 1 ? 0 : Math.ceil((1 - left) * terms.interval);
  },
};

/**
 * How often jobs may be asked for in the background: `burst` calls at once, then one every `interval` milliseconds. 10 and 10,000 when
 * nothing is set: the least that is polite on a large cluster. On one of your own, `{ burst: 100, interval: 100 }` hears of ends sooner.
 */
export function setCallBudget({ burst, interval }: BudgetTerms): void {
  if (!(burst >= 1) || !Number.isFinite(burst))
    throw new OutOfRangeError('ERR_OUT_OF_RANGE', `burst must be at least one call: got ${burst}`);
  if (!(interval > 0) || !Number.isFinite(interval))
    throw new OutOfRangeError('ERR_OUT_OF_RANGE', `interval must be a positive number of milliseconds: got ${interval}`);
  terms = { burst, interval };
  left = burst;
  since = performance.now();
}
