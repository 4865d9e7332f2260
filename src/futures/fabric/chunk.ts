import { NONE, ValueList, type Values } from '../value-list.ts';
import { isAwaited } from './awaited.ts';
import type { AnyFunction } from './function-table.ts';

/** The items of a chunk, and whether each is the list of the function's arguments. */
export type ChunkArgs = readonly [items: Values, isSpread: boolean];

/** The results until the end or the first error; whether there was one, and which; and how many milliseconds it all took. */
export type ChunkResult = readonly [values: Values, failed: boolean, error: unknown, ms: number];

/** Applies a function to items, one after the other, up to the first error. Async functions are awaited each. */
export function applyToChunk(fn: AnyFunction, items: Values, isSpread: boolean): ChunkResult | Promise<ChunkResult> {
  const apply = fn as (...args: unknown[]) => unknown;
  const list = new ValueList(items.length);
  const start = performance.now();
  try {
    let given = isSpread ? NONE : list.collect(apply, items);
    for (let i = list.length; i < items.length; i++) {
      const value = given !== NONE ? given : isSpread ? apply(...(items[i] as unknown[])) : apply(items[i]);
      given = NONE;
      if (isAwaited(value)) return goOn(apply, items, isSpread, list, value, start);
      list.push(value);
    }
    return [list.values, false, undefined, performance.now() - start];
  } catch (error) {
    return [list.values, true, error, performance.now() - start];
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
    return [list.values, false, undefined, performance.now() - start];
  } catch (error) {
    return [list.values, true, error, performance.now() - start];
  }
}
