import { inspect } from 'node:util';
import { CancelledError, InvalidStateError, StateError } from '../base/errors.ts';
import { isError } from '../base/is-error.ts';
import { cancelledBy } from './cancelled.ts';
import { currentScope } from './current.ts';
import { monitor } from './debug-state.ts';
import { DoneCallback } from './done-callback.ts';
import { meet, outermostCancelled, type Scope, unmeet } from './scope.ts';
import { forgetFailure, rememberFailure } from './unretrieved.ts';
import { passedOnBy, passOn } from './passed-on.ts';
import { cutOff, enlist, fail, giveUp, refusal, type Source, wake, Waiter } from './waiter.ts';

export const PENDING = 0;
export const DONE = 1;
export const FAILED = 2;
export const CANCELLED = 3;
export type State = typeof PENDING | typeof DONE | typeof FAILED | typeof CANCELLED;
const STATES = ['pending', 'done', 'failed', 'cancelled'] as const;

/** What `Promise.catch` takes: a function that may say what it expects the error to be. */
type Rejected<B> = Parameters<typeof Promise.prototype.catch<B>>[0];

/** Somebody who is told, at once, when a future settles. */
export interface Observer {
  /** Says whether it has looked at the outcome: a failure that nobody looks at is reported. */
  settled(future: Future): boolean;
  /** Who waits through this: a scope, or a future that depends on this one. For the graph of awaits. */
  readonly waits: Scope | Future | null;
}

/**
 * A result that is not there yet: Python's `asyncio.Future`, on one thread.
 *
 * `await future` in a task is a cancellation point: cancelling the task cancels the future. It is a thenable and not a promise: a
 * promise that is resolved with it takes over its result. A failure that nobody ever looks at is reported when the future is collected,
 * or when the program ends.
 */
export class Future<T = unknown> implements PromiseLike<T>, Source {
  /** @internal */
  state: State = PENDING;
  /** @internal The value, or the error. */
  outcome: unknown = undefined;
  /** @internal */
  observers: Observer | Observer[] | null = null;

  /** Whether it has a result, an error, or was cancelled. */
  get done(): boolean {
    return this.state !== PENDING;
  }
  /** Whether it was cancelled: awaiting it gives `CancelledError`. */
  get cancelled(): boolean {
    return this.state === CANCELLED;
  }

  /** The value. Throws the error, `CancelledError`, or `InvalidStateError` while there is none of them. Never waits: `await future` does. */
  result(): T {
    const { state } = this;
    if (state === DONE) return this.outcome as T;
    if (state === PENDING) throw new InvalidStateError(`cannot read the result of ${this.what}: it is pending`);
    if (state === FAILED) forgetFailure(this);
    throw this.outcome;
  }

  /** The error; `null` when there is a value. Throws `CancelledError` when it was cancelled, `InvalidStateError` while it is pending. */
  exception(): unknown {
    const { state } = this;
    if (state === DONE) return null;
    if (state === PENDING) throw new InvalidStateError(`cannot read the exception of ${this.what}: it is pending`);
    if (state === CANCELLED) throw this.outcome;
    forgetFailure(this);
    return this.outcome;
  }

  /** Gives it its value. `InvalidStateError` when it is done already. */
  setResult(value: T): void {
    this.#mustBePending('setResult');
    this.settle(DONE, value);
  }

  /** Gives it its error, or an error of the class that is given. `InvalidStateError` when it is done already. */
  setException(error: Error | (new () => Error)): void {
    this.#mustBePending('setException');
    const instance: unknown = typeof error === 'function' ? new error() : error;
    if (!isError(instance)) throw new TypeError(`setException takes an Error or a class of errors: got ${inspect(error)}`);
    this.settle(FAILED, instance);
  }

  #mustBePending(method: string): void {
    if (this.state === PENDING) return;
    throw new InvalidStateError(`${method}: ${this.what} has an outcome already: it is ${STATES[this.state]}`);
  }

  /**
   * Cancels it: whoever awaits it gets a `CancelledError` with this message, cause, or the very error that is given. False when it is
   * done already.
   */
  cancel(reason?: unknown): boolean {
    if (this.state !== PENDING) return false;
    this.settle(CANCELLED, cancelledBy(reason));
    return true;
  }

  /** Calls `callback(future)` when it is done, soon and never at once, in the asynchronous context of this call. */
  addDoneCallback(callback: (future: this) => void): void {
    const bound = new DoneCallback(callback as (future: Future) => void);
    if (this.state === PENDING) this.observe(bound);
    else bound.settled(this);
  }

  /** Takes back every registration of this function; says how many there were. */
  removeDoneCallback(callback: (future: this) => void): number {
    const mine = observersOf(this).filter((observer) => observer instanceof DoneCallback && observer.callback === callback);
    for (const observer of mine) this.ignore(observer);
    return mine.length;
  }

  /**
   * What `await` calls. In a task the wait can be cancelled, and cancels what is awaited; `shield` prevents that. Of callbacks of your
   * own it makes a promise, as `Promise.then` does.
   */
  // oxlint-disable-next-line unicorn/no-thenable
  then<A = T, B = never>(onValue?: ((value: T) => A | PromiseLike<A>) | null, onError?: Rejected<B>): Promise<A | B> {
    const scope = currentScope();
    if (isNative(onValue)) {
      if (this.state === DONE && monitor.current === null && typeof onError === 'function') {
        const error = refusal(scope);
        if (error !== null) return cutOff(error).then(undefined, onError);
        (onValue as (value: T) => void)(this.outcome as T);
        // What V8's functions give is nothing; `await` does not look at it.
        return nothing as Promise<never>;
      }
      // It is `await`, or a promise that takes over.
      if (isNative(onError)) {
        join(this, new Waiter(this, null, onValue as never, onError as never), scope);
        return undefined as never;
      }
    }
    return promiseOf(this, scope).then(onValue, onError);
  }

  /** As a promise's: for its error, and for `CancelledError`. */
  catch<B = never>(onError?: Rejected<B>): Promise<T | B> {
    return promiseOf(this, currentScope()).catch(onError);
  }

  /** As a promise's: runs when it has a result or an error, or was cancelled. */
  finally(onDone?: (() => void) | null): Promise<T> {
    return promiseOf(this, currentScope()).finally(onDone);
  }

  /** A promise with its outcome. */
  toPromise(): Promise<T> {
    return promiseOf(this, currentScope());
  }

  /** `yield* future` in a generator coroutine: `await future`, with its type. */
  *[Symbol.iterator](): Generator<this, T, T> {
    return yield this;
  }

  /** @internal */
  settle(state: State, outcome: unknown): void {
    this.state = state;
    this.outcome = outcome;
    const { observers } = this;
    this.observers = null;
    let isSeen = false;
    if (Array.isArray(observers)) for (const observer of observers) isSeen = observer.settled(this) || isSeen;
    else if (observers !== null) isSeen = observers.settled(this);
    if (state === FAILED && !isSeen && !(outcome instanceof CancelledError)) rememberFailure(this);
  }

  /** @internal Grants a wait for it. */
  tell(waiter: Waiter): void {
    if (this.state === DONE) wake(waiter, this.outcome);
    else {
      // A gather that is cancelled may end by the failure of a child all the same.
      const passedOn = this.outcome instanceof CancelledError ? passedOnBy(waiter) : null;
      if (passedOn !== null) meet(waiter.scope, passedOn.error);
      fail(waiter, this.outcome);
    }
  }

  /** @internal */
  observe(observer: Observer): void {
    monitor.current?.observed(this, observer);
    const { observers } = this;
    if (observers === null) this.observers = observer;
    else if (Array.isArray(observers)) observers.push(observer);
    else this.observers = [observers, observer];
  }

  /** @internal */
  ignore(observer: Observer): void {
    const { observers } = this;
    if (observers === observer) this.observers = null;
    else if (Array.isArray(observers)) this.observers = observers.filter((other) => other !== observer);
  }

  /** @internal A cancellation of who awaits this: it cancels this, and who awaits is told how that ended. */
  interrupt(waiter: Waiter, error: CancelledError, origin: Scope): void {
    // A task may take its time to end, or even go on: the wait for it stays, and a further cancellation goes the same way.
    if (this.cancel(error)) {
      if (this.state === PENDING) passOn(waiter, error, origin);
      return;
    }
    this.ignore(waiter);
    giveUp(waiter, error);
  }

  /** @internal */
  get what(): string {
    return this.constructor === Future ? 'a future' : `a ${this.constructor.name}`;
  }

  [inspect.custom](_depth: number, options: object): string {
    const { state } = this;
    const outcome = state === DONE || state === FAILED ? ` ${inspect(this.outcome, { ...options, depth: 0 }).split('\n')[0]}` : '';
    return `<Future ${STATES[state]}${outcome}>`;
  }
}

/** Lets `waiter` wait for `future` in `scope`. */
function join(future: Future, waiter: Waiter, scope: Scope | undefined): void {
  if (scope !== undefined) {
    if (scope.task === future) {
      fail(waiter, new StateError('ERR_AWAITS_ITSELF', `${future.what} cannot await itself: it would never end`));
      return;
    }
    const error = refusal(scope);
    // As in Python, a cancellation that is due cancels what is awaited; a task that is awaited is waited for to its end.
    if (error !== null) {
      if (!future.cancel(error) || future.done) {
        giveUp(waiter, error);
        return;
      }
      passOn(waiter, error, outermostCancelled(scope));
      unmeet(scope);
    }
  }
  if (future.state !== PENDING) {
    monitor.current?.observed(future, waiter);
    if (future.state === FAILED) forgetFailure(future);
    future.tell(waiter);
    return;
  }
  if (scope !== undefined) enlist(scope, waiter);
  future.observe(waiter);
}

function promiseOf<T>(future: Future<T>, scope: Scope | undefined): Promise<T> {
  return new Promise<T>((resolve, reject) => join(future, new Waiter(future, null, resolve as never, reject), scope));
}

const nothing: Promise<unknown> = Promise.resolve();

/** What the functions that V8 makes for a promise look like: they have no name, and no text. Those that are bound have a name. */
const NATIVE = Function.prototype.toString.call(Function.prototype.call).replace('call', '');

function isNative(fn: unknown): boolean {
  return typeof fn === 'function' && fn.name === '' && Function.prototype.toString.call(fn) === NATIVE;
}

export function observersOf({ observers }: Future): readonly Observer[] {
  return observers === null ? [] : Array.isArray(observers) ? observers : [observers];
}
