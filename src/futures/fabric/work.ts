import type { AnyFuture } from '../future.ts';
import type { RetryPlan } from '../retries.ts';
import type { Terms } from '../terms.ts';
import type { Packed } from './parked.ts';

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
  unsubscribe: (() => void) | null;
}

/** Whether something has been given away with it, which is gone by then: it is not tried again. */
export function isMoved({ terms, packed }: Work): boolean {
  return (terms.transfer?.length ?? 0) > 0 && (packed?.parcels ?? null) !== null;
}
