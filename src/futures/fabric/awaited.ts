/** Whether a task's result is waited for before it is sent. A function that has a `then` is sent as it is. */
export function isAwaited(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
