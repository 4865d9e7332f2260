import type { Item } from '../../queue/item.ts';
import type { BookedFunction } from './function-book.ts';

export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

/** It waits for a slot. */
export const WAITING = -1;
export const SETTLED = -2;

/** A task on its way through a pool. */
export interface Job {
  /** Counts the tasks of the pool, for messages. */
  readonly number: number;
  readonly fn: BookedFunction;
  readonly how: number;
  /** An encoded message while it waits for a slot; an item then, or before if it is small. */
  input: Item | Uint8Array;
  /** After how many milliseconds it is run again that has failed with this error, or whose worker has died; `null`: it is not. */
  readonly again: ((error: unknown) => number | null) | null;
  /** The greater, the sooner. */
  readonly priority: number;
  /** Hears what it has said so far, and says whether it has said anything; `null`: nobody listens. */
  readonly hear: (() => boolean) | null;
  /** The number of its slot, WAITING or SETTLED. */
  slot: number;
  /** What it is settled with when its worker is ended for its sake. */
  onKill: Outcome | null;
  readonly settle: (outcome: Outcome) => void;
}
