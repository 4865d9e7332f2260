import type { CancelledError } from '../base/errors.ts';
import { Future, observersOf } from './future.ts';
import { passedOnBy } from './passed-on.ts';
import type { Scope } from './scope.ts';
import { Waiter } from './waiter.ts';

/**
 * A task ends with a result or an error of its own, before a cancellation has met a wait of it: who has passed that on, by waiting for the task, has it
 * back for the next wait, by `postpone`.
 */
export function giveBack(future: Future, postpone: (origin: Scope, error: CancelledError) => void): void {
  for (const observer of observersOf(future)) {
    if (observer instanceof Waiter) {
      for (let at = passedOnBy(observer); at !== null; at = at.earlier) if (at.origin.task?.met !== at.error) postpone(at.origin, at.error);
    } else if (observer.waits instanceof Future) giveBack(observer.waits, postpone);
  }
}
