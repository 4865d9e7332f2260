import { inspect } from 'node:util';
import { isError } from '../base/is-error.ts';

/** What stands in for an error that can't travel: its text. Whatever it is, this does not throw. */
export function describeThrown(thrown: unknown): unknown {
  try {
    if (!isError(thrown)) return inspect(thrown, { depth: 1 });
    // They may be anything.
    const { message, name, stack } = thrown as { readonly [key in 'message' | 'name' | 'stack']: unknown };
    const copy = new Error(String(message));
    Object.defineProperty(copy, 'name', { value: String(name), configurable: true, writable: true });
    copy.stack = String(stack);
    return copy;
  } catch {
    return new Error('what was thrown throws itself when somebody looks at it');
  }
}

/** What `put` gives for an error; where that can't travel, for what stands in for it. */
export function orDescribed<T>(error: unknown, put: (error: unknown) => T): T {
  try {
    return put(error);
  } catch {
    return put(describeThrown(error));
  }
}
