import { leaveAsItIs } from '../call-site.ts';
import { type AnyFuture, type Future, newFuture, settleFuture, setTicket, type Source } from '../future.ts';
import { FAILED } from '../future-record.ts';
import type { Terms } from '../terms.ts';
import type { Values } from '../value-list.ts';
import { BrokenExecutorError } from '../errors.ts';
import { copiesIn, type Direct } from './direct.ts';
import type { AnyFunction } from './function-table.ts';
import { CHUNK, FLAGS, FUNCTION, LISTENED, RECORD, RETRIED, TIMED } from './layout.ts';
import type { Load } from './load.ts';
import type { Outbox } from './outbox.ts';
import { keepPacked, packUp, unpack } from './parked.ts';
import type { Pins } from './pins.ts';
import type { PoolThread } from './pool-thread.ts';
import { NOTHING, type Slots } from './slots.ts';
import { BETWEEN, NOWHERE, SCRATCH } from './ticket.ts';
import { putMessage } from './values.ts';
import type { Work } from './work.ts';
import { retryPlan } from '../retries.ts';
import type { Works } from './works.ts';

export interface HandOverListener {
  /** Takes the results that have come: their slots are then free. */
  drain(): void;
  /** A task has been handed over. */
  added(): void;
  /** Throws when nothing may be handed over any more. */
  checkUsable(): void;
  /** A task is to be run once more. */
  retried(): void;
  /** A task can't be run once more. */
  failed(future: AnyFuture, error: unknown): void;
}

/** Makes tasks of functions and arguments, and hands them over: plainly, on terms, in chunks, to each thread, and once more. */
export class HandOver {
  readonly #source: Source;
  readonly #slots: Slots;
  readonly #pins: Pins;
  readonly #outbox: Outbox;
  readonly #works: Works;
  readonly #load: Load;
  readonly #listener: HandOverListener;
  readonly #direct: Direct;

  constructor(
    source: Source,
    slots: Slots,
    pins: Pins,
    outbox: Outbox,
    works: Works,
    load: Load,
    direct: Direct,
    listener: HandOverListener,
  ) {
    this.#source = source;
    this.#slots = slots;
    this.#pins = pins;
    this.#outbox = outbox;
    this.#works = works;
    this.#load = load;
    this.#direct = direct;
    this.#listener = listener;
  }

  plain(number: number, fn: AnyFunction, args: readonly unknown[]): Future {
    const future = newFuture<unknown>(this.#source, NOWHERE);
    if (this.#plainly(future, number, fn, args, this.#direct)) return future;
    // Nobody has begun it in time: it goes the way of all others, as it still is.
    this.#plainly(future, number, fn, args, null);
    return future;
  }

  /** False when it was given to a worker directly, and has been taken back. */
  #plainly(future: Future, number: number, fn: AnyFunction, args: readonly unknown[], direct: Direct | null): boolean {
    const slot = this.#takeSlot();
    const at = this.#slots.fabric.slot(slot);
    try {
      const parcels = this.#slots.write(slot, at, number, fn, args, slot === SCRATCH ? undefined : direct?.options);
      setTicket(future, slot);
      const worker = parcels === null || direct === null ? null : direct.worker;
      if (worker === null) {
        this.#dispatch(future, slot, at, 0, 0, parcels, NOTHING);
        return true;
      }
      this.#dispatch(future, slot, at, 0, 0, parcels, copiesIn(parcels!), worker);
      if (direct!.hasBegun(at) || !this.#slots.withdraw(slot, at)) return true;
    } catch (error) {
      this.#slots.giveBack(slot);
      throw error;
    }
    this.#load.outstanding--;
    return false;
  }

  /** A chunk of items for a function that has a number. */
  chunk(number: number, fn: AnyFunction, items: Values, isSpread: boolean): Future {
    const slot = this.#takeSlot();
    const { i32 } = this.#slots.fabric;
    const at = this.#slots.fabric.slot(slot);
    i32[at + FUNCTION] = number;
    const args = [items, isSpread];
    try {
      const parcels = putMessage(i32, at, number === 0 ? [fn, ...args] : args, undefined, slot === SCRATCH ? 0 : undefined);
      return this.#dispatch(newFuture<unknown>(this.#source, slot), slot, at, CHUNK, 0, parcels, NOTHING);
    } catch (error) {
      this.#slots.giveBack(slot);
      throw error;
    }
  }

  toEach(threads: readonly PoolThread[], number: number, fn: AnyFunction, args: readonly unknown[]): Future[] {
    const { fabric, futures } = this.#slots;
    return threads.map((thread) => {
      const slot = this.#slots.takeFree();
      if (slot === undefined) throw new BrokenExecutorError('the pool has too many tasks under way to address each thread');
      const at = fabric.slot(slot);
      const parcels = this.#slots.write(slot, at, number, fn, args, undefined) ?? NOTHING;
      const future = newFuture<unknown>(this.#source, slot);
      this.#load.outstanding++;
      futures[slot] = future;
      fabric.i32[at + FLAGS] = 0;
      fabric.i32[at + RECORD] = 0;
      this.#pins.give(slot, parcels, false, NOTHING, thread, true);
      this.#load.becomeBusy();
      return future;
    });
  }

  onTerms(terms: Terms, number: number, fn: AnyFunction, args: readonly unknown[]): Future {
    const { signal, timeout, retries, priority = 0, onMessage } = terms;
    const future = newFuture<unknown>(this.#source, NOWHERE);
    if (signal?.aborted === true) {
      leaveAsItIs(signal.reason);
      settleFuture(future, FAILED, signal.reason);
      return future;
    }
    const retry = retryPlan(retries);
    const work: Work = { future, terms, packed: null, retry, attempts: 0, timer: null, unsubscribe: null };
    if (priority > 0 || (priority < 0 && !this.#outbox.backlog.isOrdered)) this.#outbox.recall(priority);
    // Before it is sent: the result may be there before the call returns.
    if (signal !== undefined || timeout !== undefined || retry !== null || onMessage !== undefined) this.#works.add(work);
    try {
      this.#send(work, (slot, at) => this.#slots.write(slot, at, number, fn, args, terms));
    } catch (error) {
      this.#works.forget(future);
      throw error;
    }
    if (this.#works.of(future) === work) this.#works.watch(work);
    return future;
  }

  /** Hands a task over once more, after so many milliseconds: as it was the first time. */
  later(work: Work, delay: number): void {
    this.#listener.retried();
    this.#load.outstanding++;
    setTicket(work.future, BETWEEN);
    this.#works.delays.add(work.future, delay, () => {
      this.#load.outstanding--;
      try {
        this.#listener.checkUsable();
        this.#send(work, (_, at) => this.#writeAgain(work, at));
      } catch (error) {
        this.#listener.failed(work.future, error);
      }
    });
  }

  #writeAgain({ packed }: Work, at: number): readonly unknown[] | null {
    unpack(this.#slots.fabric, at, packed!);
    keepPacked(packed!);
    return packed!.parcels;
  }

  #send(work: Work, write: (slot: number, at: number) => readonly unknown[] | null): void {
    const { future, terms } = work;
    const { transfer = NOTHING, priority = 0, timeout, onMessage } = terms;
    const { fabric } = this.#slots;
    const slot = this.#takeSlot();
    const at = fabric.slot(slot);
    work.attempts++;
    try {
      const parcels = write(slot, at);
      if (work.retry !== null && work.packed === null) {
        work.packed = packUp(fabric, at, parcels);
        unpack(fabric, at, work.packed);
        keepPacked(work.packed);
      }
      setTicket(future, slot);
      const flags = (timeout === undefined ? 0 : TIMED) | (onMessage === undefined ? 0 : LISTENED) | (work.retry === null ? 0 : RETRIED);
      this.#dispatch(future, slot, at, flags, priority, parcels, work.attempts > 1 ? NOTHING : transfer);
    } catch (error) {
      this.#slots.giveBack(slot);
      throw error;
    }
  }

  #takeSlot(): number {
    if (!this.#slots.hasFree) this.#listener.drain();
    return this.#outbox.takeSlot();
  }

  #dispatch(
    future: Future,
    slot: number,
    at: number,
    flags: number,
    priority: number,
    parcels: readonly unknown[] | null,
    transfer: readonly unknown[],
    only?: PoolThread,
  ): Future {
    this.#load.outstanding++;
    try {
      this.#outbox.put(future, slot, at, flags, priority, parcels, transfer, only);
    } catch (error) {
      this.#load.outstanding--;
      throw error;
    }
    this.#listener.added();
    return future;
  }
}
