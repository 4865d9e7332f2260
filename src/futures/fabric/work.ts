import { inspect } from 'node:util';
import { type Deadline, LONGEST_TIMER_MS } from '../../base/deadline.ts';
import { writeAll } from '../../host/thread/output.ts';
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
  if (typeof retries !== 'number' && (typeof retries !== 'object' || retries === null))
    throw new TypeError(`retries must be a number of times, or options: got ${retries === null ? 'null' : typeof retries}`);
  const { times, delay = 0, factor = 2, maxDelay = 30_000, when = () => true } = typeof retries === 'number' ? { times: retries } : retries;
  if (!Number.isInteger(times) || times < 0) throw new RangeError(`retries must be a number of times, 0 or more: got ${times}`);
  for (const [name, value] of Object.entries({ delay, factor, maxDelay }))
    if (typeof value !== 'number' || !(value >= 0))
      throw new RangeError(`${name} of retries must be a number, 0 or more: got ${String(value)}`);
  if (typeof when !== 'function') throw new TypeError(`when of retries must be a function: got ${typeof when}`);
  return times === 0 ? null : { times, delay, factor, maxDelay, when };
}

/** Milliseconds before the next try; null when there is none. */
export function delayBeforeRetry(
  { retry, attempts, packed, terms }: Pick<Work, 'retry' | 'attempts'> & Partial<Work>,
  error: unknown,
): number | null {
  // What has been given away is gone.
  const isMoved = (terms?.transfer?.length ?? 0) > 0 && (packed?.parcels ?? null) !== null;
  if (retry === null || isMoved || attempts > retry.times || !isWorthIt(retry, error)) return null;
  return Math.min(LONGEST_TIMER_MS, retry.maxDelay, retry.delay === 0 ? 0 : retry.delay * retry.factor ** (attempts - 1));
}

/** What `when` throws is reported on stderr, and means no: the task ends with its own error. */
function isWorthIt({ when }: RetryPlan, error: unknown): boolean {
  try {
    return when(error);
  } catch (thrown) {
    writeAll(2, Buffer.from(`when of retries failed: ${inspect(thrown)}\n`));
    return false;
  }
}
