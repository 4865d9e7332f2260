import { CancelledError, TimeoutError } from '../base/errors.ts';
import { KeyboardInterrupt } from '../signal/errors.ts';
import { monitor } from './debug-state.ts';

/**
 * What `cancel(reason)` throws into the waits: the very error that was given, or one with the message or cause that was given.
 * Outside of debug mode it has no stack: collecting one costs more than everything else that a cancellation does.
 */
export function cancelledBy(reason: unknown): CancelledError {
  if (reason !== undefined && reason instanceof CancelledError) return reason;
  const { stackTraceLimit } = Error;
  if (monitor.current === null) Error.stackTraceLimit = 0;
  try {
    if (reason === undefined) return new CancelledError('cancelled');
    if (typeof reason === 'string') return new CancelledError(reason);
    return new CancelledError(reason instanceof Error ? reason.message : 'cancelled', { cause: reason });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * Whether an error says that its task was cancelled: for a `catch` that is to let cancellations pass. An `AbortError` counts, and what was
 * made of a `CancelledError`: so Node's own functions and others tell that their signal was aborted. `TimeoutError` and `KeyboardInterrupt` have a
 * cancellation as their cause too, and are what has come of it: they do not count.
 */
export function isCancelled(error: unknown): error is Error {
  return error instanceof CancelledError || isAbort(error);
}

/** An error that somebody else has made of a cancellation. */
export const isAbort = (error: unknown): error is Error =>
  error instanceof Error &&
  (error.name === 'AbortError' ||
    (error.cause instanceof CancelledError && !(error instanceof TimeoutError || error instanceof KeyboardInterrupt)));

/** Throws the error again if it is a cancellation: the first line of a `catch` that handles everything else. */
export function rethrowCancelled(error: unknown): void {
  if (isCancelled(error)) throw error;
}
