import { deferred, type Deferred } from '../base/deferred.ts';
import { Deque } from '../base/deque.ts';
import { within } from '../base/within.ts';
import { holdLoop, releaseLoop } from '../word/keep-alive.ts';
import { listen, mainThreadOnly } from './arrivals.ts';
import type { Signal, SignalName } from './names.ts';

/** The signals that come, one after another: for `for await`. Disposing of it, or leaving the loop, lets them do again what they did. */
export type SignalIterator = AsyncIterableIterator<SignalName, void, void> & Disposable;

/**
 * The signals of these kinds as they come, none left out, from this call on: they do not end the process any more. Handlers run
 * as well. Awaiting the next keeps the program running. Main thread only.
 */
export function signals(...kinds: readonly Signal[]): SignalIterator {
  const what = 'signals()';
  mainThreadOnly(what);
  if (kinds.length === 0) throw new TypeError(`${what} needs at least one signal`);
  const come = new Deque<SignalName>();
  let awaited: Deferred<void> | null = null;
  const state = { isOver: false };
  const wake = (): void => {
    awaited?.resolve();
    awaited = null;
  };
  const forget = listen(
    kinds,
    (name) => {
      come.push(name);
      wake();
    },
    what,
  );
  const end = (): void => {
    state.isOver = true;
    forget();
    wake();
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      while (come.length === 0 && !state.isOver) {
        awaited ??= deferred();
        holdLoop();
        try {
          await within(awaited.promise);
        } finally {
          releaseLoop();
        }
      }
      return state.isOver ? { done: true, value: undefined } : { done: false, value: come.shift()! };
    },
    async return() {
      end();
      return { done: true, value: undefined };
    },
    [Symbol.dispose]: end,
  };
}
