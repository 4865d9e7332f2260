import { onAbort } from '../../base/on-abort.ts';
import { LONGEST_TIMER_MS } from '../../base/deadline.ts';
import { TimeoutError } from '../../base/errors.ts';
import { monotonic } from '../../base/monotonic.ts';
import { leaveAsItIs } from '../call-site.ts';
import { Delays } from '../delays.ts';
import { type AnyFuture, ticketOf } from '../future.ts';
import { BEGAN, RUNNING, STATE } from './layout.ts';
import { dropPacked } from './parked.ts';
import type { Slots } from './slots.ts';
import type { Work } from './work.ts';

/** Ends the future of a task with an error, whatever the task does. */
type EndEarly = (future: AnyFuture, error: unknown) => void;

/** The tasks on terms: their times, their signals, their tries. */
export class Works {
  readonly #slots: Slots;
  readonly #endEarly: EndEarly;
  readonly #works = new Map<AnyFuture, Work>();
  /** Those that are to be tried again. */
  readonly delays = new Delays<AnyFuture>();

  constructor(slots: Slots, endEarly: EndEarly) {
    this.#slots = slots;
    this.#endEarly = endEarly;
  }

  of(future: AnyFuture): Work | undefined {
    return this.#works.size === 0 ? undefined : this.#works.get(future);
  }

  add(work: Work): void {
    this.#works.set(work.future, work);
  }

  /** From now on its time counts, and its signal is heard. */
  watch(work: Work): void {
    const { future, terms } = work;
    const { signal, timeout } = terms;
    if (signal !== undefined)
      work.unsubscribe = onAbort(
        signal,
        () => {
          leaveAsItIs(signal.reason);
          // Those that wait come first: a worker that is rid of its task would run one of them.
          if (!future.running) this.#endEarly(future, signal.reason);
        },
        () => {
          this.#endEarly(future, signal.reason);
        },
      );
    if (timeout !== undefined) this.#checkLater(work, timeout);
  }

  /** It is done. */
  forget(future: AnyFuture): void {
    const work = this.of(future);
    if (work === undefined) return;
    this.#works.delete(future);
    if (work.timer !== null) clearTimeout(work.timer);
    this.delays.stop(future);
    work.unsubscribe?.();
    if (work.packed !== null) dropPacked(work.packed);
  }

  /** While the event loop stands still: what its timers would tell. */
  checkTimes(): void {
    for (const work of this.#works.values()) {
      if (work.timer === null) continue;
      clearTimeout(work.timer);
      this.#checkTime(work);
    }
    this.delays.look();
  }

  #checkLater(work: Work, ms: number): void {
    work.timer = setTimeout(() => this.#checkTime(work), Math.min(ms, LONGEST_TIMER_MS)).unref();
  }

  /** Ends a task whose time is up, or looks again when it could be. */
  #checkTime(work: Work): void {
    const { future, terms } = work;
    const timeout = terms.timeout!;
    const slot = ticketOf(future);
    let left = timeout;
    if (slot >= 0 && (this.#slots.stateOf(slot) & STATE) === RUNNING) {
      const { fabric } = this.#slots;
      const began = fabric.f64[(fabric.slot(slot) + BEGAN) >> 1]!;
      // Its worker is just about to write it down.
      if (began !== 0) left = began + timeout - monotonic();
      // Timers ring a little early.
      if (left < 1) return this.#endEarly(future, new TimeoutError(`the task did not end within ${timeout} ms from its start`));
    }
    this.#checkLater(work, left);
  }
}
