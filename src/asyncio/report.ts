import { inspect } from 'node:util';
import type { Future } from './future.ts';

/** What the exception handler is told about an error that nobody else would see. */
export interface ErrorContext {
  /** What went wrong, in words. */
  readonly message: string;
  /** What was thrown, if something was. */
  readonly exception?: unknown;
  /** The future or task that it happened to. */
  readonly future?: Future;
}
/** Called with what nobody else is told of: see `EventLoop.exceptionHandler`. */
export type ExceptionHandler = (context: ErrorContext) => void;

let handler: ExceptionHandler | null = null;

export const getExceptionHandler = (): ExceptionHandler | null => handler;

export function setExceptionHandler(next: ExceptionHandler | null): void {
  if (next !== null && typeof next !== 'function') throw new TypeError(`an exception handler is a function, or null: got ${typeof next}`);
  handler = next;
}

/** Tells the exception handler of this thread. If that fails, the default one tells both. */
export function report(context: ErrorContext): void {
  if (handler === null) return reportByDefault(context);
  try {
    handler(context);
  } catch (error) {
    reportByDefault({ message: 'error in the exception handler', exception: error });
    reportByDefault(context);
  }
}

/** Writes it to stderr. */
export function reportByDefault({ message, exception, future }: ErrorContext): void {
  const lines = [`asyncio: ${message}`];
  if (future !== undefined) lines.push(`future: ${inspect(future)}`);
  if (exception !== undefined) lines.push(inspect(exception));
  console.error(lines.join('\n'));
}
