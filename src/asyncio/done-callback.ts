import { BoundCallback } from './callback.ts';
import type { Future, Observer } from './future.ts';
import { microtask } from './microtask.ts';

/** @internal A function that is called when a future is done, soon and never at once. */
export class DoneCallback extends BoundCallback<[Future]> implements Observer {
  readonly waits = null;

  constructor(callback: (future: Future) => void) {
    if (typeof callback !== 'function') throw new TypeError(`addDoneCallback takes a function: got ${typeof callback}`);
    super(callback, 'a callback of a future');
  }

  settled(future: Future): boolean {
    microtask(() => this.call([future]));
    return false;
  }
}
