import { inspect } from 'node:util';
import { checkOptions } from '../base/check-options.ts';
import type { Wait } from '../base/deadline.ts';
import { within } from '../base/within.ts';
import type { Executor, Submitter } from '../futures/executor.ts';
import { ThreadPoolExecutor } from '../futures/thread-pool.ts';
import { SendError } from '../message/index.ts';
import { encode } from '../message/index.ts';
import { findContext, inheritContext } from './context.ts';
import { mustBeFunction } from './coroutine.ts';
import type { Future } from './future.ts';
import { wrapFuture } from './wrap-future.ts';

let defaultExecutor: Executor | null = null;

/** Where `toThread`, and `runInExecutor` without an executor, run: a pool of threads that is made at the first use. */
export function theDefaultExecutor(): Executor {
  return (defaultExecutor ??= new ThreadPoolExecutor({ threadNamePrefix: 'asyncio' }));
}

export function setDefaultExecutor(executor: Executor): void {
  defaultExecutor = executor;
}

/** Ends it when everything in it has run; the next use makes another one. What has not ended in time goes on, and a warning tells so. */
export async function shutdownDefaultExecutor(wait: Pick<Wait, 'timeout'> = {}): Promise<void> {
  checkOptions(wait, 'shutdownDefaultExecutor', '{ timeout: 300 }');
  const executor = defaultExecutor;
  defaultExecutor = null;
  if (executor === null) return;
  const { inTime } = await within(executor.shutdown(), wait);
  if (!inTime) process.emitWarning(`the default executor did not end within ${wait.timeout} ms: what runs in it goes on`, 'AsyncioWarning');
}

/** Runs a function in an executor; the default one when it is `null`. Cancelling the future takes back what has not begun. */
export function runInExecutor<A extends readonly unknown[], R>(
  executor: Submitter | null,
  fn: (...args: A) => R,
  ...args: A
): Future<Awaited<R>> {
  if (typeof executor === 'function')
    throw new TypeError('runInExecutor takes an executor before the function; null is the default one: runInExecutor(null, fn, …)');
  mustBeFunction(fn, 'runInExecutor', 'runInExecutor(executor, () => …)');
  if (executor !== null && typeof (executor as Submitter | undefined)?.submit !== 'function')
    throw new TypeError(`runInExecutor takes an executor, or null for the default one: got ${inspect(executor, { depth: 0 })}`);
  return wrapFuture((executor ?? theDefaultExecutor()).submit(fn, ...args) as never) as Future<Awaited<R>>;
}

/**
 * Runs a function in another thread: Python's `asyncio.to_thread`. Function and arguments are copied, as for a `Thread`. The function
 * sees the values of the context variables, as far as they can be sent, by the variables' names.
 */
export function toThread<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
  mustBeFunction(fn, 'toThread');
  const values = valuesToSend();
  if (values.length === 0) return runInExecutor(null, fn, ...args);
  return runInExecutor(null, runWithValues<A, R>, values, fn, args) as Future<Awaited<R>>;
}

type Values = readonly (readonly [name: string, value: unknown])[];

function valuesToSend(): Values {
  const context = findContext();
  if (context === null) return [];
  return [...context].map(([variable, value]) => [variable.name, value] as const).filter(([, value]) => canBeSent(value));
}

function canBeSent(value: unknown): boolean {
  try {
    encode(value);
    return true;
  } catch (error) {
    if (error instanceof SendError) return false;
    throw error;
  }
}

/** In the other thread. */
export function runWithValues<A extends readonly unknown[], R>(values: Values, fn: (...args: A) => R, args: A): R {
  return inheritContext(values).run(fn, ...args);
}
