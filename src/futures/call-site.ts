/** Where something was called, as V8 has noted it: it becomes a text when somebody asks for it. */
class CallSite {
  declare readonly stack?: unknown;
}

/** A site costs a microsecond. Of calls that follow one another without a turn of the event loop, no more than these have one. */
const SITES_A_TURN = 64;
const FRAMES = 8;

let left = SITES_A_TURN;

/** Where `called` has been called from; `null` in the midst of many calls. */
export function callSite(called: (...args: never[]) => unknown): CallSite | null {
  if (left === 0) return null;
  if (left-- === SITES_A_TURN) queueMicrotask(() => void (left = SITES_A_TURN));
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES;
  const site = new CallSite();
  Error.captureStackTrace(site, called);
  Error.stackTraceLimit = stackTraceLimit;
  return site;
}
export type { CallSite };

const completed = new WeakSet();

/** This error is not of the work: it stays as it is. */
export function leaveAsItIs(error: unknown): void {
  if (typeof error === 'object' && error !== null) completed.add(error);
}

/** Has the stack of an error that comes from elsewhere go on with that of the call by which the work was handed over. */
export function goOnAt(error: unknown, site: CallSite | null): void {
  if (site === null || !(error instanceof Error) || completed.has(error)) return;
  completed.add(error);
  const { stack } = site;
  const frames = typeof stack === 'string' ? stack.indexOf('\n    at ') : -1;
  if (frames < 0 || typeof error.stack !== 'string') return;
  const value = `${error.stack}\n    --- handed over ---${(stack as string).slice(frames)}`;
  Object.defineProperty(error, 'stack', { value, writable: true, configurable: true, enumerable: false });
}
