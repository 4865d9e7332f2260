import { getEventListeners } from 'node:events';
import type { CancelledError } from '../base/errors.ts';
import type { Context } from './context.ts';
import { monitor } from './debug-state.ts';
import type { Task } from './task.ts';
import { thisTurn } from './turn.ts';
import type { Waiter } from './waiter.ts';

/*
 * What a cancellation is aimed at: a task, or a part of one (a time-out, the body of a task group, a CancelScope).
 *
 * A task may be at many awaits at once, for calling an async function starts it: `Promise.all` has several branches. So a scope
 * keeps all waits that are pending in it, and a cancellation ends them all. Scopes of one task form a tree; a cancellation
 * goes down it, and stops at those that are shielded.
 *
 *   no wait pending   the cancellation is kept, and ends the next wait of the scope, or the task when it returns
 *   a wait granted    it stays granted, though its task has not run yet: the cancellation ends the next one
 *   fatal             every wait ends at once: the task has ended before its branches did, or the scope is a sticky one
 */
export interface Scope {
  readonly task: Task | null;
  readonly parent: Scope | null;
  /** A pending wait; those beyond the first are in `others`. */
  waiter: Waiter | null;
  others: Set<Waiter> | null;
  inner: Scope | Set<Scope> | null;
  /** How often it was cancelled, less what a task has taken back. */
  cancels: number;
  /** A cancellation that has not met a wait. */
  pending: CancelledError | null;
  /** A cancellation from further out that something inside has met, but whoever waits for that has not: it ends the next wait. Not of a task. */
  kept: Kept | null;
  fatal: CancelledError | null;
  controller: AbortController | null;
  context: Context | null;
  readonly isShielded: boolean;
  /** What runs in it runs ahead of who asks for its results: a cancellation of both has to meet him too. */
  readonly isAhead: boolean;
}

/** A cancellation, and the scope that it was aimed at. */
export interface Kept {
  readonly error: CancelledError;
  readonly origin: Scope;
  /** Something had been granted when it came: it is no reason to drop what the task returns. */
  readonly isLate: boolean;
}

export function addWaiter(scope: Scope, waiter: Waiter): void {
  waiter.scope = scope;
  if (scope.waiter === null) scope.waiter = waiter;
  else (scope.others ??= new Set()).add(waiter);
}

export function removeWaiter(waiter: Waiter): void {
  const scope = waiter.scope;
  if (scope === null) return;
  waiter.scope = null;
  if (scope.waiter === waiter) scope.waiter = null;
  else scope.others?.delete(waiter);
}

export function addInner(scope: Scope, inner: Scope): void {
  if (scope.inner === null) scope.inner = inner;
  else if (scope.inner instanceof Set) scope.inner.add(inner);
  else scope.inner = new Set([scope.inner, inner]);
}

export function removeInner(scope: Scope, inner: Scope): void {
  if (scope.inner === inner) scope.inner = null;
  else if (scope.inner instanceof Set) {
    scope.inner.delete(inner);
    if (scope.inner.size === 0) scope.inner = null;
  }
}

export function innerScopes({ inner }: Scope): Scope[] {
  return inner === null ? [] : inner instanceof Set ? [...inner] : [inner];
}

export function waitersOf({ waiter, others }: Scope): Waiter[] {
  return [...(waiter === null ? [] : [waiter]), ...(others ?? [])];
}

/** Something is granted: if its task returns that, a cancellation of this moment comes too late to drop it. */
export function granted(scope: Scope | null | undefined): void {
  const task = scope?.task;
  if (task !== undefined && task !== null) task.grantedIn = thisTurn();
}

/** How many cancellations of a scope, or of one that it lies in, have met a wait, as far as they come through to it. */
export function cancelsOf(scope: Scope | null): number {
  let count = 0;
  for (let at = scope; at !== null; at = at.isShielded ? null : at.parent) {
    if (at.kept !== null) count--;
    if (at.cancels > 0) count += at.pending === null || soft.has(at) ? at.cancels : at.cancels - 1;
  }
  return Math.max(0, count);
}

/** Ends the waits of the scope, or the next one if there is none. */
export function cancelScope(scope: Scope, error: CancelledError, byItself = false): void {
  scope.cancels++;
  const reached = deliver(scope, error);
  if (reached === 'waits') return;
  scope.pending = error;
  monitor.current?.undelivered(scope, error);
  if (reached === 'signal' && !byItself) soften(scope);
}

/**
 * Ends all waits of the scope and those inside it. Says whether there was a wait; or else somebody who listens to the scope's signal. What runs
 * ahead does not count.
 */
export function deliver(scope: Scope, error: CancelledError, origin: Scope = scope): 'waits' | 'signal' | 'nobody' {
  const { waiter, others, controller, inner } = scope;
  let waits = false;
  let listened = false;
  if (waiter !== null) {
    waits = true;
    waiter.source.interrupt(waiter, error, origin);
  }
  if (others !== null) {
    for (const other of others) {
      waits = true;
      other.source.interrupt(other, error, origin);
    }
  }
  if (inner !== null) {
    for (const below of innerScopes(scope)) {
      if (below.isShielded) continue;
      const reached = deliver(below, error, origin);
      if (below.isAhead) continue;
      waits ||= reached === 'waits';
      listened ||= reached === 'signal';
    }
  }
  if (controller !== null) {
    // What is cancelled now must not spoil the signal that its clean-up asks for.
    scope.controller = null;
    listened ||= getEventListeners(controller.signal, 'abort').length > 0;
    controller.abort(error);
  }
  return waits ? 'waits' : listened ? 'signal' : 'nobody';
}

/*
 * A cancellation that only the listeners of a signal have met: did somebody await what they cut off? Who did is unwinding before
 * this turn of the event loop ends, and may await in its clean-up. If nobody waits by then, the cancellation is due again.
 */
const soft = new Set<Scope>();

function soften(scope: Scope): void {
  soft.add(scope);
  setImmediate(() => soft.delete(scope));
}

/** The outermost of the scopes that a scope lies in which were cancelled. */
export function outermostCancelled(scope: Scope): Scope {
  let found = scope;
  for (let at: Scope | null = scope; at !== null; at = at.isShielded ? null : at.parent) if (at.cancels > 0) found = at;
  return found;
}

/** A cancellation ends a wait of the scope's task: what the task awaits besides does not give it back as well. What runs ahead does not count. */
export function meet(scope: Scope | null, error: unknown): void {
  const task = scope?.task;
  if (task === undefined || task === null) return;
  for (let at = scope; at !== null; at = at.parent) {
    if (at.pending === error) at.pending = null;
    if (at.kept?.error === error) at.kept = null;
    if (at.isAhead) return;
  }
  task.met = error;
}

/** What a wait of the scope was told of, it passes on: the scope has not met it yet. */
export function unmeet(scope: Scope): void {
  if (scope.task !== null) scope.task.met = null;
}

function liesIn(scope: Scope, outer: Scope): boolean {
  for (let at = scope.parent; at !== null; at = at.parent) if (at === outer) return true;
  return false;
}

/** A cancellation that those who wait in `scope` have not seen, though it has come to what they wait for: the next wait there ends by it. */
export function keep(scope: Scope, kept: Kept): void {
  if (scope !== kept.origin && scope.task !== scope) {
    // Of two, the one from further out ends all that the other would.
    if (scope.kept === null || liesIn(scope.kept.origin, kept.origin)) scope.kept = kept;
  } else if (scope.pending === null) {
    scope.pending = kept.error;
    if (scope.task === scope) scope.task.isTooLate = kept.isLate;
  }
}

export function keepForNext(scope: Scope, error: CancelledError, origin: Scope): void {
  keep(scope, { error, origin, isLate: false });
}

/** The same where something was granted meanwhile: a task that returns that has it. A second cancellation before it returns is too late as well. */
export function keepAfterGrant(scope: Scope, error: CancelledError, origin: Scope): void {
  const { task } = scope;
  if (task?.met === error) return;
  keep(scope, { error, origin, isLate: true });
  granted(scope);
  if (task === scope) task.isTooLate = true;
}

/**
 * The cancellation that ends the wait which is about to begin; `null` when it may begin. What runs ahead leaves that of a scope further out to who asks
 * for its results: he will stop it.
 */
export function takeCancellation(scope: Scope): CancelledError | null {
  let isAhead = false;
  for (let at: Scope | null = scope; at !== null; at = at.parent) {
    const { fatal } = at;
    const error = isAhead ? null : (takeKept(at) ?? (at.pending === null ? null : takePending(at)));
    if (error !== null) {
      meet(at, error);
      return error;
    }
    if (fatal !== null) return fatal;
    if (at.isShielded) return null;
    isAhead ||= at.isAhead;
  }
  return null;
}

function takePending(scope: Scope): CancelledError | null {
  const { pending } = scope;
  scope.pending = null;
  return soft.size > 0 && soft.delete(scope) ? null : pending;
}

function takeKept(scope: Scope): CancelledError | null {
  const { kept } = scope;
  if (kept === null) return null;
  scope.kept = null;
  // It may have been taken back.
  return kept.origin.cancels > 0 ? kept.error : null;
}
