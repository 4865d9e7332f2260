import { inspect } from 'node:util';
import { isError } from '../base/is-error.ts';
import { writeAll } from '../host/thread/output.ts';
import type { Thread } from './thread.ts';

/** What a hook is told of an error that nobody has caught in a thread. */
export interface ExceptHookArgs {
  /** The class of what was thrown: `TypeError`; `String` for a text, `null` for `null` and `undefined`. */
  readonly excType: (abstract new (...args: never[]) => unknown) | null;
  /** What was thrown. */
  readonly excValue: unknown;
  /** Its stack, if it has one. */
  readonly excTraceback: string | undefined;
  /** The thread in which it was thrown. It is about to end. */
  readonly thread: Thread;
}

/** Called with an error that nobody has caught in a thread. */
export type Excepthook = (args: ExceptHookArgs) => void;

/** What is done with an error that nobody has caught in a thread: it is printed on stderr, with the thread's name. */
export function excepthook({ excValue, thread }: ExceptHookArgs): void {
  writeAll(2, Buffer.from(`Exception in thread ${thread.name}:\n${inspect(excValue)}\n`));
}

/** @internal What a hook is told of an error. */
export function exceptHookArgs(error: unknown, thread: Thread): ExceptHookArgs {
  const excType = error === null || error === undefined ? null : (Object(error) as { constructor?: unknown }).constructor;
  return {
    excType: typeof excType === 'function' ? (excType as NonNullable<ExceptHookArgs['excType']>) : null,
    excValue: error,
    excTraceback: isError(error) ? error.stack : undefined,
    thread,
  };
}
