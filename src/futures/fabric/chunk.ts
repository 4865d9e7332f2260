import { monotonic } from '../../base/monotonic.ts';
import { NONE, ValueList, type Values } from '../value-list.ts';
import { orDescribed } from '../describe-thrown.ts';
import { isAwaited } from './awaited.ts';
import type { AnyFunction } from './function-table.ts';

/** The items of a chunk, and whether each is the list of the function's arguments. */
export type ChunkArgs = readonly [items: Values, isSpread: boolean];

/** The results until the end or the first error; whether there was one, and which; and how many milliseconds it all took. */
export type ChunkResult = readonly [values: Values, failed: boolean, error: unknown, ms: number];

/**
 * What can be sent of a chunk's result that can't be sent as a whole: the values before the first that can't, and why; or all of them, and a
 * description of the error. `check` throws what keeps a value from being sent.
 */
export function sendablePart([values, failed, error, ms]: ChunkResult, check: (value: unknown) => void): ChunkResult {
  for (const [i, value] of values.entries()) {
    try {
      check(value);
    } catch (reason) {
      return [values.slice(0, i), true, sendable(reason, check), ms];
    }
  }
  return [values, failed, sendable(error, check), ms];
}

/** An error that can be sent: this one, or its description. */
function sendable(error: unknown, check: (value: unknown) => void): unknown {
  return orDescribed(error, (one) => {
    check(one);
    return one;
  });
}

/** Applies a function to items, one after the other, up to the first error. Async functions are awaited each. */
export function applyToChunk(fn: AnyFunction, items: Values, isSpread: boolean): ChunkResult | Promise<ChunkResult> {
  const apply = fn as (...args: unknown[]) => unknown;
  const list = new ValueList(items.length);
  const start = monotonic();
  try {
    let given = isSpread ? NONE : list.collect(apply, items);
    for (let i = list.length; i < items.length; i++) {
      const value = given !== NONE ? given : isSpread ? apply(...(items[i] as unknown[])) : apply(items[i]);
      given = NONE;
      if (isAwaited(value)) return goOn(apply, items, isSpread, list, value, start);
      list.push(value);
    }
    return [list.values, false, undefined, monotonic() - start];
  } catch (error) {
    return [list.values, true, error, monotonic() - start];
  }
}

async function goOn(
  apply: (...args: unknown[]) => unknown,
  items: Values,
  isSpread: boolean,
  list: ValueList,
  first: PromiseLike<unknown>,
  start: number,
): Promise<ChunkResult> {
  try {
    list.push(await first);
    for (let i = list.length; i < items.length; i++) {
      list.push(await (isSpread ? apply(...(items[i] as unknown[])) : apply(items[i])));
    }
    return [list.values, false, undefined, monotonic() - start];
  } catch (error) {
    return [list.values, true, error, monotonic() - start];
  }
}
