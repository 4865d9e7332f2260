/** Ends a thread silently, from wherever it is thrown: `finally` blocks run. */
export class ThreadExit extends Error {
  /** Ends the thread quietly when nobody catches it: `excepthook` is not called for it. */
  override readonly name = 'ThreadExit';
  readonly code = 'ERR_THREAD_EXIT';
}

/** Ends the calling thread, as Python's `sys.exit` does in a thread. In the main thread it is an uncaught error. */
export function exitThread(): never {
  throw new ThreadExit('the thread ends');
}
