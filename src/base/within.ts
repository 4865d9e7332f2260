import { onAbort } from './on-abort.ts';
import { ambient } from './ambient.ts';
import { asked, deadlineAfter, LONGEST_TIMER_MS, NEVER, remaining, type Wait } from './deadline.ts';

/** How waiting for something ended: with its value, or because time was up. */
export type Within<T> = { readonly inTime: true; readonly value: T } | { readonly inTime: false };

/**
 * Waits for a promise for as long as `wait` allows, and in a cancellable scope. Rejects as the promise does, with the
 * signal's reason, or with the scope's. The promise itself is left alone, whatever comes first.
 */
export async function within<T>(promise: PromiseLike<T>, wait?: Wait): Promise<Within<T>> {
  const { timeout, signal } = asked(wait);
  const deadline = deadlineAfter(timeout);
  signal?.throwIfAborted();
  const scope = ambient.scope?.() ?? null;
  scope?.checkpoint();
  if (deadline === NEVER && signal === undefined && scope === null) return { inTime: true, value: await promise };
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let ignore: (() => void) | null = null;
    const unsubscribe = scope?.subscribe((reason) => finish(() => reject(reason as Error)));
    function finish(settle: () => void): void {
      clearTimeout(timer);
      ignore?.();
      unsubscribe?.();
      settle();
    }
    const whenTimeIsUp = (): void => {
      if (remaining(deadline) > LONGEST_TIMER_MS) timer = setTimeout(whenTimeIsUp, LONGEST_TIMER_MS);
      else timer = setTimeout(() => finish(() => resolve({ inTime: false })), remaining(deadline));
    };
    if (deadline !== NEVER) whenTimeIsUp();
    if (signal !== undefined) ignore = onAbort(signal, () => finish(() => reject(signal.reason as Error)));
    promise.then(
      (value) => finish(() => resolve({ inTime: true, value })),
      (error: unknown) => finish(() => reject(error as Error)),
    );
  });
}
