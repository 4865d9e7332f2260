import { BinaryHeap } from '../base/heap.ts';
import { BoundCallback } from './callback.ts';
import { clearTimer, setTimer, Timer } from './timers.ts';

type AnyCallback = (...args: never[]) => unknown;

/** A call that is about to happen: Python's `asyncio.Handle`. */
export class Handle {
  #callback: BoundCallback<readonly unknown[]> | null;
  #args: readonly unknown[];

  /** @internal */
  constructor(callback: AnyCallback, args: readonly unknown[]) {
    this.#callback = new BoundCallback(callback as (...args: readonly unknown[]) => unknown, 'a callback of the event loop');
    this.#args = args;
  }

  /** It is not called any more. */
  cancel(): void {
    this.#callback = null;
    this.#args = [];
  }
  /** Whether `cancel` was called. */
  get cancelled(): boolean {
    return this.#callback === null;
  }

  /** @internal */
  run(): void {
    this.#callback?.call(this.#args);
  }
}

let made = 0;
/** The calls that have a time, in its order; those of one time in the order in which they were made. */
const scheduled = new BinaryHeap<TimerHandle>((a, b) => a.when - b.when || a.order - b.order);

class Alarm extends Timer {
  #when = Infinity;

  /** Rings for the first call that is not cancelled. */
  arm(): void {
    while (scheduled.peek()?.cancelled === true) scheduled.pop();
    const when = scheduled.peek()?.when ?? Infinity;
    if (when === this.#when) return;
    clearTimer(this);
    this.#when = when;
    if (when !== Infinity) setTimer(this, when - performance.now());
  }

  fire(): void {
    this.#when = Infinity;
    const now = performance.now();
    for (let first = scheduled.peek(); first !== undefined && first.when <= now; first = scheduled.peek()) scheduled.pop()!.run();
    this.arm();
  }
}
const alarm = new Alarm();

/** A call at a time: Python's `asyncio.TimerHandle`. */
export class TimerHandle extends Handle {
  /** When it is due, by the clock of `loop.time()`. */
  readonly when: number;
  /** @internal */
  readonly order = ++made;

  /** @internal */
  constructor(when: number, callback: AnyCallback, args: readonly unknown[]) {
    super(callback, args);
    this.when = when;
    scheduled.push(this);
    alarm.arm();
  }

  override cancel(): void {
    super.cancel();
    alarm.arm();
  }
}
