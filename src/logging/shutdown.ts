import { handlersHere } from './handler.ts';

/** Flushes and closes the handlers of this thread. What is kept back is also written when the process ends. */
export function shutdown(): void {
  for (const handler of handlersHere()) handler.close();
}
