import type { CancelledError } from '../base/errors.ts';
import type { Future, Observer } from './future.ts';
import type { Scope } from './scope.ts';
import type { Task } from './task.ts';

/** How many frames a trace of a wait has. */
const DEPTH = 24;

/** What debug mode is told while it is on. */
export interface Monitor {
  made(task: Task): void;
  /** Somebody waits for it, or is told when it is done. */
  observed(future: Future, observer: Observer): void;
  /** A callback, which was handed over at `trace`, has run for so long. */
  stepped(ms: number, what: string, trace: Trace | null): void;
  /** Where it was made, if that is known. */
  originOf(future: Future): string;
  /** A cancellation has met no wait. */
  undelivered(scope: Scope, error: CancelledError): void;
}

/** A place in a program; its stack is made into text when somebody reads it. */
export interface Trace {
  readonly stack?: string;
}

/** `null` while debug mode is off. */
export const monitor: { current: Monitor | null } = { current: null };

/** The stack of the caller, without the frames above `below`. */
export function capture(below: (...args: never[]) => unknown): Trace {
  const { stackTraceLimit } = Error;
  const trace: { stack?: string } = {};
  Error.stackTraceLimit = DEPTH;
  Error.captureStackTrace(trace, below);
  Error.stackTraceLimit = stackTraceLimit;
  return trace;
}
