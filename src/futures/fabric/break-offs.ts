import { AWAITS, CANCELLING, FLAGS, INTERRUPTING, RUNNING, STATE, STATE_BITS } from './layout.ts';
import type { Crew } from './crew.ts';
import type { PoolThread } from './pool-thread.ts';
import type { Slots } from './slots.ts';

/** A task that is not broken off by then runs native code: its worker is ended. */
const GRACE_MS = 1000;

interface End {
  readonly isUnderWay: () => boolean;
  readonly thread: PoolThread;
  readonly due: number;
}

/** The tasks that are being broken off, and when their worker is ended if that has not helped. */
export class BreakOffs {
  readonly #slots: Slots;
  readonly #crew: Crew;
  /** By slot: one that is being broken off once more is through with the last time. */
  readonly #ends = new Map<number, End>();

  constructor(slots: Slots, crew: Crew) {
    this.#slots = slots;
    this.#crew = crew;
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
    thread.breakOff(slot, isCall);
    this.#ends.set(slot, { isUnderWay: () => Atomics.load(i32, at) === (CANCELLING | mark), thread, due: performance.now() + GRACE_MS });
    setTimeout(() => this.endStubborn(), GRACE_MS + 1).unref();
    return true;
  }

  /** Ends the workers whose tasks could not be broken off in time. */
  endStubborn(): void {
    for (const [slot, end] of this.#ends) {
      const isStubborn = !end.thread.isGone && end.isUnderWay();
      if (isStubborn && performance.now() < end.due) continue;
      this.#ends.delete(slot);
      if (isStubborn) end.thread.kill();
    }
  }
}
