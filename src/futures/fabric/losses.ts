import { outsideScopes } from '../../base/ambient.ts';
import { isError } from '../../base/is-error.ts';
import { take } from '../../message/index.ts';
import { BrokenWorkerError } from '../errors.ts';
import { type AnyFuture, recordOf, setTicket, together } from '../future.ts';
import { FAILED, PENDING, stateOfRecord, SUCCEEDED, valueOfRecord } from '../future-record.ts';
import type { Crew } from './crew.ts';
import { CANCELLING, DONE, QUEUED, RUNNING, SLOTS, STATE_BITS, WITHDRAWN } from './layout.ts';
import type { Mail } from './mail.ts';
import type { Outbox } from './outbox.ts';
import type { Pins } from './pins.ts';
import type { PoolThread, ThreadEnd } from './pool-thread.ts';
import type { Results } from './results.ts';
import { NOTHING, type Slots } from './slots.ts';
import type { TaskStream } from '../task-stream.ts';
import { NOWHERE, SCRATCH } from './ticket.ts';
import { dropValue } from './values.ts';
import { why } from '../why.ts';

/** So many workers in turn that died before they could begin: the pool is broken, or goes on with those that it has. */
const STILLBORN_MAX = 3;

export interface LossListener {
  /** Nothing can be run any more. */
  break(why: string, cause: unknown): void;
  /** A worker is gone: another one may have to take its place. Of so many tasks it is about to be told that they are lost. */
  replace(lost: number): void;
  /** None can begin at the moment: not to be tried for a while. */
  rest(): void;
}

/** What becomes of tasks when a worker leaves, or dies. */
export class Losses {
  readonly #slots: Slots;
  readonly #pins: Pins;
  readonly #outbox: Outbox;
  readonly #mail: Mail;
  readonly #crew: Crew;
  readonly #results: Results;
  readonly #listener: LossListener;
  #stillborn = 0;
  /** Threads that are about to end, and still look into the pool's memory. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(slots: Slots, pins: Pins, outbox: Outbox, mail: Mail, crew: Crew, results: Results, listener: LossListener) {
    this.#slots = slots;
    this.#pins = pins;
    this.#outbox = outbox;
    this.#mail = mail;
    this.#crew = crew;
    this.#results = results;
    this.#listener = listener;
  }

  /** Resolves when those that have left no longer look into the pool's memory. */
  async whenLeft(): Promise<void> {
    await Promise.all(this.#leaving);
  }

  /** A worker has left in good order: its initializer has failed, or it has done its share. Those of a pool that ends stay in the crew. */
  left(thread: PoolThread, isEnding: boolean): void {
    if (this.#crew.slots[thread.number] !== thread || thread.isKnownToLeave) return;
    thread.isKnownToLeave = true;
    const gone = outsideScopes(() => thread.join());
    this.#leaving.add(gone);
    void gone.then(() => this.#leaving.delete(gone));
    if (thread.failure !== 0) {
      const error = take(thread.takeFailure());
      this.#crew.remove(thread);
      return this.#listener.break(`its initializer failed: ${why(error)}`, error);
    }
    if (isEnding) return;
    this.#crew.remove(thread);
    this.#requeue(this.#slots.inState(QUEUED), thread, null);
    this.#listener.replace(0);
  }

  /** A worker takes no more tasks, and its results may not have been taken yet. */
  takeLeave(thread: PoolThread): void {
    for (let slot = thread.nextResult(); slot !== 0; slot = thread.nextResult()) this.#results.take(slot, thread);
    this.left(thread, false);
  }

  /**
   * A worker has died: what it had only claimed goes to the others, another one takes its place, and what it ran fails. In this order: who is
   * told of a failure may wait for the others at once, by blocking.
   */
  died(thread: PoolThread, end: ThreadEnd): void {
    const { fabric, futures } = this.#slots;
    for (let slot = thread.nextResult(); slot !== 0; slot = thread.nextResult()) this.#results.take(slot, thread);
    const mark = thread.number << STATE_BITS;
    for (const slot of this.#slots.inState(DONE | mark)) if (!thread.isGone) this.#results.take(slot, thread);
    // Who was told of one of these has blocked, and seen to this death.
    if (thread.isGone) return;
    this.#stillborn = thread.isReady ? 0 : this.#stillborn + 1;
    const error = errorOf(thread, end);
    const queued: number[] = [];
    const lost: (readonly [future: AnyFuture, stream: TaskStream | undefined])[] = [];
    for (let slot = SCRATCH + 1; slot < SLOTS; slot++) {
      const at = fabric.slot(slot);
      const state = Atomics.load(fabric.i32, at);
      if (state === (RUNNING | mark)) {
        const future = futures[slot]!;
        lost.push([future, this.#results.takeStream(slot)]);
        this.#slots.release(slot, at);
        // It may be taken back before its turn comes.
        setTicket(future, NOWHERE);
      } else if (state === (CANCELLING | mark)) this.#slots.release(slot, at);
      else if (state === QUEUED || state === WITHDRAWN) queued.push(slot);
    }
    // What it had taken from the inbox, while its numbers are known.
    this.#mail.bury(thread, error);
    this.#crew.remove(thread);
    fabric.rouse();
    const isFutile = this.#stillborn >= STILLBORN_MAX;
    if (isFutile && !this.#crew.threads.some((other) => other.isReady)) {
      const { cause } = error;
      const why = isError(cause) ? `cannot begin: ${cause.message}` : `die before they can begin (${end.how}, exit code ${end.exitCode})`;
      this.#listener.break(`its workers ${why}`, cause);
    } else {
      this.#requeue(queued, thread, error);
      if (isFutile) this.#listener.rest();
      else this.#listener.replace(lost.length);
    }
    together(() => {
      for (const [future, stream] of lost) this.#end(future, stream, error);
    });
  }

  /** It ran this task, and may have told other threads already what came of it. */
  #end(future: AnyFuture, stream: TaskStream | undefined, error: unknown): void {
    const record = recordOf(future);
    const told = record === 0 ? PENDING : stateOfRecord(record);
    if (told === SUCCEEDED || told === FAILED) this.#results.end(future, stream, told, valueOfRecord(record));
    else this.#results.end(future, stream, FAILED, error);
  }

  /** Sends tasks once more that are in nobody's hands any more. */
  #requeue(queued: readonly number[], gone: PoolThread, error: BrokenWorkerError | null): void {
    const { fabric, futures } = this.#slots;
    this.#outbox.putAgain(queued.filter((slot) => this.#pins.of(slot) === undefined));
    for (const slot of queued) {
      const pin = this.#pins.of(slot);
      if (pin?.worker !== gone) continue;
      this.#pins.drop(slot);
      const at = fabric.slot(slot);
      if (futures[slot] === null) this.#slots.release(slot, at);
      else if (pin.isMoved && error !== null) {
        dropValue(fabric, at);
        this.#results.settle(slot, at, FAILED, error);
      } else this.#pins.give(slot, pin.parcels, pin.isMoved, NOTHING);
    }
  }
}

function errorOf(thread: PoolThread, end: ThreadEnd): BrokenWorkerError {
  const cause = end.error ?? thread.lastWord();
  return new BrokenWorkerError(
    { reason: end.how, exitCode: end.exitCode, worker: thread.name, output: thread.output },
    cause === undefined ? undefined : { cause },
  );
}
