import { inspect } from 'node:util';
import { checkOptions } from '../base/check-options.ts';
import { deadlineAfter, type Wait } from '../base/deadline.ts';
import { BinaryHeap } from '../base/heap.ts';
import { OutOfRangeError, StateError } from '../base/errors.ts';
import { Queue, QueueEmpty } from '../queue/index.ts';
import { reduce } from '../message/closures/index.ts';
import { ScheduledEvent } from './scheduled-event.ts';

/** The clock of a `Scheduler`, and how it waits. */
export interface SchedulerOptions {
  /** What time it is, in milliseconds. The monotonic clock when left out. */
  readonly time?: (() => number) | undefined;
  /** Waits so many milliseconds. When left out, an event that comes from another thread ends the wait early. */
  readonly delay?: ((ms: number) => unknown) | undefined;
}

/** Whether `Scheduler.run` waits for events that are not due. */
export interface RunOptions extends Pick<Wait, 'signal'> {
  /** False: runs what is due, and does not wait for the rest. */
  readonly blocking?: boolean | undefined;
}

type Action<A extends readonly unknown[]> = (...args: A) => unknown;
type Entry = readonly [id: string, time: number, priority: number, action: Action<never>, args: readonly unknown[]] | readonly [id: string];

/** Enters events into a scheduler of another thread. */
export interface RemoteScheduler {
  /** Enters an event at a time of the scheduler's clock. Does not wait; `SendError` when the function can't travel. */
  enterAbs<A extends readonly unknown[]>(time: number, priority: number, action: Action<A>, ...args: A): ScheduledEvent;
  /** Enters an event `delay` milliseconds from now. Does not wait; `SendError` when the function can't travel. */
  enter<A extends readonly unknown[]>(delay: number, priority: number, action: Action<A>, ...args: A): ScheduledEvent;
  /**
   * Takes an event out when the scheduler's thread next looks. Does not wait; without effect when the event has run, for that can't be
   * known here.
   */
  cancel(event: ScheduledEvent): void;
}

const now = (): number => performance.timeOrigin + performance.now();

/**
 * Runs functions at their times, one after the other: Python's `sched.scheduler`.
 *
 * Events of the same time run by priority, the least first, then as they were entered. It runs in the thread that made it. A
 * thread that it is sent to, or captured in, may enter events and cancel them; those functions have to be able to travel.
 */
export class Scheduler {
  readonly #time: () => number;
  readonly #delay: ((ms: number) => unknown) | undefined;
  readonly #events = new BinaryHeap<ScheduledEvent>((a, b) => a.compare(b));
  #inbox: Queue<Entry> | null = null;
  #entered = 0;

  constructor(options: SchedulerOptions = {}) {
    checkOptions(options, 'a Scheduler', '{ time, delay }');
    const { time = now, delay } = options;
    this.#time = time;
    this.#delay = delay;
  }

  /** Enters an event at a time of the scheduler's clock; gives what `cancel` takes. */
  enterAbs<A extends readonly unknown[]>(time: number, priority: number, action: Action<A>, ...args: A): ScheduledEvent {
    const event = new ScheduledEvent(`here.${++this.#entered}`, this.#entered, time, priority, action as Action<never>, args);
    this.#events.push(event);
    return event;
  }

  /** Enters an event `delay` milliseconds from now. */
  enter<A extends readonly unknown[]>(delay: number, priority: number, action: Action<A>, ...args: A): ScheduledEvent {
    return this.enterAbs(this.#time() + delay, priority, action, ...args);
  }

  /** Takes an event out. `RangeError` when it is not there: it has run, or was cancelled. */
  cancel(event: ScheduledEvent): void {
    this.#empty();
    if (this.#events.remove(({ id }) => id === event.id) === undefined)
      throw new OutOfRangeError('ERR_NOT_SCHEDULED', 'cannot cancel the event: it has run, was cancelled, or is of another scheduler');
  }

  /** Whether nothing is scheduled, at this moment. */
  get empty(): boolean {
    this.#empty();
    return this.#events.size === 0;
  }

  /** What is scheduled, in the order in which it will run. */
  get queue(): readonly ScheduledEvent[] {
    this.#empty();
    return [...this.#events.values()].toSorted((a, b) => a.compare(b));
  }

  /**
   * Runs the events at their times, until there are none; a promise that a function returns is awaited. With `blocking: false`
   * it runs what is due, and gives the milliseconds until the next one, or `null`. What a function throws comes out; run it
   * again for the rest.
   */
  async run(options: RunOptions = {}): Promise<number | null> {
    checkOptions(options, 'run', '{ blocking: false }');
    const { blocking = true, signal } = options;
    for (;;) {
      signal?.throwIfAborted();
      const wait = this.#untilNext();
      if (wait === null || (wait > 0 && !blocking)) return wait;
      if (wait > 0) await this.#wait(wait, signal);
      else {
        const event = this.#events.pop()!;
        await event.action(...(event.args as never[]));
        await this.#delay?.(0); // Lets other threads run, as Python does.
      }
    }
  }

  /** The blocking twin of `run`: nothing that a function returns is awaited. */
  runSync(options: Pick<RunOptions, 'blocking'> = {}): number | null {
    checkOptions(options, 'runSync', '{ blocking: false }');
    const { blocking = true } = options;
    for (;;) {
      const wait = this.#untilNext();
      if (wait === null || (wait > 0 && !blocking)) return wait;
      if (wait > 0) this.#waitSync(wait);
      else {
        const event = this.#events.pop()!;
        event.action(...(event.args as never[]));
        this.#delay?.(0);
      }
    }
  }

  #untilNext(): number | null {
    this.#empty();
    const next = this.#events.peek();
    return next === undefined ? null : Math.max(0, next.time - this.#time());
  }

  async #wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#delay !== undefined) return void (await this.#delay(ms));
    try {
      this.#take(await this.#inboxHere().get({ timeout: ms, signal }));
    } catch (error) {
      if (!(error instanceof QueueEmpty)) throw error;
    }
  }

  #waitSync(ms: number): void {
    if (this.#delay !== undefined) return void this.#delay(ms);
    try {
      this.#take(this.#inboxHere().getSync({ timeout: ms }));
    } catch (error) {
      if (!(error instanceof QueueEmpty)) throw error;
    }
  }

  /** Takes in what other threads have entered. */
  #empty(): void {
    while (this.#inbox !== null && this.#inbox.size > 0) {
      try {
        this.#take(this.#inbox.getNoWait());
      } catch (error) {
        if (!(error instanceof QueueEmpty)) throw error;
      }
    }
  }

  #take(entry: Entry): void {
    if (entry.length === 1) this.#events.remove(({ id }) => id === entry[0]);
    else this.#events.push(new ScheduledEvent(entry[0], ++this.#entered, entry[1], entry[2], entry[3], entry[4]));
  }

  #inboxHere(): Queue<Entry> {
    return (this.#inbox ??= new Queue<Entry>());
  }

  [reduce](): readonly [typeof remoteScheduler, readonly [Queue<Entry>]] {
    if (this.#time !== now)
      throw new StateError('ERR_SCHED_CLOCK', "a Scheduler with a clock of its own can't be sent: the clock is this thread's");
    return [remoteScheduler, [this.#inboxHere()]];
  }

  [inspect.custom](): string {
    return `<Scheduler: ${this.#events.size} events>`;
  }
}

/** A scheduler as another thread has it: it enters and cancels, and does not run. */
export function remoteScheduler(inbox: Queue<Entry>): RemoteScheduler {
  let entered = 0;
  const me = Math.random().toString(36).slice(2);
  return {
    enterAbs(time, priority, action, ...args) {
      const id = `${me}.${++entered}`;
      inbox.putNoWait([id, time, priority, action as Action<never>, args]);
      return new ScheduledEvent(id, entered, time, priority, action as Action<never>, args);
    },
    enter(delay, priority, action, ...args) {
      deadlineAfter(Math.max(0, delay)); // Refuses what is no number.
      return this.enterAbs(now() + delay, priority, action, ...args);
    },
    cancel: ({ id }) => inbox.putNoWait([id]),
  };
}
