import { listen, mainThreadOnly } from './arrivals.ts';
import { SignalReceived } from './errors.ts';
import type { Signal } from './names.ts';

/**
 * A signal of the system as an `AbortSignal`: it is aborted, with a `SignalReceived`, when the first of these comes. That one does
 * not end the process; the next does what it always did, so a second Ctrl-C ends a program that takes long to clean up.
 * Disposing of it stops listening. Handlers run as well. It does not keep the program running. Main thread only.
 */
export function abortOn(...kinds: readonly Signal[]): AbortSignal & Disposable {
  const what = 'abortOn()';
  mainThreadOnly(what);
  if (kinds.length === 0) throw new TypeError(`${what} needs at least one signal`);
  const controller = new AbortController();
  const forget = listen(
    kinds,
    (name, number) => {
      forget();
      controller.abort(new SignalReceived(name, number));
    },
    what,
  );
  return Object.assign(controller.signal, { [Symbol.dispose]: forget });
}
