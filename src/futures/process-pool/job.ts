import type { Item } from '../../queue/item.ts';
import type { BookedFunction } from './function-book.ts';
import type { IncomingStream } from './stream.ts';

export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

/** It waits for a slot. */
export const WAITING = -1;
export const SETTLED = -2;
/** Its worker has died, and it has not been told. */
export const LOST = -3;

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
  /** The number of its slot, WAITING, SETTLED or LOST. */
  slot: number;
  /** What it is settled with when its worker is ended for its sake. */
  onKill: Outcome | null;
  /** What it has become, if it yields, until that has ended. */
  stream: IncomingStream | null;
  readonly settle: (outcome: Outcome) => void;
  /** Is called when nothing more comes of it: of one that has become a stream, after that. */
  readonly over: (() => void) | null;
}
