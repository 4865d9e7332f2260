/** How many frames a trace of a wait has. */
const DEPTH = 24;

let debugging = process.env['MANYCORE_ASYNCIO_DEBUG'] === '1';

export const isDebugging = (): boolean => debugging;

/** Switches debug mode on or off for this thread: with it, each wait and each cancellation keeps its stack. Costs microseconds a wait. */
export function setDebug(on: boolean): void {
  debugging = on;
}

/** The stack of the caller, without the frames above `below`. */
export function capture(below: (...args: never[]) => unknown): { readonly stack?: string } {
  const { stackTraceLimit } = Error;
  const trace: { stack?: string } = {};
  Error.stackTraceLimit = DEPTH;
  Error.captureStackTrace(trace, below);
  Error.stackTraceLimit = stackTraceLimit;
  return trace;
}
