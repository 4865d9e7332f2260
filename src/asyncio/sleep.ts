import { OutOfRangeError } from '../base/errors.ts';
import type { CancelledError } from '../base/errors.ts';
import { currentScope } from './current.ts';
import { clearTimer, setTimer, Timer } from './timers.ts';
import { cutOff, giveUp, park, refusal, type Source, wake, type Waiter, WaiterList } from './waiter.ts';

/** Refuses what is no delay: NaN, a negative one, what is no number. */
export function mustBeDelay(ms: unknown, name: string): asserts ms is number {
  if (typeof ms !== 'number') throw new TypeError(`${name} must be a number of milliseconds: got ${typeof ms}`);
  if (!(ms >= 0)) throw new OutOfRangeError('ERR_TIMEOUT', `${name} must be a non-negative number of milliseconds: got ${ms}`);
}

/** Ten years: a thread's clock has not run for so long, and a date is not so far off. */
const YEARS = 315_576_000_000;

/** Refuses what is no time of `performance.now()`; a time of `Date.now()` would lie half a century ahead. */
export function mustBeTime(when: unknown, name: string): asserts when is number {
  if (typeof when !== 'number' || Number.isNaN(when))
    throw new TypeError(`${name} is a number of milliseconds on the clock of performance.now(): got ${String(when)}`);
  if (when > YEARS && Math.abs(when - Date.now()) < YEARS)
    throw new OutOfRangeError(
      'ERR_TIME',
      `${name} is a time of performance.now(): got ${when}, a time of Date.now(). Write performance.now() + ms`,
    );
}

class Sleeper extends Timer implements Source {
  readonly what = 'sleep';
  #waiter: Waiter | null = null;

  sleep(ms: number, result: unknown): Promise<unknown> {
    const waiter = park(this, currentScope());
    waiter.value = result;
    this.#waiter = waiter;
    if (ms !== Infinity) setTimer(this, ms);
    return waiter.promise!;
  }

  fire(): void {
    wake(this.#waiter!, this.#waiter!.value);
  }

  interrupt(waiter: Waiter, error: CancelledError): void {
    clearTimer(this);
    giveUp(waiter, error);
  }
}

/** Those who sleep for no time: they go on in the next turn of the event loop, one turn for all of them. */
const yielding = new WaiterList('sleep(0)');
let isTurnSet = false;

function turn(): void {
  isTurnSet = false;
  for (let left = yielding.size; left > 0 && yielding.head !== null; left--) yielding.wakeFirst(yielding.head.value);
}

/**
 * Waits for so many milliseconds, then gives `result`; the event loop stays free. `sleep(0)` lets all others that are ready run once.
 * Cancelling the task ends it. NaN and negative delays are a `RangeError`.
 */
export function sleep(ms: number): Promise<void>;
export function sleep<T>(ms: number, result: T): Promise<T>;
export function sleep(ms: number, result?: unknown): Promise<unknown> {
  mustBeDelay(ms, 'the delay of sleep');
  const scope = currentScope();
  const error = refusal(scope);
  if (error !== null) return cutOff(error);
  if (ms > 0) return new Sleeper().sleep(ms, result);
  const waiter = yielding.park(scope);
  waiter.value = result;
  if (!isTurnSet) {
    isTurnSet = true;
    setImmediate(turn);
  }
  return waiter.promise!;
}

/** A place where the task may be cancelled, that does not wait otherwise: rejects if a cancellation is due. */
export function checkpoint(): Promise<void> {
  const error = refusal(currentScope());
  return error === null ? nothing : cutOff(error);
}
const nothing = Promise.resolve();
