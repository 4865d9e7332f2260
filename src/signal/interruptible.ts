import { Script } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { LONGEST_TIMER_MS } from '../base/deadline.ts';
import { deadlineAfter, NEVER, remaining } from '../base/deadline.ts';
import { TimeoutError } from '../base/errors.ts';
import { KeyboardInterrupt } from './errors.ts';

/** How `interruptible` runs its function. */
export interface InterruptibleOptions {
  /** Milliseconds; left out: for ever. */
  readonly timeout?: number | null | undefined;
}

const WORK = Symbol.for('manycore.interruptible');
const scope = globalThis as { [WORK]?: () => unknown };
const script = new Script(`globalThis[Symbol.for('manycore.interruptible')]()`, { filename: 'manycore:interruptible' });

/**
 * Calls a function that Ctrl-C can break, with a `KeyboardInterrupt`, and a time-out, with a `TimeoutError`: also in a busy loop, and
 * in a blocking wait. Blocks for as long as the function does. Its own `catch` and `finally` do not run when it is broken, so it
 * must hold nothing that others need. Costs half a millisecond. In other threads than the main one, only the time-out works.
 */
export function interruptible<T>(work: () => T, { timeout }: InterruptibleOptions = {}): T {
  const deadline = deadlineAfter(timeout);
  if (timeout === 0) throw late(timeout);
  const before = scope[WORK];
  let own: { readonly error: unknown } | null = null;
  scope[WORK] = () => {
    try {
      return work();
    } catch (error) {
      own = { error };
      throw error;
    }
  };
  try {
    return script.runInThisContext({
      breakOnSigint: isMainThread,
      ...(deadline === NEVER ? {} : { timeout: Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(remaining(deadline)))) }),
    }) as T;
  } catch (error) {
    if (own !== null) throw (own as { readonly error: unknown }).error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED') throw new KeyboardInterrupt(undefined, { cause: error });
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw late(timeout, error);
    throw error;
  } finally {
    if (before === undefined) delete scope[WORK];
    else scope[WORK] = before;
  }
}

function late(timeout: number | null | undefined, cause?: unknown): TimeoutError {
  return new TimeoutError(`the function did not end within ${timeout} ms`, { cause });
}
