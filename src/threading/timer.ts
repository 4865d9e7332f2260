import { checkArgs, checkOptions } from '../base/check-options.ts';
import { deadlineAfter } from '../base/deadline.ts';
import { Event } from './event.ts';
import { Thread } from './thread.ts';

/** How a `Timer` is made. */
export interface TimerOptions<A extends readonly unknown[] = readonly unknown[]> {
  /** What the function is called with; nothing when left out. */
  readonly args?: readonly [...A] | undefined;
  /** The name of the timer's thread; `Thread-N` when left out. */
  readonly name?: string | undefined;
  /** Whether the program may end while the timer still waits; as the thread that makes it when left out. */
  readonly daemon?: boolean | undefined;
}

/**
 * A thread that runs a function once, `interval` milliseconds after it was started: Python's `threading.Timer`. The function
 * runs in that thread, and may be any function; a promise that it returns is awaited.
 */
export class Timer<A extends readonly unknown[] = readonly unknown[]> extends Thread {
  /** Milliseconds from `start()` to the call. */
  readonly interval: number;
  /** What will be called, in the timer's own thread. */
  readonly function: (...args: A) => unknown;
  /** What the function will be called with. */
  readonly args: readonly [...A];
  /** Set when it has run, or has been cancelled. */
  readonly finished: Event;

  constructor(interval: number, fn: (...args: A) => unknown, options: TimerOptions<A> = {}) {
    if (typeof fn !== 'function') throw new TypeError(`a Timer needs a function: got ${typeof fn}`);
    checkOptions(options, 'a Timer', '{ args: [1] }');
    const { args, name, daemon } = options;
    checkArgs(args);
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
