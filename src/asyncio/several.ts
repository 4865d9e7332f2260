import { inspect } from 'node:util';

/** Refuses what is not several awaitables, in an array or another iterable: one, or none, would be waited for in silence. */
export function mustBeSeveral(awaitables: unknown, who: string): void {
  if (typeof awaitables === 'object' && awaitables !== null && Symbol.iterator in awaitables && !('then' in awaitables)) return;
  throw new TypeError(
    `${who} takes several tasks, futures or functions, in an array or another iterable: got ${inspect(awaitables, { depth: 0 })}`,
  );
}
