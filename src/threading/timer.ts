import { deadlineAfter } from '../base/deadline.ts';
import { Event } from './event.ts';
import { Thread } from './thread.ts';

/** How a `Timer` is made. */
export interface TimerOptions<A extends readonly unknown[] = readonly unknown[]> {
  readonly args?: readonly [...A] | undefined;
  readonly name?: string | undefined;
  readonly daemon?: boolean | undefined;
}

/**
 * A thread that runs a function once, `interval` milliseconds after it was started: Python's `threading.Timer`. The function
 * runs in that thread, and may be any function; a promise that it returns is awaited.
 */
export class Timer<A extends readonly unknown[] = readonly unknown[]> extends Thread {
  readonly interval: number;
  readonly function: (...args: A) => unknown;
  readonly args: readonly [...A];
  /** Set when it has run, or has been cancelled. */
  readonly finished: Event;

  constructor(interval: number, fn: (...args: A) => unknown, { args, name, daemon }: TimerOptions<A> = {}) {
    if (typeof fn !== 'function') throw new TypeError(`a Timer needs a function: got ${typeof fn}`);
    deadlineAfter(interval); // Refuses what is no interval.
    super({ name, daemon });
    this.interval = interval;
    this.function = fn;
    this.args = [...((args ?? []) as readonly [...A])] as unknown as readonly [...A];
    this.finished = new Event();
  }

  /** Keeps the function from being run, unless it has begun. Any thread may call it. */
  cancel(): void {
    this.finished.set();
  }

  override async run(): Promise<void> {
    if (await this.finished.wait({ timeout: this.interval })) return;
    await this.function(...(this.args as A));
    this.finished.set();
  }
}
