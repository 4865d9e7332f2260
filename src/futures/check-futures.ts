import { otherCopyOf } from '../word/shareable.ts';
import { Future } from './future.ts';

/** The futures as an array. Refuses what is no iterable of futures: a promise among them would never be told of. */
export function checkFutures<F>(futures: Iterable<F>, what: string): readonly F[] {
  const given: unknown = futures;
  if (given instanceof Future) throw new TypeError(`${what} takes futures in a list, such as ${what}([future]): got a future`);
  if (typeof given !== 'object' || given === null || !(Symbol.iterator in given))
    throw new TypeError(`${what} takes futures in a list, such as ${what}([first, second]): got ${nameOf(given, what)}`);
  const all: readonly unknown[] = Array.isArray(given) ? given : [...(given as Iterable<unknown>)];
  let at = 0;
  for (const one of all) {
    if (!(one instanceof Future)) throw new TypeError(`${what} takes futures: number ${at} is ${nameOf(one, what)}`);
    at++;
  }
  return all as readonly F[];
}

function nameOf(value: unknown, what: string): string {
  if (value === null || value === undefined) return String(value);
  const copy = typeof value === 'object' ? otherCopyOf(value) : null;
  if (copy !== null) return `one of ${copy}`;
  if (typeof (value as Partial<Future>).addDoneCallback === 'function') return `one of asyncio, which ${what} of manycore/asyncio takes`;
  if (typeof (value as Partial<PromiseLike<unknown>>).then === 'function') return 'a promise, which Promise.all takes';
  return `a ${typeof value}`;
}
