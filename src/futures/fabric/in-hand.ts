import type { Task } from './task.ts';

/** The tasks that a worker has begun and not ended. A slot goes by its number, a task from the inbox by its record / -16. */
export class InHand {
  /** Those that have returned a promise. */
  readonly awaiting = new Map<number, Task>();
  /** How many futures they are waiting for that other threads set. */
  yielding = 0;
  /** The calls on the stack, innermost last. */
  readonly calls: number[] = [];

  /** Whether another task may begin: none awaits, or all that do may be waiting for tasks of this pool. */
  get mayBegin(): boolean {
    return this.awaiting.size === 0 || this.yielding >= this.awaiting.size;
  }

  get isAwaiting(): boolean {
    return this.awaiting.size > 0;
  }

  /** Whether the task with this record is among them. `recordIn` tells that of a slot. */
  has(record: number, recordIn: (slot: number) => number): boolean {
    const is = (task: number): boolean => (task < 0 ? task * -16 : recordIn(task)) === record;
    for (const task of this.awaiting.keys()) if (is(task)) return true;
    return this.calls.some(is);
  }

  /** A call has been interrupted, and all that was on the stack with it is gone: gives the others. */
  fall(number: number): readonly number[] {
    if (!this.calls.includes(number)) return [];
    return this.calls.splice(0).filter((call) => call !== number);
  }
}
