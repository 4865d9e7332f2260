import { type Deadline, deadlineAfter, LONGEST_TIMER_MS, NEVER, remaining } from '../base/deadline.ts';

interface Delay {
  readonly at: Deadline;
  readonly timer: NodeJS.Timeout;
  readonly begin: () => void;
}

/** What begins when some time has passed, also for who blocks, while no timer rings: the next tries of tasks that have failed. */
export class Delays<T> {
  readonly #delays = new Map<T, Delay>();

  /** Calls `begin` when so many milliseconds have passed. */
  add(one: T, ms: number, begin: () => void): void {
    const act = (): void => {
      this.stop(one);
      begin();
    };
    this.#delays.set(one, { at: deadlineAfter(ms), timer: setTimeout(act, Math.min(ms, LONGEST_TIMER_MS)), begin: act });
  }

  /** False when it waits for no time. */
  stop(one: T): boolean {
    const delay = this.#delays.get(one);
    if (delay === undefined) return false;
    clearTimeout(delay.timer);
    return this.#delays.delete(one);
  }

  get waiting(): readonly T[] {
    return [...this.#delays.keys()];
  }

  /** For who blocks. */
  look(): void {
    for (const { at, begin } of this.#delays.values()) if (remaining(at) === 0) begin();
  }

  /** When the first of them begins. */
  get due(): Deadline {
    let due = NEVER;
    for (const { at } of this.#delays.values()) due = Math.min(due, at);
    return due;
  }
}
