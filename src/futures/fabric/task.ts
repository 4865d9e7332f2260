import { AsyncLocalStorage } from 'node:async_hooks';

/** The task that runs in this thread, for what it may ask about itself. */
export interface Task {
  /** Made when the task asks for its signal. */
  controller: AbortController | null;
  /** Ends what the task yields. */
  stop?: () => void;
}

export const taskHere: { current: Task | null } = { current: null };

/**
 * The signal of the task that runs here: aborted when it is cancelled with `running: true`, or its time is up. An async task hands it on to what
 * it awaits; a call that computes is broken off without asking. Call it before the first `await`.
 */
export function cancellation(): AbortSignal {
  taskHere.current ??= { controller: null };
  return (taskHere.current.controller ??= new AbortController()).signal;
}

/** How a task whose messages are heard sends them; made when the first such task comes to this thread. */
let listened: AsyncLocalStorage<(message: unknown) => void> | null = null;

/** Runs a task whose messages somebody hears, wherever in it `emit` is called. */
export function runListened<T>(send: (message: unknown) => void, run: () => T): T {
  return (listened ??= new AsyncLocalStorage()).run(send, run);
}

/**
 * Sends a value out of the task that runs here, to `onMessage` of `pool.with({ onMessage })`: progress, partial results. False when nobody
 * listens. Throws `SendError`. When its owner is far behind, it waits.
 */
export function emit(message: unknown): boolean {
  const send = listened?.getStore();
  if (send === undefined) return false;
  send(message);
  return true;
}
