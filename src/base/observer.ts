import { isThenable } from './thenable.ts';

/**
 * Somebody who wants to know which tasks this thread runs, and what it waits for: a profiler, a timeline.
 *
 * The hook lies at the bottom, and is one for all copies of this package in a thread. While there is nobody, a task and a
 * wait pay one look at it.
 */
export interface Observer {
  /** The worker begins to carry the thread of this name. */
  carries(thread: string): void;
  /** Something with a name begins to run: the main function of a thread, a task of a pool. What is given back is called at its end. */
  begins(name: string): End;
  /** The thread is about to sleep, or an await to begin. `lock` names what is waited for, if that is a lock. */
  sleeps(lock: string | null, blocks: boolean): () => void;
  /** Something lasts for a while without holding this thread: a task of asyncio, a command. */
  lasts?(kind: 'task' | 'command', name: string): End;
  /** The program says that it has come to a point. */
  marks?(name: string, detail: unknown): void;
}

/** Called at the end of what began, with what it threw. */
export type End = (failure?: { readonly error: unknown }) => void;

type AnyFunction = (...args: never[]) => unknown;

export const observer: { current: Observer | null } = ((globalThis as Record<symbol, unknown>)[Symbol.for('manycore.observer')] ??= {
  current: null,
}) as { current: Observer | null };

/** `fn`, which tells the observer of each of its calls, until what it returns is settled; itself when there is nobody to tell. */
export function observed<F extends AnyFunction>(fn: F, name: () => string = () => fn.name): F {
  const { current } = observer;
  if (current === null) return fn;
  return ((...args: never[]) => {
    const end = current.begins(name());
    let result: unknown;
    try {
      result = fn(...args);
    } catch (error) {
      end({ error });
      throw error;
    }
    if (isThenable(result))
      result.then(
        () => end(),
        (error: unknown) => end({ error }),
      );
    else end();
    return result;
  }) as F;
}
