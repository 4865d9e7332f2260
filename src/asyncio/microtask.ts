const resolved: Promise<unknown> = Promise.resolve();

/** Calls `fn`, which does not throw, when the code that runs now has ended. For less than by queueMicrotask, which makes a resource of its own. */
export function microtask(fn: () => void): void {
  void resolved.then(fn);
}
