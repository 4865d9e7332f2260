import { inspect } from 'node:util';
import { invariant } from '../../base/invariant.ts';
import { writeAll } from '../../host/thread/output.ts';
import { MustAwait, take } from '../../message/index.ts';
import { type AnyFuture, recordOf, settleFuture, ticketOf } from '../future.ts';
import { CANCELLED, FAILED as FUTURE_FAILED, stateOfRecord, SUCCEEDED } from '../future-record.ts';
import { TaskStream } from '../task-stream.ts';
import { FAILED, FLAGS, PARCEL, PARCELS, STREAM_BEGINS, TAKEN, YIELDED } from './layout.ts';
import type { PoolThread } from './pool-thread.ts';
import type { Slots } from './slots.ts';
import { takeValue } from './values.ts';

export interface ResultsListener {
  /** The name that messages use. */
  readonly name: string;
  /** A task has ended, one way or another, and its slot is free. */
  ended(future: AnyFuture, state: 2 | 4 | 5, value: unknown, isStream: boolean): void;
  /** It was not while results were taken. */
  endedLate(): void;
  /** Who hears what the task sends by `emit`. */
  listenerOf(future: AnyFuture): ((message: never) => void) | undefined;
  /** Breaks off a task that has become a stream; false when it has ended. */
  stopStream(future: AnyFuture, failed: boolean): boolean;
}

/** Takes what workers give back: results, errors, messages, and the values of streams. */
export class Results {
  readonly #slots: Slots;
  readonly #listener: ResultsListener;
  readonly #streams = new Map<number, TaskStream>();
  /** The slots whose results wait for a module, and for which. */
  readonly #late = new Map<number, MustAwait>();

  constructor(slots: Slots, listener: ResultsListener) {
    this.#slots = slots;
    this.#listener = listener;
  }

  /** Takes one thing out of a worker's ring: the number of a slot that is done, or a message of a task / -16. */
  take(slot: number, thread: PoolThread): void {
    if (slot < 0) return this.#hear(slot * -16);
    const { fabric } = this.#slots;
    const at = fabric.slot(slot);
    const flags = fabric.i32[at + FLAGS]!;
    // Its worker has died meanwhile.
    if (this.#late.has(slot)) return;
    // One that was taken back.
    if (this.#slots.futures[slot] === null) return this.#slots.release(slot, at);
    const parcels = (flags & PARCELS) === 0 ? null : thread.receiveParcels(fabric.i32[at + PARCEL]!);
    let value: unknown;
    let state: 4 | 5 = (flags & FAILED) === 0 ? SUCCEEDED : FUTURE_FAILED;
    try {
      value = takeValue(fabric, at, parcels);
    } catch (error) {
      if (error instanceof MustAwait) return void this.#takeLater(slot, at, error, state, parcels);
      value = error;
      state = FUTURE_FAILED;
    }
    this.settle(slot, at, state, value);
  }

  /** A module that the result needs has to be awaited. */
  async #takeLater(slot: number, at: number, missing: MustAwait, state: 4 | 5, parcels: readonly unknown[] | null): Promise<void> {
    this.#late.set(slot, missing);
    let value: unknown;
    for (let wanted: MustAwait | null = missing; wanted !== null;) {
      try {
        await wanted.load();
        value = takeValue(this.#slots.fabric, at, parcels);
        wanted = null;
      } catch (error) {
        if (error instanceof MustAwait && error !== wanted) wanted = error;
        else {
          [value, state, wanted] = [error, FUTURE_FAILED, null];
        }
      }
    }
    this.#late.delete(slot);
    this.settle(slot, at, state, value);
    this.#listener.endedLate();
  }

  /** How many results wait for modules: no blocking brings them nearer. */
  get late(): number {
    return this.#late.size;
  }

  /** What the result of a future waits for, if it does for a module. */
  missingFor(future: AnyFuture): MustAwait | undefined {
    const slot = this.#late.size > 0 ? ticketOf(future) : -1;
    return slot >= 0 && this.#slots.futures[slot] === future ? this.#late.get(slot) : undefined;
  }

  /** Frees the slot, and ends its task. */
  settle(slot: number, at: number, state: 4 | 5, value: unknown): void {
    const future = this.#slots.futures[slot];
    invariant(future, `slot ${slot} has no future`);
    this.#slots.release(slot, at);
    this.end(future, this.takeStream(slot), state, value);
  }

  /** The stream that the task in a slot has become, if it has: whoever takes it ends it. */
  takeStream(slot: number): TaskStream | undefined {
    const stream = this.#streams.size > 0 ? this.#streams.get(slot) : undefined;
    if (stream !== undefined) this.#streams.delete(slot);
    return stream;
  }

  /** Ends a task that has no slot any more. */
  end(future: AnyFuture, stream: TaskStream | undefined, state: 4 | 5, value: unknown): void {
    if (stream !== undefined) {
      stream.finish(state === FUTURE_FAILED, value);
      return this.#listener.ended(future, state, value, true);
    }
    const record = recordOf(future);
    if (record !== 0 && stateOfRecord(record) === CANCELLED) return this.#listener.ended(future, CANCELLED, undefined, false);
    this.#listener.ended(future, state, value, false);
  }

  /** Something that a task has sent before its end. */
  #hear(message: number): void {
    const { name } = this.#listener;
    let slot: number;
    let kind: number;
    let value: unknown;
    try {
      [slot, kind, value] = take(message) as [number, number, unknown];
    } catch (error) {
      writeAll(2, Buffer.from(`a message of a task of ${name} can't be read: ${inspect(error)}\n`));
      return;
    }
    const future = this.#slots.futures[slot];
    if (!future) return;
    if (kind === YIELDED) return this.#streams.get(slot)?.push(value);
    if (kind === STREAM_BEGINS) return this.#beginStream(slot, future);
    try {
      this.#listener.listenerOf(future)?.(value as never);
    } catch (error) {
      writeAll(2, Buffer.from(`onMessage of a task of ${name} failed: ${inspect(error)}\n`));
    }
  }

  /** The future of a task that yields gives the stream; the task goes on. */
  #beginStream(slot: number, future: AnyFuture): void {
    const { fabric, futures } = this.#slots;
    const { i32 } = fabric;
    const at = fabric.slot(slot);
    const stream = new TaskStream({
      taken: () => {
        if (futures[slot] !== future) return;
        Atomics.add(i32, at + TAKEN, 1);
        Atomics.notify(i32, at + TAKEN);
      },
      stop: () => {
        if (futures[slot] === future && this.#listener.stopStream(future, false)) this.#streams.delete(slot);
      },
    });
    this.#streams.set(slot, stream);
    settleFuture(future, SUCCEEDED, stream);
  }

  /** What a stream has yielded can be read, and then the error comes. The task is broken off. */
  endStream(future: AnyFuture, error: unknown): void {
    const slot = ticketOf(future);
    const stream = slot >= 0 && this.#slots.futures[slot] === future ? this.#streams.get(slot) : undefined;
    if (stream === undefined || !this.#listener.stopStream(future, true)) return;
    this.#streams.delete(slot);
    stream.finish(true, error);
  }
}
