import { inspect } from 'node:util';
import { isThenable } from '../base/thenable.ts';
import { Future } from './future.ts';

/** What a task runs: an async function, one that gives a promise or a value, or a generator function that yields what it awaits. */
export type Coroutine<T> = () => Generator<unknown, T, never> | PromiseLike<T> | T;

/** What can be waited for: a coroutine, which is started; or what is under way: a task, a future, any promise. */
export type Awaitable<T> = Coroutine<T> | PromiseLike<T>;

/** What an awaitable gives. */
export type ResultOf<A> = A extends () => infer R
  ? R extends Generator<unknown, infer T, never>
    ? T
    : Awaited<R>
  : A extends PromiseLike<infer T>
    ? T
    : never;

export function isGenerator(value: unknown): value is Generator<unknown, unknown, unknown> {
  return Object.prototype.toString.call(value) === '[object Generator]';
}

/** Runs a generator as a coroutine: what it yields is awaited, and comes back from the `yield`. */
export function drive(
  generator: Generator<unknown, unknown, unknown>,
  done: (value: unknown) => void,
  failed: (error: unknown) => void,
): void {
  const next = (value: unknown): void => step(() => generator.next(value));
  const raise = (error: unknown): void => step(() => generator.throw(error));
  function step(resume: () => IteratorResult<unknown, unknown>): void {
    let result: IteratorResult<unknown, unknown>;
    try {
      result = resume();
    } catch (error) {
      return failed(error);
    }
    if (result.done) return done(result.value);
    // By a promise in between, so that it runs on in the context of its task, whoever settles what it awaits.
    // oxlint-disable-next-line promise/no-callback-in-promise
    Promise.resolve(result.value).then(next, raise);
  }
  next(undefined);
}

/** Refuses what is no coroutine, and says what to do instead. */
export function mustBeCoroutine(fn: unknown, who: string): asserts fn is Coroutine<unknown> {
  mustBeFunction(fn, who);
}

/** The same for functions that are given something; `written` shows the whole call. */
export function mustBeFunction(fn: unknown, who: string, written?: string): void {
  if (typeof fn !== 'function') refuseFunction(fn, who, written ?? `${who}(() => …)`);
}

function refuseFunction(fn: unknown, who: string, written: string): never {
  if (isThenable(fn))
    throw new TypeError(
      `${who} takes a function: got a promise, which runs already and can't be cancelled. Write ${written}, or until(promise) to await it`,
    );
  throw new TypeError(`${who} takes a function: got ${inspect(fn, { depth: 0 })}. Write ${written}`);
}

/** Calls the body of a scope: what it gives, or a promise of what its generator returns. */
export function invoke<A, T>(fn: (a: A) => Generator<unknown, T, never> | PromiseLike<T> | T, a: A): PromiseLike<T> | T {
  return outcome(fn(a));
}

export function outcome<T>(result: Generator<unknown, T, never> | PromiseLike<T> | T): PromiseLike<T> | T {
  // Asked for here, in the scope, so that what cancels the scope cancels the future.
  if (result instanceof Future) return result.toPromise() as Promise<T>;
  if (isThenable(result) || !isGenerator(result)) return result as PromiseLike<T> | T;
  return new Promise<T>((done, failed) => drive(result, done as (value: unknown) => void, failed));
}
