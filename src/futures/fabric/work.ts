import type { RetryOptions, Terms } from '../terms.ts';
import type { AnyFuture } from '../future.ts';
import type { Packed } from './parked.ts';

export interface RetryPlan {
  readonly times: number;
  readonly delay: number;
  readonly factor: number;
  readonly maxDelay: number;
  readonly when: (error: unknown) => boolean;
}

/** A task that is run on terms: what has to be known until it is done. */
export interface Work {
  readonly future: AnyFuture;
  readonly terms: Terms;
  /** The task as it was handed over, for every further try; `null` when there is to be none. */
  packed: Packed | null;
  readonly retry: RetryPlan | null;
  /** How often it has been run, or tried. */
  attempts: number;
  timer: NodeJS.Timeout | null;
  /** When it is to be tried again, and what does it. */
  again: { readonly at: Deadline; readonly timer: NodeJS.Timeout; begin(): void } | null;
  unsubscribe: (() => void) | null;
}

/** What a number, or options, of retries mean. */
export function retryPlan(retries: number | RetryOptions | undefined): RetryPlan | null {
  if (retries === undefined || retries === 0) return null;
  const { times, delay = 0, factor = 2, maxDelay = 30_000, when = () => true } = typeof retries === 'number' ? { times: retries } : retries;
  if (!Number.isInteger(times) || times < 0) throw new RangeError(`retries must be a number of times, 0 or more: got ${times}`);
  return times === 0 ? null : { times, delay, factor, maxDelay, when };
}

/** Milliseconds before the next try; null when there is none. */
export function delayBeforeRetry(
  { retry, attempts, packed, terms }: Pick<Work, 'retry' | 'attempts'> & Partial<Work>,
  error: unknown,
): number | null {
  // What has been given away is gone.
  const isMoved = (terms?.transfer?.length ?? 0) > 0 && (packed?.parcels ?? null) !== null;
  if (retry === null || isMoved || attempts > retry.times || !retry.when(error)) return null;
  return Math.min(retry.maxDelay, retry.delay * retry.factor ** (attempts - 1));
}
