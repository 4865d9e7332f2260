import { StateError, type CancelledError } from '../base/errors.ts';
import { currentScope } from './current.ts';
import { isThenable } from '../base/thenable.ts';
import { Future } from './future.ts';
import { cutOff, fail, giveUp, park, refusal, type Source, wake, type Waiter } from './waiter.ts';

/** Those who wait for one foreign promise. The promise keeps this one subscription, however many come and go: nothing piles up on it. */
class Subscription implements Source {
  readonly what = 'a foreign promise';
  /** Mostly there is one only. */
  #waiters: Waiter | Set<Waiter> | null = null;

  add(waiter: Waiter): void {
    const waiters = this.#waiters;
    if (waiters === null) this.#waiters = waiter;
    else if (waiters instanceof Set) waiters.add(waiter);
    else this.#waiters = new Set([waiters, waiter]);
  }

  interrupt(waiter: Waiter, error: CancelledError): void {
    if (this.#waiters === waiter) this.#waiters = null;
    else if (this.#waiters instanceof Set) this.#waiters.delete(waiter);
    giveUp(waiter, error);
  }

  end(tell: (waiter: Waiter, outcome: unknown) => void, outcome: unknown): void {
    const waiters = this.#waiters;
    this.#waiters = null;
    if (waiters instanceof Set) for (const waiter of waiters) tell(waiter, outcome);
    else if (waiters !== null) tell(waiters, outcome);
  }
}

const subscriptions = new WeakMap<PromiseLike<unknown>, Subscription>();

function subscriptionTo(promise: PromiseLike<unknown>): Subscription {
  let subscription = subscriptions.get(promise);
  if (subscription !== undefined) return subscription;
  const made = (subscription = new Subscription());
  subscriptions.set(promise, made);
  promise.then(
    (value) => {
      subscriptions.delete(promise);
      made.end(wake, value);
    },
    (error: unknown) => {
      subscriptions.delete(promise);
      made.end(fail, error);
    },
  );
  return made;
}

/**
 * Makes a foreign promise a place where the task can be cancelled: `await until(promise)`. The promise itself goes on. Used
 * again and again on a promise that lives long, it retains nothing.
 */
export function until<T>(promise: PromiseLike<T>): Promise<T> {
  if (!isThenable(promise))
    throw new TypeError(`until takes a promise: got ${typeof promise}${typeof promise === 'function' ? '. Call it: until(fn())' : ''}`);
  if (promise instanceof Future) return promise.toPromise() as Promise<T>;
  const scope = currentScope();
  const error = refusal(scope);
  if (error !== null) {
    promise.then(undefined, () => {});
    return cutOff(error);
  }
  if (scope === undefined) return promise as Promise<T>;
  const subscription = subscriptionTo(promise);
  const waiter = park(subscription, scope);
  subscription.add(waiter);
  return waiter.promise as Promise<T>;
}

/**
 * A signal that is aborted when the running task, or the scope in it, is cancelled: for `fetch` and others that take one. After the
 * cancellation has come, the next call gives a fresh one, so that a clean-up can use them too. `StateError` outside of a task.
 */
export function currentSignal(): AbortSignal {
  const scope = currentScope();
  if (scope === undefined)
    throw new StateError(
      'ERR_NO_TASK',
      'currentSignal: no task runs here, whose cancellation it could tell. Call it in run() or createTask()',
    );
  const error = refusal(scope);
  if (error !== null) return AbortSignal.abort(error);
  return (scope.controller ??= new AbortController()).signal;
}
