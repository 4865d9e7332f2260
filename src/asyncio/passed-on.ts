import type { CancelledError } from '../base/errors.ts';
import type { Scope } from './scope.ts';
import type { Waiter } from './waiter.ts';

/** A cancellation of `origin`, which a waiter has passed on to the task that it waits for. */
export interface PassedOn {
  readonly error: CancelledError;
  readonly origin: Scope;
  readonly earlier: PassedOn | null;
}

export function passOn(waiter: Waiter, error: CancelledError, origin: Scope): void {
  waiter.value = { error, origin, earlier: passedOnBy(waiter) } satisfies PassedOn;
}

/** What it has passed on, the last first. */
export function passedOnBy(waiter: Waiter): PassedOn | null {
  return (waiter.value as PassedOn | undefined) ?? null;
}
