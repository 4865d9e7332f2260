/** Where an error comes from that was thrown in another process: its stack there. The cause of the error that arrives. */
class RemoteTraceback extends Error {}
Object.defineProperty(RemoteTraceback.prototype, 'name', { value: 'RemoteTraceback', configurable: true, writable: true });

/** Gives an error that has arrived from a worker its stack there as its cause, unless it has a cause of its own. */
export function arrived(thrown: unknown, worker: string): unknown {
  if (!(thrown instanceof Error) || thrown.cause !== undefined || !Object.isExtensible(thrown)) return thrown;
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const traceback = new RemoteTraceback(`thrown in ${worker}`);
  Error.stackTraceLimit = limit;
  traceback.stack = `RemoteTraceback: thrown in ${worker}:\n${String(thrown.stack)}`;
  Object.defineProperty(thrown, 'cause', { value: traceback, configurable: true, writable: true, enumerable: false });
  return thrown;
}
