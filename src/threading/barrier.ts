import { inspect } from 'node:util';
import { outsideScopes } from '../base/ambient.ts';
import { positiveInteger } from '../base/positive-integer.ts';
import { deadlineAfter, type Wait } from '../base/deadline.ts';
import * as barrier from '../sync/barrier.ts';
import { block, suspend } from '../sync/waiting.ts';
import type { Heap } from '../word/heap.ts';
import { handle, type Handle, registerKind } from '../word/shareable.ts';
import { BrokenBarrierError } from './errors.ts';
import { Face, Place } from './face.ts';

/* lock, arrived, round, broken rounds, is broken, parties, default time-out in ms (0: none) */
const ARRIVALS = 32; // who has come: a word for each party
const PARTIES = 20;
const TIMEOUT = 24;

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
    const place = parties instanceof Place ? parties : Place.allocate(ARRIVALS + 4 * positiveInteger(parties, 'parties'), heap);
    super('barrier', place);
    this.#action = action;
    if (!(parties instanceof Place)) place.word(PARTIES).store(parties);
    this.#words = {
      lock: place.word(0),
      arrived: place.word(4),
      round: place.word(8),
      broken: place.word(12),
      isBroken: place.word(16),
      arrivals: Array.from({ length: this.parties }, (_, i) => place.word(ARRIVALS + 4 * i)),
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
  async wait({ timeout = this.#timeout, signal }: Wait = {}): Promise<number> {
    const deadline = deadlineAfter(timeout);
    const arrival = this.#arrived(await suspend(barrier.arrive(this.#words, this.parties), deadline, signal));
    if (arrival.is === 'last')
      return this.#act(arrival, await this.#actOrAbort(async () => suspend(barrier.complete(this.#words, arrival.round))));
    let passed: boolean | null = null;
    try {
      passed = await suspend(barrier.awaitRound(this.#words, arrival.round), deadline, signal);
    } finally {
      if (passed === null) await outsideScopes(() => suspend(barrier.breakRound(this.#words, true)));
    }
    return this.#act(arrival, passed === true);
  }

  /** The blocking twin of `wait`. */
  waitSync({ timeout = this.#timeout, signal }: Wait = {}): number {
    signal?.throwIfAborted();
    const deadline = deadlineAfter(timeout);
    const arrival = this.#arrived(block(barrier.arrive(this.#words, this.parties), deadline));
    if (arrival.is === 'last') {
      try {
        this.#action?.();
      } catch (error) {
        this.abort();
        throw error;
      }
      return this.#act(arrival, block(barrier.complete(this.#words, arrival.round)));
    }
    const passed = block(barrier.awaitRound(this.#words, arrival.round), deadline);
    if (passed === null) this.abort();
    return this.#act(arrival, passed === true);
  }

  async #actOrAbort(complete: () => Promise<boolean>): Promise<boolean> {
    try {
      this.#action?.();
    } catch (error) {
      await outsideScopes(() => suspend(barrier.breakRound(this.#words, true)));
      throw error;
    }
    return complete();
  }

  #arrived(arrival: barrier.Arrival | null): Extract<barrier.Arrival, { readonly round: number }> {
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

  get parties(): number {
    return this.place.word(PARTIES).load();
  }
  /** How many wait, at this moment. */
  get nWaiting(): number {
    const arrived = this.#words.arrived.load();
    return arrived === this.parties ? 0 : arrived;
  }
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
registerKind(
  'barrier',
  (offset, action, heap, within) => new Barrier(new Place(heap, within, offset), { action: action as () => void }),
  import.meta.url,
);
