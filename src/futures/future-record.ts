import { drop, post, read } from '../message/index.ts';
import type { Waiting } from '../sync/waiting.ts';
import { sharedHeap } from '../word/heap.ts';

/*
 * A future that several threads have: a block whose first word says everything.
 *
 *   bits 0-2   the state
 *   bits 3-31  the message with the result or the error, block / 16
 *
 *   PENDING -> RUNNING              who begins the work
 *   PENDING -> CANCELLED            whoever takes it back
 *   CANCELLED -> NOTIFIED           who would have done the work has seen it
 *   PENDING, RUNNING -> SUCCEEDED, FAILED    with the message, by one exchange
 *   RUNNING -> CANCELLED            the work was broken off
 *
 * Invariant: a state from CANCELLED on, but for CANCELLED itself, never changes; the message lives as long as the block.
 */
export const PENDING = 0;
export const RUNNING = 1;
export const CANCELLED = 2;
export const NOTIFIED = 3;
export const SUCCEEDED = 4;
export const FAILED = 5;
const STATE_BITS = 3;
const STATE = 7;
const BYTES = 16;

export type FutureState = 0 | 1 | 2 | 3 | 4 | 5;

export function newFutureRecord(state: FutureState, bytes: number = BYTES): number {
  const heap = sharedHeap();
  const record = heap.allocate(bytes);
  Atomics.store(heap.i32, record / 4, state);
  return record;
}

export function stateOfRecord(record: number): FutureState {
  const heap = sharedHeap();
  heap.reach(record);
  return (Atomics.load(heap.i32, record / 4) & STATE) as FutureState;
}

/** Changes one state for another; says what was there. Wakes everybody when the future is done by it. */
export function moveRecord(record: number, from: FutureState, to: FutureState): FutureState {
  const heap = sharedHeap();
  heap.reach(record);
  const { i32 } = heap;
  const word = record / 4;
  const before = Atomics.compareExchange(i32, word, from, to);
  if (before === from && to >= CANCELLED) Atomics.notify(i32, word);
  return (before & STATE) as FutureState;
}

/** Makes it SUCCEEDED or FAILED; false when it is done already. A value that can't be sent is thrown as `SendError`. */
export function settleRecord(record: number, state: 4 | 5, value: unknown): boolean {
  if (stateOfRecord(record) >= CANCELLED) return false;
  const { offset, parcels } = post(value);
  if (parcels !== null) {
    drop(offset);
    throw new TypeError(
      "the result of a future that several threads have can't hold a MessagePort or a SharedArrayBuffer: use a SharedArray",
    );
  }
  const heap = sharedHeap();
  const { i32 } = heap;
  const word = record / 4;
  const after = state | ((offset / 16) << STATE_BITS);
  for (const from of [RUNNING, PENDING, RUNNING]) {
    if (Atomics.compareExchange(i32, word, from, after) !== from) continue;
    // At once: a thread is ended at calls of functions, and in loops.
    Atomics.notify(i32, word);
    heap.attach(record, offset);
    return true;
  }
  drop(offset);
  return false;
}

/** What a record in SUCCEEDED or FAILED holds. */
export function valueOfRecord(record: number): unknown {
  return read((Atomics.load(sharedHeap().i32, record / 4) >>> STATE_BITS) * 16);
}

/** Waits until it is done. */
export function* recordSettled(record: number): Waiting<boolean> {
  const word = sharedHeap().word(record);
  for (;;) {
    const seen = word.load();
    if ((seen & STATE) >= CANCELLED) return true;
    const reason = yield { word, expected: seen };
    if (reason === 'timed-out' || reason === 'cancelled') return (word.load() & STATE) >= CANCELLED;
  }
}
