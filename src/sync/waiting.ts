import { onAbort } from '../base/on-abort.ts';
import { ambient } from '../base/ambient.ts';
import { type Deadline, NEVER } from '../base/deadline.ts';
import type { WaitTarget } from '../word/waits.ts';
import type { FutexWord, WakeReason } from '../word/word.ts';
import { Patrol } from './patrol.ts';

/** "Put me to sleep while `word` still holds `expected`." */
export interface Sleep {
  readonly word: FutexWord;
  readonly expected: number;
  /** What is waited for: for reports, and for the search for dead holders and deadlocks. */
  readonly target?: WaitTarget | undefined;
  /** No time-out and no signal ends this sleep: the algorithm must have what it waits for, and it comes soon. */
  readonly must?: boolean;
}

/**
 * An algorithm that may have to wait.
 *
 * It never blocks by itself: it yields a `Sleep` at each point where its thread may stop, and is told why
 * it runs again. The same algorithm thus serves a thread that blocks and a task that awaits. `woken` may
 * mean nothing: it re-checks. When it is told `timed-out` or `cancelled`, no wake was spent on it, and it must undo its
 * announcement and end, sleeping only with `must`; `false` or `null` as its value says that it did not get what it
 * waited for.
 */
export type Waiting<T> = Generator<Sleep, T, WakeReason>;

/** Runs `waiting`, blocking this thread at each sleep. May throw `DeadlockError`. */
export function block<T>(waiting: Waiting<T>, deadline: Deadline = NEVER): T {
  let step = waiting.next();
  if (step.done) return step.value;
  const patrol = new Patrol({ blocks: true, endless: deadline === NEVER });
  let failure: Error | null = null;
  try {
    while (!step.done) {
      const { word, expected, target, must = false } = step.value;
      const end = must ? NEVER : deadline;
      let reason = word.sleep(expected, patrol.begin(target, must, end));
      if (reason === 'timed-out' && patrol.isSliceOver(end)) {
        failure ??= patrol.look();
        reason = failure === null || must ? 'woken' : 'cancelled';
      }
      step = waiting.next(reason);
    }
  } finally {
    patrol.end();
  }
  if (failure !== null && givesWay(step.value)) throw failure;
  return step.value;
}

/**
 * Runs `waiting`, awaiting at each sleep; this thread's event loop stays free. Rejects with the signal's
 * reason, or with `DeadlockError`.
 */
export async function suspend<T>(waiting: Waiting<T>, deadline: Deadline = NEVER, signal?: AbortSignal): Promise<T> {
  signal?.throwIfAborted();
  const scope = ambient.scope?.() ?? null;
  scope?.checkpoint();
  let step = waiting.next();
  if (step.done) return step.value;
  let end: (() => void) | undefined;
  let cancelled: { readonly reason: unknown; readonly byScope?: boolean } | undefined;
  const cancel = (reason: unknown, byScope: boolean): void => {
    cancelled ??= { reason, byScope };
    end?.();
  };
  const ignore = signal === undefined ? null : onAbort(signal, () => cancel(signal.reason, false));
  const unsubscribe = scope?.subscribe((reason) => cancel(reason, true));
  const patrol = new Patrol({ blocks: false, endless: deadline === NEVER && signal === undefined && scope === null });
  try {
    while (!step.done) {
      const { word, expected, target, must = false } = step.value;
      const last = must ? NEVER : deadline;
      const until = patrol.begin(target, must, last);
      end = undefined;
      let reason: WakeReason =
        cancelled && !must ? 'cancelled' : await word.sleepAsync(expected, until, { set: (f) => void (must || (end = f)) });
      if (reason === 'timed-out' && patrol.isSliceOver(last)) {
        const failure = patrol.look();
        if (failure !== null) cancelled ??= { reason: failure };
        reason = cancelled && !must ? 'cancelled' : 'woken';
      }
      // A cancel that came after the wake is told at the next sleep: this one was woken, and others were not for its sake.
      step = waiting.next(reason);
    }
  } finally {
    patrol.end();
    ignore?.();
    unsubscribe?.();
  }
  if (cancelled !== undefined) {
    if (givesWay(step.value)) throw cancelled.reason;
    if (cancelled.byScope === true) scope?.postpone(cancelled.reason);
  }
  return step.value;
}

/** A grant wins over a cancel that came at the same moment, so that nothing granted is lost: only what says no gives way. */
const givesWay = (value: unknown): boolean => value === false || value === null;
