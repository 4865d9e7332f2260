/*
 * The load hooks for Nodes that run them in a thread of their own.
 */
import { type Loaded, RECORDER_OF, rewrite } from './loader.ts';

/** Loaders that this thread gets later are instrumented too, but are not a part of the program. */
const nobody = { begin: () => 0, end: () => {}, beginStopping: () => 0, endStopping: () => {}, stopped: same, goOn: same };
function same(_: unknown, value: unknown): unknown {
  return value;
}
(globalThis as Record<symbol, unknown>)[RECORDER_OF] ??= () => nobody;

export async function load(url: string, context: object, next: (url: string, context: object) => Promise<Loaded>): Promise<Loaded> {
  const loaded = await next(url, context);
  // The text of a CommonJS module that comes from here would be compiled another way: it is met where it is compiled.
  return loaded.format === 'module' ? rewrite(url, loaded) : loaded;
}
