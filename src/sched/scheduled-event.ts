/** A function that a scheduler will run. */
export class ScheduledEvent {
  /** No other event has it, whichever thread entered it: `cancel` goes by it. */
  readonly id: string;
  /** Counts the events of a scheduler: of those that are equal in all else, the first one in comes out first. */
  readonly sequence: number;
  /** When, by the scheduler's clock. */
  readonly time: number;
  /** Of those at one time, the least comes first. */
  readonly priority: number;
  /** What is called, in the thread that runs the scheduler. */
  readonly action: (...args: never[]) => unknown;
  /** What it is called with. */
  readonly args: readonly unknown[];

  constructor(
    id: string,
    sequence: number,
    time: number,
    priority: number,
    action: (...args: never[]) => unknown,
    args: readonly unknown[],
  ) {
    if (typeof time !== 'number' || Number.isNaN(time)) throw new TypeError(`the time of an event must be a number: got ${String(time)}`);
    if (typeof priority !== 'number' || Number.isNaN(priority))
      throw new TypeError(`the priority of an event must be a number: got ${String(priority)}`);
    if (typeof action !== 'function') throw new TypeError(`an event needs a function: got ${typeof action}`);
    this.id = id;
    this.sequence = sequence;
    this.time = time;
    this.priority = priority;
    this.action = action;
    this.args = args;
  }

  /** Less than 0 when this one runs before the other: by time, then priority, then in the order in which they were entered. */
  compare(other: ScheduledEvent): number {
    return this.time - other.time || this.priority - other.priority || this.sequence - other.sequence;
  }
}
