import { ambient } from '../base/ambient.ts';
import { type Deadline, NEVER } from '../base/deadline.ts';
import type { FutexWord, WakeReason } from '../word/word.ts';

/** "Put me to sleep while `word` still holds `expected`." */
export interface Sleep {
  readonly word: FutexWord;
  readonly expected: number;
}

/**
 * An algorithm that may have to wait.
 *
 * It never blocks by itself: it yields a `Sleep` at each point where its thread may stop, and is told why
 * it runs again. The same algorithm thus serves a thread that blocks and a task that awaits. When it is
 * told `timed-out` or `cancelled` it must undo its announcement and end without sleeping again.
 */
export type Waiting<T> = Generator<Sleep, T, WakeReason>;

/** Runs `waiting`, blocking this thread at each sleep. */
export function block<T>(waiting: Waiting<T>, deadline: Deadline = NEVER): T {
  let step = waiting.next();
  while (!step.done) {
    const { word, expected } = step.value;
    step = waiting.next(word.sleep(expected, deadline));
  }
  return step.value;
}

/** Runs `waiting`, awaiting at each sleep; this thread's event loop stays free. Rejects with the signal's reason. */
export async function suspend<T>(waiting: Waiting<T>, deadline: Deadline = NEVER, signal?: AbortSignal): Promise<T> {
  signal?.throwIfAborted();
  const scope = ambient.scope?.() ?? null;
  scope?.checkpoint();
  let end: (() => void) | undefined;
  let cancelled: { readonly reason: unknown } | undefined;
  const cancel = (reason: unknown): void => {
    cancelled ??= { reason };
    end?.();
  };
  const onAbort = (): void => cancel(signal!.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const unsubscribe = scope?.subscribe(cancel);
  try {
    let step = waiting.next();
    while (!step.done) {
      const { word, expected } = step.value;
      const reason = cancelled ? 'cancelled' : await word.sleepAsync(expected, deadline, { set: (f) => void (end = f) });
      step = waiting.next(cancelled ? 'cancelled' : reason);
    }
    // A grant wins over a cancel that came at the same moment, so that nothing granted is lost: what says no gives way.
    if (cancelled && (step.value === false || step.value === null)) throw cancelled.reason;
    return step.value;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    unsubscribe?.();
  }
}
