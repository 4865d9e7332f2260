import { OutOfRangeError } from './errors.ts';

/** A moment on the monotonic clock, in milliseconds; `Infinity` means "never". */
export type Deadline = number;

export const NEVER: Deadline = Infinity;

/** Node's timers count no further, about 25 days: one that is set for longer rings at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What every waiting call takes: how long it may wait, in milliseconds, and a signal that ends the wait. */
export interface Wait {
  /** Milliseconds; left out, `null` or `Infinity`: for ever. 0 tries once. */
  readonly timeout?: number | null | undefined;
  /** Ends the wait with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const NO_WAIT = '. What does not wait has a name of its own: tryAcquire(), getNoWait(), putNoWait()';
const NO_LIMIT: Wait = Object.freeze({});

/**
 * What a waiting call was given. Refuses what is no object of options: Python's `get(5)` and `acquire(False)` would wait for ever, and silently.
 */
export function asked<T extends object>(wait: T | undefined): T {
  if (wait === undefined) return NO_LIMIT as T;
  if (typeof wait === 'object' && wait !== null) {
    if ('aborted' in wait) throw new TypeError('a wait takes an object of options: write { signal } for a signal');
    if ('block' in wait || 'blocking' in wait) throw new TypeError(`a wait does not know block and blocking${NO_WAIT}`);
    return wait;
  }
  const hint = typeof wait === 'boolean' ? NO_WAIT : '';
  throw new TypeError(`a wait takes an object of options, such as { timeout: 300 }, in milliseconds: got ${String(wait)}${hint}`);
}

/** The deadline of a wait; none was given, or what `asked` lets through. */
export function deadlineOf(wait: Pick<Wait, 'timeout'> | undefined): Deadline {
  return wait === undefined ? NEVER : deadlineAfter(asked(wait).timeout);
}

/** Turns a time-out into a deadline, once, at the public door. A negative time-out or NaN is refused. */
export function deadlineAfter(timeout: number | null | undefined): Deadline {
  if (timeout === undefined || timeout === null || timeout === Infinity) return NEVER;
  if (typeof timeout !== 'number') {
    throw new TypeError(`timeout must be a number of milliseconds: got ${typeof timeout}`);
  }
  if (!(timeout >= 0)) {
    throw new OutOfRangeError('ERR_TIMEOUT', `timeout must be a non-negative number of milliseconds: got ${timeout}`);
  }
  return performance.now() + timeout;
}

/** Milliseconds left, never negative. */
export function remaining(deadline: Deadline): number {
  return deadline === NEVER ? Infinity : Math.max(0, deadline - performance.now());
}
