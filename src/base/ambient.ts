/**
 * What surrounds a wait without being passed to it.
 *
 * `asyncio` sits high above the primitives, yet cancelling a task must reach whatever of ours it awaits.
 * So the bottom layer holds one hook: nothing is set, and nothing is paid, until asyncio is in use.
 */
export interface Scope {
  /** Calls `cancel` once when the scope is cancelled while the wait is pending. Returns the way to take it back. */
  subscribe(cancel: (reason: unknown) => void): () => void;
  /** Throws if the scope has a cancellation that is due at the next wait. */
  checkpoint(): void;
  /** Gives back a cancellation that came too late: the wait was granted. It is due at the next wait. */
  postpone(reason: unknown): void;
}

export const ambient: {
  /** The scope of the code that runs now; `null` outside of any. */
  scope: (() => Scope | null) | null;
  outside: (<T>(fn: () => T) => T) | null;
} = { scope: null, outside: null };

/** Calls `fn` outside of all scopes: for waits that no cancellation of a task may cut, since others depend on them. */
export function outsideScopes<T>(fn: () => T): T {
  return ambient.outside === null ? fn() : ambient.outside(fn);
}
