import { deferred } from '../base/deferred.ts';
import type { Wait } from '../base/deadline.ts';
import { within } from '../base/within.ts';
import { holdLoop, releaseLoop } from '../word/keep-alive.ts';
import { isMainThread } from 'node:worker_threads';
import { afterHandlers, type Channel, channelOf, consume, giveBack, takePending } from './arrivals.ts';
import type { Signal, SignalName } from './names.ts';

/**
 * Waits until a handler of this module has run: true; false when time was up. Keeps the program running meanwhile. Signals of which
 * nobody has said what happens do what they always do: most end the process.
 *
 * Handlers run in the main thread. In another thread this waits for ever, as in Python, or until time is up.
 */
export async function pause(wait: Wait = {}): Promise<boolean> {
  const woken = deferred<void>();
  const forget = isMainThread ? afterHandlers(woken.resolve) : () => {};
  holdLoop();
  try {
    return (await within(woken.promise, wait)).inTime;
  } finally {
    releaseLoop();
    forget();
  }
}

/**
 * Waits for one of the signals, and takes it: its handler does not run. `null` when time was up first. One that was blocked by
 * `pthreadSigmask` and has come already is taken at once. Several that wait for one signal get one each, in their order.
 * Keeps the program running meanwhile. Main thread only.
 */
export async function sigwait(signals: Signal | Iterable<Signal>, wait: Wait = {}): Promise<SignalName | null> {
  const what = 'sigwait()';
  const list = typeof signals === 'object' ? [...signals] : [signals];
  const channels = list.map((signal) => channelOf(signal, what));
  wait.signal?.throwIfAborted();
  const pending = takePending(channels);
  if (pending !== null) return pending.name;
  const come = deferred<SignalName>();
  let taken: Channel | null = null;
  const forget = consume(channels, (name, number) => {
    taken = channels.find((channel) => channel.number === number) ?? null;
    forget();
    come.resolve(name);
  });
  holdLoop();
  try {
    const result = await within(come.promise, wait);
    if (result.inTime) taken = null;
    return result.inTime ? result.value : null;
  } finally {
    releaseLoop();
    forget();
    // It came in the very moment in which the wait was given up: it must not be lost.
    if (taken !== null) giveBack(taken);
  }
}

/** `sigwait` with its time-out in Python's place: `sigtimedwait(['SIGUSR1'], 500)`. */
export function sigtimedwait(signals: Signal | Iterable<Signal>, timeout: number): Promise<SignalName | null> {
  return sigwait(signals, { timeout });
}
