import { isAwaited } from './awaited.ts';
import type { AnyFunction } from './function-table.ts';

/** The items of a chunk, and whether each is the list of the function's arguments. */
export type ChunkArgs = readonly [items: readonly unknown[], isSpread: boolean];

/** The results until the end or the first error; whether there was one, and which; and how many milliseconds it all took. */
export type ChunkResult = readonly [values: unknown[], failed: boolean, error: unknown, ms: number];

/** Applies a function to items, one after the other, up to the first error. Async functions are awaited each. */
export function applyToChunk(fn: AnyFunction, items: readonly unknown[], isSpread: boolean): ChunkResult | Promise<ChunkResult> {
  const apply = fn as (...args: unknown[]) => unknown;
  const values: unknown[] = [];
  const start = performance.now();
  try {
    for (let i = 0; i < items.length; i++) {
      const value = isSpread ? apply(...(items[i] as unknown[])) : apply(items[i]);
      if (isAwaited(value)) return goOn(apply, items, isSpread, values, value, start);
      values.push(value);
    }
    return [values, false, undefined, performance.now() - start];
  } catch (error) {
    return [values, true, error, performance.now() - start];
  }
}

async function goOn(
  apply: (...args: unknown[]) => unknown,
  items: readonly unknown[],
  isSpread: boolean,
  values: unknown[],
  first: PromiseLike<unknown>,
  start: number,
): Promise<ChunkResult> {
  try {
    values.push(await first);
    for (let i = values.length; i < items.length; i++) {
      values.push(await (isSpread ? apply(...(items[i] as unknown[])) : apply(items[i])));
    }
    return [values, false, undefined, performance.now() - start];
  } catch (error) {
    return [values, true, error, performance.now() - start];
  }
}
