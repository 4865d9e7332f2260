import { inspect } from 'node:util';
import { isError } from '../../base/is-error.ts';

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

/** Where an error comes from that was thrown in another process: its stack there. The cause of the error that arrives. */
class RemoteTraceback extends Error {}
Object.defineProperty(RemoteTraceback.prototype, 'name', { value: 'RemoteTraceback', configurable: true, writable: true });

/** Gives an error that has arrived from a worker its stack there as its cause, unless it has a cause of its own. */
export function arrived(thrown: unknown, worker: string): unknown {
  if (!(thrown instanceof Error) || thrown.cause !== undefined || !Object.isExtensible(thrown)) return thrown;
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const traceback = new RemoteTraceback(`thrown in ${worker}`);
  Error.stackTraceLimit = limit;
  traceback.stack = `RemoteTraceback: thrown in ${worker}:\n${String(thrown.stack)}`;
  Object.defineProperty(thrown, 'cause', { value: traceback, configurable: true, writable: true, enumerable: false });
  return thrown;
}
