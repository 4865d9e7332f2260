import type { Awaitable } from './coroutine.ts';
import { ensureFuture } from './ensure-future.ts';
import { DONE, Future, type Observer } from './future.ts';

class Shield extends Future implements Observer {
  override get what(): string {
    return 'a shield';
  }

  get waits(): Future {
    return this;
  }

  settled(inner: Future): boolean {
    if (this.done) return false;
    if (inner.state === DONE) this.settle(DONE, inner.outcome);
    else this.settle(inner.state, inner.outcome);
    return true;
  }
}

/** Keeps a cancellation of who awaits it from what is awaited, which goes on. Keep a reference to that if its result matters. */
export function shield<T>(awaitable: Awaitable<T>): Future<T> {
  const inner = ensureFuture(awaitable);
  if (inner.done) return inner;
  const outer = new Shield();
  inner.observe(outer);
  return outer as Future<T>;
}
