import { inspect } from 'node:util';
import { writeAll } from '../host/thread/output.ts';
import type { Thread } from './thread.ts';

/** What a hook is told of an error that nobody has caught in a thread. */
export interface ExceptHookArgs {
  readonly type: string;
  readonly value: unknown;
  readonly stack: string | undefined;
  readonly thread: Thread;
}

export type Excepthook = (args: ExceptHookArgs) => void;

let hook: Excepthook | null = null;

/** What is done with an error that nobody has caught in a thread: it is printed on stderr, with the thread's name. */
export function excepthook({ value, thread }: ExceptHookArgs): void {
  writeAll(2, Buffer.from(`Exception in thread ${thread.name}:\n${inspect(value)}\n`));
}

/**
 * Replaces `excepthook` for the threads that this thread starts from now on; `null` brings the default back. The hook
 * runs in the thread that failed, so it must be a function that can be sent.
 */
export function setExcepthook(replacement: Excepthook | null): void {
  hook = replacement;
}

export function excepthookHere(): Excepthook | null {
  return hook;
}
