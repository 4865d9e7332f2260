import { inspect } from 'node:util';
import { CancelledError } from '../base/errors.ts';
import type { Future as ExecutorFuture } from '../futures/future.ts';
import { cancelledBy } from './cancelled.ts';
import { outside } from './current.ts';
import { CANCELLED, DONE, FAILED, Future } from './future.ts';

/** The result of work in an executor, as a future of this thread's tasks: what cancels one cancels the other. */
class Wrapped extends Future {
  readonly #inner: ExecutorFuture;

  override get what(): string {
    return 'work of an executor';
  }

  constructor(inner: ExecutorFuture) {
    super();
    this.#inner = inner;
    outside(() => inner.addDoneCallback(() => this.#innerIsDone()));
  }

  #innerIsDone(): void {
    if (this.done) return;
    inner(this.#inner).then(
      (value) => this.done || this.settle(DONE, value),
      (error: unknown) => {
        if (!this.done) this.settle(error instanceof CancelledError ? CANCELLED : FAILED, error);
      },
    );
  }

  /** Takes the work back if it has not begun. It is not waited for in any case. */
  override cancel(reason?: unknown): boolean {
    if (this.done) return false;
    this.settle(CANCELLED, cancelledBy(reason));
    this.#inner.cancel();
    return true;
  }
}
const inner = (future: ExecutorFuture): Promise<unknown> => outside(() => future.result());

/** Makes a future of an executor one of asyncio. One of asyncio is given back as it is. */
export function wrapFuture<T>(future: ExecutorFuture<T> | Future<T>): Future<T> {
  if (future instanceof Future) return future;
  if (typeof (future as ExecutorFuture | null)?.addDoneCallback !== 'function')
    throw new TypeError(`wrapFuture takes a future of an executor: got ${inspect(future, { depth: 0 })}`);
  return new Wrapped(future as ExecutorFuture) as Future<T>;
}
