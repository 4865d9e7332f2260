import { observed } from '../../base/observer.ts';
import { monotonic } from '../../base/monotonic.ts';
import { drop, isMustAwait, MustAwait, read } from '../../message/index.ts';
import { sharedHeap } from '../../word/heap.ts';
import { FAILED as RECORD_FAILED, moveRecord, PENDING, RUNNING, settleRecord, SUCCEEDED } from '../future-record.ts';
import { orDescribed } from '../describe-thrown.ts';
import { isAwaited } from './awaited.ts';
import { applyToChunk, type ChunkArgs } from './chunk.ts';
import type { AnyFunction } from './function-table.ts';
import { Inbox, takeTask } from './inbox.ts';
import type { InHand } from './in-hand.ts';
import type { Fabric } from './layout.ts';
import { MailInHand } from './mail-in-hand.ts';
import type { RunTimes } from './run-times.ts';
import { type Task, taskHere } from './task.ts';

/** Runs the tasks that other threads than the pool's owner have handed over. */
export class MailRunner {
  readonly #fabric: Fabric;
  readonly #kept: MailInHand;
  readonly #inHand: InHand;
  readonly #times: RunTimes;
  readonly #hasEnded: () => void;
  #inbox: Inbox | null = null;
  /** How many tasks it has run. */
  ran = 0;

  constructor(fabric: Fabric, worker: number, inHand: InHand, times: RunTimes, hasEnded: () => void) {
    this.#fabric = fabric;
    this.#kept = new MailInHand(fabric, worker);
    this.#inHand = inHand;
    this.#times = times;
    this.#hasEnded = hasEnded;
  }

  get hasMail(): boolean {
    this.#inbox ??= Inbox.find(this.#fabric);
    return this.#inbox !== null && this.#inbox.size > 0;
  }

  /** Runs a task; false when there is none. */
  run(): boolean {
    if (!this.hasMail) return false;
    const record = this.#inbox!.take((taken) => this.#kept.add(taken));
    if (record === 0) return false;
    const isWanted = moveRecord(record, PENDING, RUNNING) === PENDING;
    const { message, isChunk } = takeTask(record);
    if (!isWanted) {
      drop(message);
      this.#letGo(record);
      return true;
    }
    this.ran++;
    this.#inHand.calls.push(record / -16);
    const start = monotonic();
    try {
      const result = this.#call(message, isChunk);
      // A `then` of a program may do what it likes: a promise of ours hears it once.
      if (isAwaited(result)) this.#await(record, Promise.resolve(result));
      else this.end(record, result, false);
    } catch (error) {
      if (isMustAwait(error)) this.#await(record, this.#whenLoaded(message, isChunk, error));
      else this.end(record, error, true);
    }
    this.#inHand.calls.pop();
    this.#times.ran(monotonic() - start, 1);
    return true;
  }

  /** Ends a task with its result or its error. */
  end(record: number, value: unknown, hasFailed: boolean): void {
    settle(record, value, hasFailed);
    this.#letGo(record);
  }

  #letGo(record: number): void {
    this.#kept.remove(record);
    sharedHeap().release(record);
  }

  /** Calls what a message says, and frees it; not when `MustAwait` is thrown. */
  #call(message: number, isChunk: boolean): unknown {
    let call: readonly [AnyFunction, readonly never[]];
    try {
      call = read(message) as typeof call;
    } catch (error) {
      if (!(error instanceof MustAwait)) drop(message);
      throw error;
    }
    drop(message);
    const [called, args] = call;
    const fn = observed(called);
    return isChunk ? applyToChunk(fn, ...(args as unknown as ChunkArgs)) : fn(...args);
  }

  async #whenLoaded(message: number, isChunk: boolean, first: MustAwait): Promise<unknown> {
    for (let missing = first; ;) {
      await missing.load();
      try {
        return await this.#call(message, isChunk);
      } catch (error) {
        if (!isMustAwait(error) || error === missing) throw error;
        missing = error;
      }
    }
  }

  #await(record: number, result: Promise<unknown>): void {
    const task: Task = taskHere.current ?? { controller: null };
    const { awaiting } = this.#inHand;
    awaiting.set(record / -16, task);
    const end = (value: unknown, hasFailed: boolean): void => {
      awaiting.delete(record / -16);
      this.end(record, value, hasFailed);
      this.#hasEnded();
    };
    result.then(
      (value) => end(value, false),
      (error: unknown) => end(error, true),
    );
  }
}

/** Tells a result, or that it can't be told, to all who have the future. An error that can't travel is told by its text. */
export function settle(record: number, value: unknown, hasFailed: boolean): void {
  if (hasFailed) return tellError(record, value);
  try {
    settleRecord(record, SUCCEEDED, value);
  } catch (error) {
    tellError(record, error);
  }
}

function tellError(record: number, error: unknown): void {
  orDescribed(error, (one) => settleRecord(record, RECORD_FAILED, one));
}
