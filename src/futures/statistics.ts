/** How long something took, in milliseconds: from counts by powers of two. */
export interface Histogram {
  /** How many were measured. */
  readonly count: number;
  /** Upper bounds: so many of a hundred took no longer. */
  readonly p50: number;
  /** An upper bound of nine in ten. */
  readonly p90: number;
  /** An upper bound of 99 in a hundred. */
  readonly p99: number;
  /** An upper bound of the longest. */
  readonly max: number;
}

/** What a pool does at this moment, and has done. */
export interface PoolStatistics {
  /** Tasks that have not begun. */
  readonly queued: number;
  /** Tasks that have begun and have not ended. */
  readonly running: number;
  /** Tasks that have given a result. */
  readonly completed: number;
  /** Tasks that have ended with an error, after their last retry. */
  readonly failed: number;
  /** Tasks that were taken back before they gave a result. */
  readonly cancelled: number;
  /** Retries, of tasks with the term `retries`, and of tasks whose worker died: each counts. */
  readonly retried: number;
  /** Threads or processes that there are now, busy or not. */
  readonly workers: number;
  /** The share of the time since the pool was made that its threads have spent on tasks, of 1 for each thread that there may be. */
  readonly utilization: number;
  /** How long tasks ran. Those of less than some microseconds are measured together. */
  readonly runTime: Histogram;
  /** How long tasks waited before they began: of one task in sixteen. */
  readonly waitTime: Histogram;
}

/** A histogram of counts whose bucket n holds what took less than 2 to the n microseconds. */
export function histogram(counts: readonly (readonly number[])[]): Histogram {
  const sums: number[] = [];
  for (const one of counts) for (const [i, count] of one.entries()) sums[i] = (sums[i] ?? 0) + count;
  const count = sums.reduce((sum, one) => sum + one, 0);
  const below = (share: number): number => {
    let seen = 0;
    for (const [i, one] of sums.entries()) {
      seen += one;
      if (one > 0 && seen >= count * share) return 2 ** i / 1000;
    }
    return 0;
  };
  return { count, p50: below(0.5), p90: below(0.9), p99: below(0.99), max: below(1) };
}
