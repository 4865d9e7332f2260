import { Future, type Observer, observersOf, PENDING } from './future.ts';

/** Somebody who waits for a future by means of his own, and has said so. */
class Told implements Observer {
  readonly waits: Future;

  constructor(waits: Future) {
    this.waits = waits;
  }

  settled(): boolean {
    return false;
  }
}

const toldOf = (future: Future, waiter: Future): Told | undefined =>
  observersOf(future).find((observer): observer is Told => observer instanceof Told && observer.waits === waiter);

/**
 * Says that `waiter` waits for `future`, so that the call graph shows it: Python's `future_add_to_awaited_by`. For awaitables of your own, which
 * wait by callbacks; `await`, `gather`, `wait` and the others are in the graph without it. Without effect when it is said already, and
 * when the future is done.
 */
export function futureAddToAwaitedBy(future: Future, waiter: Future): void {
  mustBeFutures(future, waiter, 'futureAddToAwaitedBy');
  if (future.state === PENDING && toldOf(future, waiter) === undefined) future.observe(new Told(waiter));
}

/** Takes back what `futureAddToAwaitedBy` has said. Without effect when it was not said. */
export function futureDiscardFromAwaitedBy(future: Future, waiter: Future): void {
  mustBeFutures(future, waiter, 'futureDiscardFromAwaitedBy');
  const told = toldOf(future, waiter);
  if (told !== undefined) future.ignore(told);
}

function mustBeFutures(future: unknown, waiter: unknown, who: string): void {
  if (!(future instanceof Future && waiter instanceof Future)) throw new TypeError(`${who} takes two futures of asyncio`);
}
