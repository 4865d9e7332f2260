import type { Future } from './future.ts';

/** Refuses what is no iterable of futures: a promise among them would never be told of. */
export function checkFutures(futures: Iterable<unknown>, what: string): void {
  const given: unknown = futures;
  if (isFuture(given)) throw new TypeError(`${what} takes futures in a list, such as ${what}([future]): got a future`);
  if (typeof given !== 'object' || given === null || !(Symbol.iterator in given))
    throw new TypeError(`${what} takes futures in a list, such as ${what}([first, second]): got ${nameOf(given)}`);
  if (!Array.isArray(given) && !(given instanceof Set)) return;
  let at = 0;
  for (const one of given) {
    if (!isFuture(one)) throw new TypeError(`${what} takes futures: number ${at} is ${nameOf(one)}`);
    at++;
  }
}

const isFuture = (value: unknown): boolean => typeof (value as Partial<Future> | null | undefined)?.addDoneCallback === 'function';

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof (value as Partial<PromiseLike<unknown>>).then === 'function') return 'a promise, which Promise.all takes';
  return `a ${typeof value}`;
}
