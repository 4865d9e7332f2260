import type { CancelledError } from '../base/errors.ts';
import type { Context } from './context.ts';
import { currentScope } from './current.ts';
import { addInner, removeInner, type Scope } from './scope.ts';
import type { Task } from './task.ts';
import type { Waiter } from './waiter.ts';

/** A part of a task, or of the code outside of any, with its own waits, and perhaps its own context. */
export class SubScope implements Scope {
  /** @internal */
  task: Task | null = null;
  /** @internal */
  parent: Scope | null = null;
  /** @internal */
  waiter: Waiter | null = null;
  /** @internal */
  others: Set<Waiter> | null = null;
  /** @internal */
  inner: Scope | Set<Scope> | null = null;
  /** @internal */
  cancels = 0;
  /** @internal */
  pending: CancelledError | null = null;
  /** @internal */
  fatal: CancelledError | null = null;
  /** @internal */
  controller: AbortController | null = null;
  /** @internal */
  context: Context | null;
  /** @internal */
  readonly isShielded: boolean;

  /** @internal */
  constructor(context: Context | null = null, isShielded = false) {
    this.context = context;
    this.isShielded = isShielded;
  }
}

/** Makes it a part of the scope of the code that runs now: cancellation comes down to it. */
export function attach(scope: SubScope): void {
  const parent = currentScope();
  if (parent === undefined) return;
  scope.parent = parent;
  scope.task = parent.task;
  addInner(parent, scope);
}

export function detach(scope: SubScope): void {
  if (scope.parent !== null) removeInner(scope.parent, scope);
}
