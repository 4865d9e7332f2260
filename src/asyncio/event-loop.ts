import { types } from 'node:util';
import type { Wait } from '../base/deadline.ts';
import { StateError } from '../base/errors.ts';
import { isThenable } from '../base/thenable.ts';
import type { Executor, Submitter } from '../futures/executor.ts';
import { SIG_DFL, signal } from '../signal/signal.ts';
import { type Signal, type SignalName, signalName } from '../signal/names.ts';
import { currentScope } from './current.ts';
import { isDebugging, setDebug, slow } from './debug.ts';
import type { Coroutine } from './coroutine.ts';
import { Future } from './future.ts';
import { Handle, TimerHandle } from './handle.ts';
import { restoreInterrupt } from './interrupt.ts';
import { mustBeDelay, mustBeTime } from './sleep.ts';
import { shareLoop, type Threadsafe } from './threadsafe.ts';
import { type Handle as SharedHandle, handle, type Shareable } from '../word/shareable.ts';
import { runInExecutor, setDefaultExecutor, shutdownDefaultExecutor } from './offload.ts';
import { type ErrorContext, type ExceptionHandler, getExceptionHandler, report, reportByDefault, setExceptionHandler } from './report.ts';
import { createTask, type Task, type TaskOptions } from './task.ts';
import { ensureFuture } from './ensure-future.ts';
import type { Awaitable } from './coroutine.ts';

type Callback<A extends readonly unknown[]> = (...args: A) => unknown;

/** Calls that come soon: all that there are at the beginning of a turn, in their order. */
let ready: Handle[] = [];

function turn(): void {
  const now = ready;
  ready = [];
  for (const handle of now) handle.run();
}

function soon(handle: Handle): Handle {
  if (ready.push(handle) === 1) setImmediate(turn);
  return handle;
}

/**
 * Node's event loop under the names of Python's: `getRunningLoop()`. There is one in each thread, and it runs by itself.
 */
export class EventLoop implements Threadsafe, Shareable {
  /** Milliseconds on the clock of `performance.now()`. */
  time(): number {
    return performance.now();
  }

  /** Calls `callback(...args)` in the next turn, in the asynchronous context of now. What it throws goes to the exception handler. */
  callSoon<A extends readonly unknown[]>(callback: Callback<A>, ...args: A): Handle {
    mustBeCallback(callback, 'callSoon');
    return soon(new Handle(callback, args));
  }

  /** Calls it after so many milliseconds; at once, which is the next turn, when they are negative. */
  callLater<A extends readonly unknown[]>(ms: number, callback: Callback<A>, ...args: A): TimerHandle {
    mustBeCallback(callback, 'callLater');
    if (typeof ms !== 'number' || Number.isNaN(ms)) throw new TypeError(`callLater takes a number of milliseconds: got ${String(ms)}`);
    return this.callAt(performance.now() + Math.max(0, ms), callback, ...args);
  }

  /** Calls it at a time of `loop.time()`. Those of one time are called in the order of these calls. */
  callAt<A extends readonly unknown[]>(when: number, callback: Callback<A>, ...args: A): TimerHandle {
    mustBeCallback(callback, 'callAt');
    mustBeTime(when, 'the time of callAt');
    return new TimerHandle(when, callback, args);
  }

  /**
   * The same from any thread: the loop may be sent to others, as an argument or captured, and is woken. From another thread function and
   * arguments are copied, and called while a `run` of the loop's thread goes on.
   */
  callSoonThreadsafe<A extends readonly unknown[]>(callback: Callback<A>, ...args: A): Handle {
    return this.callSoon(callback, ...args);
  }

  [handle](): SharedHandle {
    return shareLoop(this, (callback, args) => void soon(new Handle(callback, args)));
  }

  /** A future that somebody will end by `setResult` or `setException`. */
  createFuture<T = unknown>(): Future<T> {
    return new Future<T>();
  }
  /** Starts a function as a task, as `createTask` of this module does. */
  createTask<T>(fn: Coroutine<T>, options?: TaskOptions): Task<T> {
    return createTask(fn, options);
  }

  /** Waits for one thing: a function is run as a task. Unlike Python's, it gives a promise, for the loop runs by itself. */
  async runUntilComplete<T>(awaitable: Awaitable<T>): Promise<T> {
    return await ensureFuture(awaitable);
  }

  /** Runs a function in an executor, or in the default one, a pool of threads, when that is `null`. */
  runInExecutor<A extends readonly unknown[], R>(executor: Submitter | null, fn: (...args: A) => R, ...args: A): Future<Awaited<R>> {
    return runInExecutor(executor, fn, ...args);
  }
  /** Sets where `toThread` and `runInExecutor(null, …)` run their functions from now on. The caller shuts down the one before. */
  setDefaultExecutor(executor: Executor): void {
    setDefaultExecutor(executor);
  }
  /**
   * Ends the default executor when everything in it has run; the next use makes another one. When time is up first it comes back with a
   * warning (`process.on('warning')`), and what runs goes on.
   */
  shutdownDefaultExecutor(wait?: Pick<Wait, 'timeout'>): Promise<void> {
    return shutdownDefaultExecutor(wait);
  }

  /** Calls `callback(...args)` when the signal comes. Main thread only. An async function is refused: nobody would see how it ends. */
  addSignalHandler<A extends readonly unknown[]>(name: Signal, callback: Callback<A>, ...args: A): void {
    mustBeCallback(callback, 'addSignalHandler');
    if (types.isAsyncFunction(callback) || types.isGeneratorFunction(callback))
      throw new TypeError('addSignalHandler takes a plain function: got a coroutine. Start it as a task: () => void createTask(fn)');
    signal(name, () => void this.callSoon(callback, ...args));
    handled.add(signalName(name));
  }
  /** Takes the handler away; false when there is none. A Ctrl-C then ends the program again, or the `run` that goes on. */
  removeSignalHandler(name: Signal): boolean {
    if (!handled.delete(signalName(name))) return false;
    signal(name, SIG_DFL);
    if (signalName(name) === 'SIGINT') restoreInterrupt();
    return true;
  }

  /** Debug mode: waits keep their stacks, what is slow or never awaited is told. Costs microseconds a wait. */
  get debug(): boolean {
    return isDebugging();
  }
  set debug(on: boolean) {
    setDebug(on);
  }
  /** From how many milliseconds on debug mode calls a callback, or a step of a task, slow. 100 at first. */
  get slowCallbackDuration(): number {
    return slow.step;
  }
  set slowCallbackDuration(ms: number) {
    mustBeDelay(ms, 'slowCallbackDuration');
    slow.step = ms;
  }

  /** Is told about errors that nobody else would see; `null` for the default, which writes them to stderr. */
  get exceptionHandler(): ExceptionHandler | null {
    return getExceptionHandler();
  }
  set exceptionHandler(handler: ExceptionHandler | null) {
    setExceptionHandler(handler);
  }
  /**
   * Tells the exception handler, as the loop does when something fails that nobody awaits. An error of the handler itself goes to stderr.
   */
  callExceptionHandler(context: ErrorContext): void {
    report(context);
  }
  /** Writes to stderr what happened: what is done when no handler was set. For handlers that leave the rest to it. */
  defaultExceptionHandler(context: ErrorContext): void {
    reportByDefault(context);
  }
}

const handled = new Set<SignalName>();
const loop = new EventLoop();

function mustBeCallback(callback: unknown, who: string): void {
  if (typeof callback === 'function') return;
  if (isThenable(callback))
    throw new TypeError(`${who} takes a function to call: got a promise, which runs already. Write createTask(fn) to run a coroutine`);
  throw new TypeError(`${who} takes a function to call: got ${typeof callback}`);
}

/** The loop that the code of a task runs on. `StateError` outside of tasks. */
export function getRunningLoop(): EventLoop {
  if (currentScope() === undefined)
    throw new StateError('ERR_NO_TASK', 'getRunningLoop: no task runs here. Call it in run() or createTask(), or use getEventLoop()');
  return loop;
}

/** The loop of this thread, also outside of tasks. */
export function getEventLoop(): EventLoop {
  return loop;
}
