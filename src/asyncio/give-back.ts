import { Future, observersOf } from './future.ts';
import { passedOnBy } from './passed-on.ts';
import type { CancelledError } from '../base/errors.ts';
import type { Scope } from './scope.ts';
import { Waiter } from './waiter.ts';

/**
 * A task ends with a result or an error of its own, before a cancellation has met a wait of it: who has passed that on, by waiting for the task, has it
 * back for the next wait, by `keep`.
 */
export function giveBack(future: Future, keep: (scope: Scope, error: CancelledError, origin: Scope) => void): void {
  for (const observer of observersOf(future)) {
    if (observer instanceof Waiter) {
      for (let at = passedOnBy(observer); at !== null; at = at.earlier)
        if (at.origin.task?.met !== at.error) keep(observer.scope ?? at.origin, at.error, at.origin);
    } else if (observer.waits instanceof Future) giveBack(observer.waits, keep);
  }
}
