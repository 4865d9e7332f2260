import { inspect } from 'node:util';
import { outsideScopes } from '../base/ambient.ts';
import { positiveInteger } from '../base/positive-integer.ts';
import { asked, deadlineAfter, type Wait } from '../base/deadline.ts';
import * as barrier from '../sync/barrier.ts';
import { block, suspend, type Waiting } from '../sync/waiting.ts';
import type { Heap } from '../word/heap.ts';
import { handle, type Handle, registerKind } from '../word/shareable.ts';
import { BrokenBarrierError } from './errors.ts';
import { Face, Place } from './face.ts';
import { Records } from './records.ts';

/* lock, arrived, round, completed, is broken, parties, default time-out in ms (0: none), more places; then a place for each party. */
const PARTIES = 20;
const TIMEOUT = 24;
const MORE = 28;
const PLACES = 32;

/** How a `Barrier` is made. */
export interface BarrierOptions {
  /** Runs once a round, in the last thread to arrive, before anybody goes on. */
  readonly action?: (() => void) | undefined;
  /** For waits that say none: milliseconds. */
  readonly timeout?: number | undefined;
}

/**
 * A meeting of threads: Python's `threading.Barrier`. Each `wait` waits until as many as `parties` have come, and gives
 * each a different number from 0 on. When one of them gives up, all get `BrokenBarrierError`.
 */
export class Barrier extends Face {
  readonly #words: barrier.BarrierWords;
  readonly #action: (() => void) | undefined;

  constructor(parties: number | Place, { action, timeout }: BarrierOptions = {}, heap?: Heap) {
    const place = parties instanceof Place ? parties : Place.allocate(PLACES + 4 * positiveInteger(parties, 'parties'), heap);
    super('barrier', place);
    this.#action = action;
    if (!(parties instanceof Place)) place.word(PARTIES).store(parties);
    this.#words = {
      lock: place.word(0),
      arrived: place.word(4),
      round: place.word(8),
      completed: place.word(12),
      isBroken: place.word(16),
      places: new Records(place, { first: PLACES, count: this.parties, link: MORE, bytes: 4, make: (in_, at) => in_.word(at) }),
    };
    if (parties instanceof Place) return;
    deadlineAfter(timeout);
    place.word(TIMEOUT).store(timeout === undefined ? 0 : Math.max(1, Math.ceil(timeout)));
  }

  override [handle](): Handle {
    // The action is a function: it travels with the barrier.
    return { ...super[handle](), extra: this.#action };
  }

  /** Waits for the others; gives the number of this arrival. When time is up, the barrier is broken for all. */
  async wait(wait?: Wait): Promise<number> {
    const { timeout = this.#timeout, signal } = asked(wait);
    const deadline = deadlineAfter(timeout);
    const arrival = this.#arrived(await suspend(barrier.arrive(this.#words, this.parties), deadline, signal));
    let isOver = false;
    const waiting = arrival.is === 'last' ? barrier.complete(this.#words, arrival) : barrier.awaitRound(this.#words, arrival);
    const rest = watched(waiting, () => (isOver = true));
    try {
      if (arrival.is === 'last') this.#action?.();
      const passed = await (arrival.is === 'last' ? suspend(rest) : suspend(rest, deadline, signal));
      return this.#act(arrival, passed === true);
    } catch (error) {
      // The action has failed, or the wait was cancelled before it began; all may have come by then, and the others have gone on.
      const passed = !isOver && (await outsideScopes(() => suspend(barrier.giveUp(this.#words, arrival))));
      if (passed && signal?.aborted === true) return arrival.index;
      throw error;
    }
  }

  /** The blocking twin of `wait`. */
  waitSync(wait?: Wait): number {
    const { timeout = this.#timeout, signal } = asked(wait);
    signal?.throwIfAborted();
    const deadline = deadlineAfter(timeout);
    const arrival = this.#arrived(block(barrier.arrive(this.#words, this.parties), deadline));
    if (arrival.is === 'last') {
      try {
        this.#action?.();
      } catch (error) {
        block(barrier.giveUp(this.#words, arrival));
        throw error;
      }
      return this.#act(arrival, block(barrier.complete(this.#words, arrival)));
    }
    return this.#act(arrival, block(barrier.awaitRound(this.#words, arrival), deadline) === true);
  }

  #arrived(arrival: barrier.Arrival | null): barrier.Arrived {
    if (arrival === null) this.abort();
    if (arrival === null || arrival.is === 'broken')
      throw new BrokenBarrierError(`the barrier of ${this.parties} is broken: reset() repairs it`);
    return arrival;
  }

  #act({ index }: { readonly index: number }, passed: boolean): number {
    if (!passed)
      throw new BrokenBarrierError(
        `the barrier of ${this.parties} was broken while this thread waited: another gave up, aborted or reset it`,
      );
    return index;
  }

  /** Breaks the barrier: those who wait, and all who come, get `BrokenBarrierError`, until it is reset. */
  abort(): void {
    block(barrier.breakRound(this.#words, true));
  }

  /** Sends those who wait away with `BrokenBarrierError`, and makes the barrier as new. */
  reset(): void {
    block(barrier.breakRound(this.#words, false));
  }

  /** How many threads have to come before any goes on. It can't be changed. */
  get parties(): number {
    return this.place.word(PARTIES).load();
  }
  /** How many wait, at this moment. */
  get nWaiting(): number {
    const arrived = this.#words.arrived.load();
    return arrived === this.parties ? 0 : arrived;
  }
  /**
   * Whether it is broken, at this moment: every `wait` then fails with `BrokenBarrierError`, until `reset()`. Never blocks; any thread
   * may ask.
   */
  get broken(): boolean {
    return this.#words.isBroken.load() === 1;
  }
  get #timeout(): number | undefined {
    return this.place.word(TIMEOUT).load() || undefined;
  }

  [inspect.custom](): string {
    return `<Barrier: ${this.nWaiting} of ${this.parties}${this.broken ? ', broken' : ''}>`;
  }
}
/** The same algorithm, which says that it has come to its end. */
function* watched<T>(waiting: Waiting<T>, over: () => void): Waiting<T> {
  const result = yield* waiting;
  over();
  return result;
}

registerKind(
  'barrier',
  (offset, action, heap, within) => new Barrier(new Place(heap, within, offset), { action: action as () => void }),
  import.meta.url,
);
