import { inspect } from 'node:util';
import { LONGEST_TIMER_MS } from '../base/deadline.ts';
import { writeAll } from '../host/thread/output.ts';
import type { RetryOptions } from './terms.ts';

export interface RetryPlan {
  readonly times: number;
  readonly delay: number;
  readonly factor: number;
  readonly maxDelay: number;
  readonly when: (error: unknown) => boolean;
}

/** What is to be tried again, and how often it has been. */
export interface Tried {
  readonly retry: RetryPlan | null;
  readonly attempts: number;
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
export function delayBeforeRetry({ retry, attempts }: Tried, error: unknown): number | null {
  if (retry === null || attempts > retry.times || !isWorthIt(retry, error)) return null;
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
