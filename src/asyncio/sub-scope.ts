import type { CancelledError } from '../base/errors.ts';
import type { Context } from './context.ts';
import { cancelledBy, isCancelled } from './cancelled.ts';
import { currentScope } from './current.ts';
import { addInner, cancelsOf, keep, type Kept, outermostCancelled, removeInner, type Scope } from './scope.ts';
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
  kept: Kept | null = null;
  /** @internal */
  fatal: CancelledError | null = null;
  /** @internal */
  controller: AbortController | null = null;
  /** @internal */
  context: Context | null;
  /** @internal */
  readonly isShielded: boolean;
  /** @internal */
  readonly isAhead: boolean;
  /** @internal How often those that it lies in had been cancelled before it was entered. */
  cancelsBefore = 0;

  /** @internal */
  constructor(context: Context | null = null, isShielded = false, isAhead = false) {
    this.context = context;
    this.isShielded = isShielded;
    this.isAhead = isAhead;
  }
}

/** Makes it a part of the scope of the code that runs now: cancellation comes down to it. */
export function attach(scope: SubScope): void {
  const parent = currentScope();
  if (parent === undefined) return;
  scope.parent = parent;
  scope.task = parent.task;
  scope.cancelsBefore = cancelsOf(parent);
  addInner(parent, scope);
}

/** It is left, by `error` if there is one: what it has kept, who comes after it has to know, unless that is what he is told. */
export function detach(scope: SubScope, error?: unknown): void {
  const { parent, kept } = scope;
  if (parent === null) return;
  removeInner(parent, scope);
  if (kept !== null && !isCancelled(error)) keep(parent, kept);
}

/** Whether somebody further out has cancelled since the scope was entered. */
function isCutFromOutside(scope: SubScope): boolean {
  return !scope.isShielded && cancelsOf(scope.parent) > scope.cancelsBefore;
}

/** A scope is left with an error of what is inside: a cancellation from outside, whomever inside it has met, is not lost. It ends the next wait. */
export function keepCancellation(scope: SubScope, error: CancelledError | null = null): void {
  const { parent } = scope;
  if (parent !== null && isCutFromOutside(scope))
    keep(parent, { error: error ?? cancelledBy(undefined), origin: outermostCancelled(parent), isLate: false });
}

/**
 * Whether `error`, which has come out of `scope`, is due to the scope's own cancellation: as in Python it is a cancellation, whichever what was
 * awaited has made of it, and nobody further out has cancelled.
 */
export function isDueTo(own: CancelledError, error: unknown, scope: SubScope): boolean {
  return (error === own || isCancelled(error)) && !isCutFromOutside(scope);
}
