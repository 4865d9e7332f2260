import type { RetryPlan } from '../../../futures/retries.ts';
import type { AnyFuture } from '../../../futures/future.ts';
import type { BookedFunction } from '../../../futures/process-pool/function-book.ts';
import type { Inflow } from './inflow.ts';

/** A task from the program's side, until it has ended. */
export interface Job {
  readonly id: number;
  readonly future: AnyFuture;
  readonly fn: BookedFunction;
  readonly how: number;
  /** Kept for the case that it is tried again. */
  readonly body: Uint8Array | null;
  readonly limit: number;
  readonly priority: number;
  readonly retry: RetryPlan | null;
  /** What it says and yields; `null` while it does neither. */
  inflow: Inflow | null;
  readonly isHeard: boolean;
  /** Records that have their turn later: one before them has to be awaited. */
  delayed: (() => Promise<void>)[] | null;
  attempts: number;
  /** The node on which it has begun. */
  begunOn: string | null;
  /** Rings when it is tried again. */
  timer: NodeJS.Timeout | null;
}

/** Written out field by field, for this is done for every task: copied at once, they would cost as much as all the rest. */
export function newJob(of: Pick<Job, 'id' | 'future' | 'fn' | 'how' | 'body' | 'limit' | 'priority' | 'retry' | 'inflow'>): Job {
  const { id, future, fn, how, body, limit, priority, retry, inflow } = of;
  return {
    id,
    future,
    fn,
    how,
    body,
    limit,
    priority,
    retry,
    inflow,
    isHeard: inflow !== null,
    delayed: null,
    attempts: 0,
    begunOn: null,
    timer: null,
  };
}
