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

const isFirst = import.meta.url.endsWith('?1');

export async function load(url: string, context: object, next: (url: string, context: object) => Promise<Loaded>): Promise<Loaded> {
  const loaded = await next(url, context);
  // Only a loader can make something of it, and such a one comes after the first of ours.
  if (isFirst && /\.(?:[cm]?ts|tsx|jsx)(?:\?|$)/.test(url)) return loaded;
  // A CommonJS module has no text here, and is met where it is compiled, unless another loader gives it one.
  return rewrite(url, loaded);
}
