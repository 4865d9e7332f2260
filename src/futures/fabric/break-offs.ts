import { monotonic } from '../../base/monotonic.ts';
import { availableParallelism, loadavg } from 'node:os';
import type { Interrupt } from '../../host/thread/interrupt.ts';
import { AWAITS, CANCELLING, FLAGS, INTERRUPTING, RUNNING, STATE, STATE_BITS } from './layout.ts';
import type { Crew } from './crew.ts';
import type { PoolThread } from './pool-thread.ts';
import type { Slots } from './slots.ts';

/** A task that is not broken off so long after its worker was told runs native code: its worker is ended. */
const GRACE_MS = 1000;
/** So long it may take to tell the worker. */
const PATIENCE_MS = 20_000;

/** Where many wait for a core, it takes longer until the worker has one. */
function grace(): number {
  return GRACE_MS * Math.max(1, Math.min(20, loadavg()[0]! / availableParallelism()));
}

interface End {
  readonly isUnderWay: () => boolean;
  readonly thread: PoolThread;
  /** `null` for what is no call. */
  readonly interrupt: Interrupt | null;
  due: number;
  isTold: boolean;
}

/** The tasks that are being broken off, and when their worker is ended if that has not helped. */
export class BreakOffs {
  readonly #slots: Slots;
  readonly #crew: Crew;
  /** By slot: one that is being broken off once more is through with the last time. */
  readonly #ends = new Map<number, End>();
  #timer: NodeJS.Timeout | null = null;
  /** A worker is counted no more, and another one may take its place. */
  readonly #replace: () => void;

  constructor(slots: Slots, crew: Crew, replace: () => void) {
    this.#slots = slots;
    this.#crew = crew;
    this.#replace = replace;
  }

  /** How many workers are kept by tasks that have been broken off and do not end: they may be in native code. */
  get keeping(): number {
    if (this.#ends.size === 0) return 0;
    return new Set([...this.#ends.values()].filter(({ thread, isUnderWay }) => !thread.isGone && isUnderWay()).map(({ thread }) => thread))
      .size;
  }

  /** Breaks off a task that runs; false when it does not. The worker lives on, unless the task runs native code for too long. */
  begin(slot: number, at: number): boolean {
    const { i32 } = this.#slots.fabric;
    const state = Atomics.load(i32, at);
    const mark = state & ~STATE;
    if ((state & STATE) !== RUNNING || Atomics.compareExchange(i32, at, state, CANCELLING | mark) !== state) return false;
    this.#slots.futures[slot] = null;
    const thread = this.#crew.slots[mark >> STATE_BITS];
    if (!thread) return true;
    const isCall = (Atomics.or(i32, at + FLAGS, INTERRUPTING) & AWAITS) === 0;
    this.#ends.set(slot, {
      isUnderWay: () => Atomics.load(i32, at) === (CANCELLING | mark),
      thread,
      interrupt: thread.breakOff(slot, isCall),
      due: monotonic() + PATIENCE_MS,
      isTold: false,
    });
    this.#lookLater();
    return true;
  }

  #lookLater(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.endStubborn();
      if (this.#ends.size > 0) this.#lookLater();
    }, GRACE_MS / 2).unref();
  }

  /** Ends the workers whose tasks could not be broken off in time. */
  endStubborn(): void {
    const now = monotonic();
    for (const [slot, end] of this.#ends) {
      if (end.thread.isGone || !end.isUnderWay()) this.#ends.delete(slot);
      else if (!end.isTold && end.interrupt?.isSent !== false) {
        end.isTold = true;
        end.due = now + grace();
      } else if (now >= end.due) {
        this.#ends.delete(slot);
        end.thread.kill();
        // It ends when the native code returns, which may take long.
        if (this.#crew.giveUp(end.thread)) this.#replace();
      }
    }
  }
}
