import { observed, observer } from '../base/observer.ts';

/**
 * Runs `fn`, and shows it by this name on the timeline, with the error that it throws; if it returns a promise, until that is settled. Gives
 * back what `fn` gives. While nobody records, that is all: it costs one look. A profile of the program has it among its tasks.
 *
 * Without a function, the span lasts until it is disposed of: `using parsing = span('parse')`. May be called in any thread.
 */
export function span<T>(name: string, fn: () => T): T;
export function span(name: string): Disposable;
export function span(name: string, fn?: () => unknown): unknown {
  const { current } = observer;
  if (fn !== undefined) return current === null ? fn() : observed(fn, () => name)();
  const end = current?.begins(name);
  return { [Symbol.dispose]: () => end?.() };
}

/** Shows a moment on the timeline of this thread, with a detail that JSON can hold. Without effect while nobody records. */
export function mark(name: string, detail?: unknown): void {
  observer.current?.marks?.(name, detail);
}
