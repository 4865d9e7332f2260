import { inspect } from 'node:util';
import { isThenable } from '../base/thenable.ts';
import { type Awaitable, type Coroutine, isGenerator } from './coroutine.ts';
import { DONE, FAILED, Future } from './future.ts';
import { createTask } from './task.ts';

/**
 * What can be waited for, as a future: a future or a task is that already; a function is started as a task; a promise is followed, and
 * goes on when the future is cancelled. Anything else is a `TypeError`.
 */
export function ensureFuture<T>(awaitable: Awaitable<T>): Future<T> {
  if (awaitable instanceof Future) return awaitable as Future<T>;
  if (isThenable(awaitable)) return follow(awaitable as PromiseLike<T>);
  if (typeof awaitable === 'function') return createTask(awaitable as Coroutine<T>);
  if (isGenerator(awaitable)) return createTask(() => awaitable as never);
  throw new TypeError(`expected a function, a future or a promise: got ${inspect(awaitable, { depth: 0 })}`);
}

function follow<T>(promise: PromiseLike<T>): Future<T> {
  const future = new Future<T>();
  promise.then(
    (value) => void (future.done || future.settle(DONE, value)),
    (error: unknown) => void (future.done || future.settle(FAILED, error)),
  );
  return future;
}
