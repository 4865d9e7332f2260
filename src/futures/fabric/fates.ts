import type { Deadline } from '../../base/deadline.ts';
import { type AnyFuture, peek, recordOf, settleFuture, setTicket, type Source, ticketOf } from '../future.ts';
import { CANCELLED, FAILED, moveRecord, PENDING, SUCCEEDED } from '../future-record.ts';
import type { BreakOffs } from './break-offs.ts';
import { DONE, RECORD, RUNNING, STATE } from './layout.ts';
import type { Load } from './load.ts';
import type { Slots } from './slots.ts';
import { BACKLOG, BETWEEN, NOWHERE } from './ticket.ts';
import { delayBeforeRetry } from '../retries.ts';
import { isMoved, type Work } from './work.ts';
import type { Works } from './works.ts';

export interface Counts {
  completed: number;
  failed: number;
  cancelled: number;
  retried: number;
}

export interface FatesListener {
  /** Blocks until `isDone`, or until the deadline. */
  waitSync(isDone: () => boolean, deadline: Deadline): void;
  /** What a result that has come waits for, and no blocking brings. */
  missingFor(future: AnyFuture): Error | undefined;
  /** Ends the stream that a task has become, if it has, and it has not ended. */
  endStream(future: AnyFuture, error: unknown): void;
  /** A task is to be run once more, after so many milliseconds. */
  runAgain(work: Work, delay: number): void;
}

/** What becomes of the tasks of a pool, and what their futures ask about that. */
export class Fates implements Source {
  readonly counts: Counts = { completed: 0, failed: 0, cancelled: 0, retried: 0 };
  readonly #slots: Slots;
  readonly #works: Works;
  readonly #breakOffs: BreakOffs;
  readonly #load: Load;
  readonly #listener: FatesListener;

  constructor(slots: Slots, works: Works, breakOffs: BreakOffs, load: Load, listener: FatesListener) {
    this.#slots = slots;
    this.#works = works;
    this.#breakOffs = breakOffs;
    this.#load = load;
    this.#listener = listener;
  }

  /** A task has ended, and its slot is free: ends its future, or tries once more. */
  ended(future: AnyFuture, state: 2 | 4 | 5, value: unknown, isStream: boolean): void {
    this.#load.outstanding--;
    // Taken back while it was told of the losses of a worker that has died.
    if (!isStream && peek(future) >= CANCELLED) return;
    if (state === FAILED && !isStream) {
      const work = this.#works.of(future);
      const delay = work === undefined || isMoved(work) ? null : delayBeforeRetry(work, value);
      if (delay !== null) return this.#listener.runAgain(work!, delay);
    }
    this.finish(future, state, value);
  }

  /** Ends the future of a task that is counted no more. */
  finish(future: AnyFuture, state: 2 | 4 | 5, value: unknown): void {
    setTicket(future, NOWHERE);
    if (state === SUCCEEDED) this.counts.completed++;
    else if (state === FAILED) this.counts.failed++;
    else this.counts.cancelled++;
    this.#works.forget(future);
    settleFuture(future, state, value);
    this.#load.makeRoom();
  }

  /** Ends the future of a task with an error, or the stream that it has become, whatever the task does. */
  endEarly(future: AnyFuture, error: unknown): void {
    if (peek(future) >= CANCELLED) return this.#listener.endStream(future, error);
    if (!this.#takeBack(future, true)) return;
    this.counts.failed++;
    settleFuture(future, FAILED, error);
  }

  /** Breaks off a task that has become a stream: nobody reads it any more, or it has `failed`. False when it has ended by itself. */
  stopStream(future: AnyFuture, failed: boolean): boolean {
    if (!this.#takeBack(future, true)) return false;
    this.counts[failed ? 'failed' : 'cancelled']++;
    return true;
  }

  /** Takes a task back, with `running` also one that runs; its future is left to the caller. */
  #takeBack(future: AnyFuture, running: boolean): boolean {
    const slot = ticketOf(future);
    if (slot >= 0) {
      const at = this.#slots.fabric.slot(slot);
      if (!this.#slots.withdraw(slot, at) && !(running && this.#breakOffs.begin(slot, at))) return false;
      this.#load.outstanding--;
    } else if (slot === BACKLOG || slot === BETWEEN) this.#load.outstanding--;
    setTicket(future, NOWHERE);
    this.#works.forget(future);
    this.#load.becomeIdle();
    this.#load.makeRoom();
    return true;
  }

  isRunning(future: AnyFuture): boolean {
    const slot = ticketOf(future);
    if (slot < 0) return false;
    const state = this.#slots.stateOf(slot) & STATE;
    return state === RUNNING || state === DONE;
  }

  cancel(future: AnyFuture, running: boolean): boolean {
    if (!this.#takeBack(future, running)) return false;
    this.counts.cancelled++;
    const record = recordOf(future);
    if (record !== 0) moveRecord(record, PENDING, CANCELLED);
    return true;
  }

  share(future: AnyFuture, record: number): void {
    const slot = ticketOf(future);
    const { fabric } = this.#slots;
    if (slot >= 0) Atomics.store(fabric.i32, fabric.slot(slot) + RECORD, record | 0);
  }

  waitSync(future: AnyFuture, deadline: Deadline): void {
    let missing: Error | undefined;
    this.#listener.waitSync(() => peek(future) >= CANCELLED || (missing = this.#listener.missingFor(future)) !== undefined, deadline);
    // The event loop would have to load a module. The future goes on.
    if (peek(future) < CANCELLED && missing !== undefined) throw missing;
  }
}
