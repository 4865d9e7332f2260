import { mainThreadOnly, channelOf, dispose, handlerOf, isIgnored, othersListen, type Handler } from './arrivals.ts';
import { KeyboardInterrupt } from './errors.ts';
import { type Signal, signalNamed } from './names.ts';

/** What the system does by itself: for most signals, the process ends. */
export const SIG_DFL: unique symbol = Symbol.for('manycore.SIG_DFL') as never;
/** Nothing happens; children that are started later ignore the signal too. */
export const SIG_IGN: unique symbol = Symbol.for('manycore.SIG_IGN') as never;

/** What is done with a signal: a handler, nothing (`SIG_IGN`), or what the system does (`SIG_DFL`). */
export type Disposition = Handler | typeof SIG_DFL | typeof SIG_IGN;

/**
 * Says what happens when a signal comes, and gives what happened before: `null` when other code has listeners for it.
 *
 * A handler runs in the main thread, when its event loop comes round; what it throws is an uncaught exception. It does not
 * keep the program running. Listeners of other code, by `process.on`, run as well,
 * and `SIG_DFL` takes away ours only.
 *
 * Main thread only: `StateError` elsewhere, and for signals that can't be caught. `RangeError` for an unknown signal,
 * `TypeError` for a handler that is no function.
 */
export function signal(signal: Signal, handler: Disposition): Disposition | null {
  const what = 'signal()';
  mainThreadOnly(what);
  if (typeof handler !== 'function' && handler !== SIG_DFL && handler !== SIG_IGN)
    throw new TypeError(`a handler is a function, SIG_DFL or SIG_IGN: got ${handler === null ? 'null' : typeof handler}`);
  const channel = channelOf(signal, what);
  const before = getSignal(signal);
  dispose(channel, typeof handler === 'function' ? handler : handler === SIG_IGN ? 'ignored' : 'default');
  return before;
}

/** What happens when a signal comes; `null` when other code alone listens to it. Main thread only. */
export function getSignal(signal: Signal): Disposition | null {
  mainThreadOnly('getSignal()');
  const { name, number } = signalNamed(signal);
  const handler = handlerOf(number);
  if (handler !== null) return handler;
  if (isIgnored(number)) return SIG_IGN;
  return othersListen(name, number) ? null : SIG_DFL;
}

/** A handler that throws `KeyboardInterrupt`. */
export function defaultIntHandler(): never {
  throw new KeyboardInterrupt();
}
