import { inspect } from 'node:util';
import { isAsyncIterable } from '../base/is-async-iterable.ts';
import { isThenable } from '../base/thenable.ts';
import { OutOfRangeError } from '../base/errors.ts';
import { mustBeFunction, outcome } from './coroutine.ts';
import { cancelledBy, isCancelled } from './cancelled.ts';
import { enter } from './current.ts';
import { checkNames } from './other-names.ts';
import { cancelScope } from './scope.ts';
import { attach, detach, keepCancellation, SubScope } from './sub-scope.ts';
import { until } from './until.ts';

/** How many at a time `map` and `forEach` do. */
export interface MapOptions {
  /** How many run at once; 16 when left out. */
  readonly limit?: number | undefined;
  /** How many results may lie ready before the next one is asked for; as many as `limit` when left out. */
  readonly bufferSize?: number | undefined;
}

export type Items<T> = Iterable<T> | AsyncIterable<T>;
export type Each<T, R> = (item: T, index: number) => Generator<unknown, R, never> | PromiseLike<R> | R;

export function checked(options: MapOptions): { readonly limit: number; readonly bufferSize: number } {
  checkNames(options, 'map and forEach', '{ limit: 10 }');
  const { limit = 16, bufferSize = limit } = options;
  if (!(limit >= 1)) throw new OutOfRangeError('ERR_LIMIT', `limit must be 1 or more: got ${limit}`);
  if (!(bufferSize >= 0)) throw new OutOfRangeError('ERR_LIMIT', `bufferSize must be 0 or more: got ${bufferSize}`);
  return { limit, bufferSize };
}

function mustBeItems(items: unknown): void {
  const several = items as Partial<Iterable<unknown> & AsyncIterable<unknown>> | null | undefined;
  if (typeof (several?.[Symbol.iterator] ?? several?.[Symbol.asyncIterator]) === 'function') return;
  throw new TypeError(
    `map and forEach take items in a list, or anything that for await can go through: got ${inspect(items, { depth: 0 })}`,
  );
}

/** Goes through the items, also those that come one by one, giving each to one taker only. */
export function takerOf<T>(items: Items<T>): {
  readonly next: () => IteratorResult<T> | Promise<IteratorResult<T>>;
  readonly close: () => void;
} {
  mustBeItems(items);
  if (isAsyncIterable(items)) {
    const iterator = items[Symbol.asyncIterator]();
    let last: Promise<unknown> = Promise.resolve();
    return {
      next: () => {
        const next = last.then(() => until(iterator.next()));
        last = next.catch(() => {});
        return next;
      },
      close: () => void iterator.return?.(),
    };
  }
  const iterator = items[Symbol.iterator]();
  return { next: () => iterator.next(), close: () => void iterator.return?.() };
}

/**
 * Calls `fn` for every item, `limit` at a time, taking items only when there is room: they may be endless, or come one by one. The first
 * error cancels what is running, and is thrown when that has ended.
 */
export async function forEach<T>(items: Items<T>, fn: Each<T, unknown>, options: MapOptions = {}): Promise<void> {
  mustBeFunction(fn, 'forEach', 'forEach(items, (item) => …)');
  await work(items, fn, checked(options).limit, null);
}

/** A cancellation that has met some of the items, while whoever waits for them is told of another failure, is not lost. */
function leave(scope: SubScope, told: { readonly error: unknown } | null): void {
  detach(scope, told?.error);
  if (told !== null && !isCancelled(told.error)) keepCancellation(scope);
}

export async function work<T, R>(items: Items<T>, fn: Each<T, R>, limit: number, results: R[] | null): Promise<void> {
  const scope = new SubScope();
  const { next, close } = takerOf(items);
  let index = 0;
  let isOver = false;
  let failure: { readonly error: unknown } | null = null;

  const fail = (error: unknown): void => {
    isOver = true;
    if (failure !== null) return;
    failure = { error };
    close();
    cancelScope(scope, (scope.fatal = cancelledBy('another item has failed')));
  };
  const workers: Promise<void>[] = [];
  const worker = async (): Promise<void> => {
    try {
      while (!isOver) {
        const taken = next();
        const isComing = isThenable(taken);
        const { done, value } = isComing ? await taken : taken;
        if (done === true || isOver) {
          isOver = true;
          return;
        }
        if (isComing && workers.length < limit) workers.push(worker());
        const at = index++;
        const result = await outcome(fn(value, at));
        if (results !== null) results[at] = result;
      }
    } catch (error) {
      fail(error);
    }
  };
  // Each worker takes an item at once, so that there are no more workers than items; of items that come, the one before starts the next.
  const isComing = isAsyncIterable(items);
  const start = (): void => {
    workers.push(worker());
    // oxlint-disable-next-line no-unmodified-loop-condition
    while (!isOver && !isComing && workers.length < limit) workers.push(worker());
  };
  attach(scope);
  try {
    enter(scope, start, null, null);
    for (let at = 0; at < workers.length; at++) await workers[at];
  } finally {
    leave(scope, failure);
  }
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}
