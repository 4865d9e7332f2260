/** The task that runs in this thread, for what it may ask about itself. */
export interface Task {
  /** Made when the task asks for its signal. */
  controller: AbortController | null;
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
