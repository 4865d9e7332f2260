import { OutOfRangeError, StateError } from '../base/errors.ts';
import { hasLibrary, whyNoLibrary } from '../system/library.ts';
import { type IntervalTimer, readTimerOf, setTimer } from '../system/signals.ts';
import { ringLater, timeLeft } from './alarm-thread.ts';

/** Counts real time, and sends SIGALRM. */
export const ITIMER_REAL = 0;
/** Counts the time that this process computes, and sends SIGVTALRM. */
export const ITIMER_VIRTUAL = 1;
/** Counts that, and the time that the system computes for it, and sends SIGPROF. */
export const ITIMER_PROF = 2;

/**
 * Has SIGALRM sent to this process in `ms` milliseconds, on time though the main thread is blocked; gives what was left of the alarm
 * before, which is cancelled. 0 cancels only. Without a handler for SIGALRM the process ends. The alarm does not keep the
 * program running. Any thread may call it.
 */
export function alarm(ms: number): number {
  return setitimer(ITIMER_REAL, ms).delay;
}

/**
 * Has a signal sent in `delay` milliseconds, and then every `interval`; gives what the timer was. 0 as `delay` switches it off. The
 * other clocks than `ITIMER_REAL`, and an interval, need the C library: `StateError` where there is none.
 */
export function setitimer(which: number, delay: number, interval = 0): IntervalTimer {
  checkTimer(which);
  for (const ms of [delay, interval]) {
    if (typeof ms !== 'number') throw new TypeError(`a timer takes milliseconds: got ${typeof ms}`);
    if (!(ms >= 0) || ms === Infinity) throw new OutOfRangeError('ERR_TIMEOUT', `a timer takes milliseconds from 0 on: got ${ms}`);
  }
  if (hasLibrary()) return setTimer(which, { delay, interval });
  if (which !== ITIMER_REAL || interval !== 0)
    throw new StateError('ERR_NO_LIBRARY', `only a single alarm in real time can be had here: ${whyNoLibrary()}`);
  const before = timeLeft();
  ringLater(delay);
  return { delay: before, interval: 0 };
}

/** What is left of a timer, and how often it rings. */
export function getitimer(which: number): IntervalTimer {
  checkTimer(which);
  if (hasLibrary()) return readTimerOf(which);
  return { delay: which === ITIMER_REAL ? timeLeft() : 0, interval: 0 };
}

function checkTimer(which: number): void {
  if (which !== ITIMER_REAL && which !== ITIMER_VIRTUAL && which !== ITIMER_PROF)
    throw new OutOfRangeError('ERR_TIMER', `a timer is ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF: got ${String(which)}`);
}
