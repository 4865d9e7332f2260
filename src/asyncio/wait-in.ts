import { checkOptions } from '../base/check-options.ts';
import { deadlineAfter, type Wait } from '../base/deadline.ts';
import { currentScope } from './current.ts';
import { limit } from './limit.ts';
import { wake, type Waiter, type WaiterList } from './waiter.ts';

/** Begins a wait in a list, for as long as `wait` allows; then it ends with `late`. Who calls has asked `refusal` first. */
export function waitIn(list: WaiterList, wait: Wait | undefined, late: unknown, whenLate = wake): Waiter {
  const waiter = list.park(currentScope());
  if (wait !== undefined)
    limit(waiter, wait, () => {
      list.remove(waiter);
      whenLate(waiter, late);
    });
  return waiter;
}

/** Refuses a bad time-out, also where nothing has to be waited for; a signal that is aborted throws its reason. */
export function checkWait(wait: Wait | undefined): void {
  if (wait === undefined) return;
  // A bare number would be no limit at all.
  checkOptions(wait, 'a wait', '{ timeout: 300 }');
  deadlineAfter(wait.timeout);
  wait.signal?.throwIfAborted();
}
