import { inspect } from 'node:util';
import { ambient, outsideScopes, type Scope } from '../base/ambient.ts';
import { checkOptions } from '../base/check-options.ts';
import { type Deadline, deadlineAfter, NEVER, remaining, type Wait } from '../base/deadline.ts';
import { CancelledError, InvalidStateError, StateError, TimeoutError } from '../base/errors.ts';
import { within } from '../base/within.ts';
import { writeAll } from '../host/thread/output.ts';
import { block, suspend } from '../sync/waiting.ts';
import { sharedHeap } from '../word/heap.ts';
import { faceOf, type Handle, handle, own, registerKind, type Shareable } from '../word/shareable.ts';
import { callSite, type CallSite, goOnAt } from './call-site.ts';
import {
  CANCELLED,
  FAILED,
  type FutureState,
  moveRecord,
  newFutureRecord,
  NOTIFIED,
  PENDING,
  recordSettled,
  RUNNING,
  settleRecord,
  stateOfRecord,
  SUCCEEDED,
  valueOfRecord,
} from './future-record.ts';

/** How far `Future.cancel` goes. */
export interface CancelOptions {
  /** Also breaks off work that has begun. */
  readonly running?: boolean | undefined;
}

/** Who does the work behind a future, as far as the future has to ask. */
export interface Source {
  /** Whether the work has begun. */
  isRunning(future: AnyFuture): boolean;
  /** Takes the work back. True when it will not run, or is being broken off: the future is then cancelled by its caller. */
  cancel(future: AnyFuture, running: boolean): boolean;
  /** Blocks until the future is done, or until the deadline. */
  waitSync(future: AnyFuture, deadline: Deadline): void;
  /** Other threads now have this future too, as this record. */
  share?(future: AnyFuture, record: number): void;
}

export type AnyFuture = Future;
/** Called with the future when it is done. */
export type DoneCallback<T> = (future: Future<T>) => void;

/** A callback of our own: it does not throw, and is told with no questions asked. */
abstract class Watcher {
  abstract call(future: AnyFuture): void;
}

class Teller extends Watcher {
  readonly tell: (future: AnyFuture) => void;
  constructor(tell: (future: AnyFuture) => void) {
    super();
    this.tell = tell;
  }
  call(future: AnyFuture): void {
    this.tell(future);
  }
}

/** Settles a promise. There is one for each future that is awaited: it holds what it needs, and no more. */
class Settler<T> extends Watcher {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  constructor(resolve: (value: T) => void, reject: (error: unknown) => void) {
    super();
    this.resolve = resolve;
    this.reject = reject;
  }
  call(future: AnyFuture): void {
    const state = peek(future);
    if (state === SUCCEEDED) this.resolve(valueOf(future) as T);
    else this.reject(state === FAILED ? valueOf(future) : cancelled());
  }
}
type Callback = DoneCallback<never> | Watcher;

/*
 * What only this package does with a future: filled in by the class, which alone sees its fields.
 */
/** The state, as far as this thread can know it. */
let look: (future: AnyFuture) => FutureState;
/** The state as this thread knows it. */
export let peek: (future: AnyFuture) => FutureState;
let begun: (future: AnyFuture) => void;
export let newFuture: <T>(source: Source | null, ticket: number) => Future<T>;
export let ticketOf: (future: AnyFuture) => number;
export let setTicket: (future: AnyFuture, ticket: number) => void;
let valueOf: (future: AnyFuture) => unknown;
/** The record under which other threads know it; 0 when none does. */
export let recordOf: (future: AnyFuture) => number;
/** Ends a future, and calls who wants to know. False when it has ended before. */
export let settleFuture: (future: AnyFuture, state: FutureState, value: unknown) => boolean;
/** Notes where the work was handed over, by calling `called`: an error of it will say so. */
export let noteSite: (future: AnyFuture, called: (...args: never[]) => unknown) => void;
let addCallback: (future: AnyFuture, callback: Callback) => void;
let removeCallback: (future: AnyFuture, callback: Callback) => void;
let waitSync: (future: AnyFuture, deadline: Deadline) => void;
let share: (future: AnyFuture) => void;
let set: (future: AnyFuture, state: 4 | 5, value: unknown) => void;

const ADOPT: unique symbol = Symbol('adopt');
interface Adoption {
  readonly [ADOPT]: number;
}

/**
 * The result of work that goes on elsewhere: Python's `concurrent.futures.Future`, which can be awaited.
 *
 * No promise is made unless somebody awaits. A future may be sent to other threads and arrives as the same future: any thread may
 * wait for it, cancel it, or set it. What waits has a blocking twin; in the main thread that stops the event loop, and the work goes on.
 */
export class Future<T = unknown> implements PromiseLike<T>, Shareable {
  private state: FutureState = PENDING;
  private value: unknown = undefined;
  private source: Source | null = null;
  private callbacks: Callback | Callback[] | null = null;
  private record = 0;
  /** The number of the work, for its source. */
  private ticket = -1;
  private site: CallSite | null = null;

  constructor(adoption?: Adoption) {
    if (adoption === undefined) return;
    this.record = adoption[ADOPT];
    this.source = otherThreads;
    own('future', this, this.record);
  }

  /** Takes the work back before it has begun; with `running`, also breaks it off. False when it is done, or runs on. Any thread may call it. */
  cancel({ running = false }: CancelOptions = {}): boolean {
    const state = look(this);
    if (state === CANCELLED || state === NOTIFIED) return true;
    if (state >= CANCELLED) return false;
    if (this.source !== null ? !this.source.cancel(this, running) : state === RUNNING) return false;
    return settleFuture(this, CANCELLED, undefined) || this.cancelled;
  }

  /** Whether it was cancelled: awaiting it gives `CancelledError`. Never blocks; any thread may ask. */
  get cancelled(): boolean {
    const state = look(this);
    return state === CANCELLED || state === NOTIFIED;
  }

  /** Whether the work is being done at this moment. */
  get running(): boolean {
    const state = look(this);
    return state === RUNNING || (state === PENDING && this.source !== null && this.source.isRunning(this));
  }

  /** Whether it has a result or an error, or was cancelled. */
  get done(): boolean {
    return look(this) >= CANCELLED;
  }

  /**
   * Waits for the result. Rejects with the work's error, with `CancelledError`, with `TimeoutError` when time was up (the work goes
   * on), or with the signal's reason.
   */
  async result(wait: Wait = {}): Promise<T> {
    checkOptions(wait, 'result()', '{ timeout: 1000 }');
    await doneWithin(this, wait);
    return outcome(this);
  }

  /**
   * The blocking twin of `result`. `StateError` when no other thread could ever set this future, and `ERR_MUST_AWAIT` when the result is there and has
   * to be awaited, for the sake of a module.
   */
  resultSync(wait: Wait = {}): T {
    checkOptions(wait, 'resultSync()', '{ timeout: 1000 }');
    const { timeout, signal } = wait;
    signal?.throwIfAborted();
    waitSync(this, deadlineAfter(timeout));
    return outcome(this);
  }

  /** Waits for the end, and gives the work's error, or `null`. Rejects with `CancelledError`, `TimeoutError`, or the signal's reason. */
  async exception(wait: Wait = {}): Promise<unknown> {
    checkOptions(wait, 'exception()', '{ timeout: 1000 }');
    await doneWithin(this, wait);
    return errorOf(this);
  }

  /** The blocking twin of `exception`. */
  exceptionSync(wait: Wait = {}): unknown {
    checkOptions(wait, 'exceptionSync()', '{ timeout: 1000 }');
    const { timeout, signal } = wait;
    signal?.throwIfAborted();
    waitSync(this, deadlineAfter(timeout));
    return errorOf(this);
  }

  /**
   * Has `callback` called once, with the future, when it is done; at once if it is. It runs in this thread, also in the midst of a wait that blocks
   * it. What it throws is reported on stderr and goes no further.
   */
  addDoneCallback(callback: DoneCallback<T>): void {
    if (this.done) call(this, callback as DoneCallback<never>);
    else addCallback(this, callback as DoneCallback<never>);
  }

  /** For executors: says that the work begins. False when it was cancelled, and must not begin. */
  setRunningOrNotifyCancel(): boolean {
    const state = look(this);
    if (state === CANCELLED || state === PENDING) {
      const to = state === PENDING ? RUNNING : NOTIFIED;
      if (this.record === 0 || moveRecord(this.record, state, to) === state) {
        this.state = to;
        return state === PENDING;
      }
      return this.setRunningOrNotifyCancel();
    }
    throw new InvalidStateError(`cannot begin the work of a future that is ${stateName(state)}`);
  }

  /** For executors and tests: ends it with a result. `InvalidStateError` when it is done. */
  setResult(value: T): void {
    set(this, SUCCEEDED, value);
  }

  /** For executors and tests: ends it with an error. `InvalidStateError` when it is done. */
  setException(error: unknown): void {
    set(this, FAILED, error);
  }

  /** What `await` calls. */
  then<A = T, B = never>(
    onResult?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return promiseOf(this).then(onResult, onError);
  }

  /** As a promise's: for an error of the work, and for `CancelledError`. */
  catch<B = never>(onError?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return promiseOf(this).catch(onError);
  }

  /** As a promise's: runs when the future has a result or an error, or was cancelled. */
  finally(onEnd?: (() => void) | null): Promise<T> {
    return promiseOf(this).finally(onEnd);
  }

  [handle](): Handle {
    if (this.record === 0) share(this);
    return { kind: 'future', offset: this.record };
  }

  get [Symbol.toStringTag](): string {
    return 'Future';
  }

  [inspect.custom](): string {
    const state = look(this);
    const detail = state === SUCCEEDED || state === FAILED ? ` ${inspect(this.value, { depth: 1 })}` : '';
    return `<Future ${state === PENDING && this.running ? 'running' : stateName(state)}${detail}>`;
  }

  static {
    look = (future) => {
      if (future.source === otherThreads && future.state < CANCELLED) readRecord(future);
      return future.state;
    };
    peek = (future) => future.state;
    begun = (future) => void (future.state = RUNNING);
    newFuture = <T>(source: Source | null, ticket: number) => {
      const future = new Future<T>();
      future.source = source;
      future.ticket = ticket;
      return future;
    };
    ticketOf = (future) => future.ticket;
    setTicket = (future, ticket) => void (future.ticket = ticket);
    valueOf = (future) => future.value;
    recordOf = (future) => future.record;
    settleFuture = (future, state, value) => {
      if (future.state >= CANCELLED) return false;
      if (future.site !== null) {
        if (state === FAILED) goOnAt(value, future.site);
        future.site = null;
      }
      future.state = state;
      future.value = value;
      if (future.record !== 0 && future.source !== otherThreads) publish(future);
      const { callbacks } = future;
      if (callbacks === null) return true;
      future.callbacks = null;
      if (untold !== null) untold.push([future, callbacks]);
      else if (!Array.isArray(callbacks)) call(future, callbacks);
      else for (const callback of callbacks) call(future, callback);
      return true;
    };
    noteSite = (future, called) => {
      if (future.state < CANCELLED) future.site = callSite(called);
      // It was over before the call returned.
      else if (future.state === FAILED) goOnAt(future.value, callSite(called));
    };
    addCallback = (future, callback) => {
      const { callbacks } = future;
      if (callbacks === null) {
        future.callbacks = callback;
        if (future.source === otherThreads) void watchRecord(future);
      } else if (Array.isArray(callbacks)) callbacks.push(callback);
      else future.callbacks = [callbacks, callback];
    };
    removeCallback = (future, callback) => {
      const { callbacks } = future;
      if (callbacks === callback) future.callbacks = null;
      else if (Array.isArray(callbacks)) future.callbacks = callbacks.filter((one) => one !== callback);
    };
    waitSync = (future, deadline) => {
      if (look(future) >= CANCELLED) return;
      if (future.source === null) throw neverSet();
      future.source.waitSync(future, deadline);
      if (look(future) < CANCELLED) throw new TimeoutError('the result did not come in time; the work goes on');
    };
    share = (future) => {
      const record = newFutureRecord(future.state < CANCELLED ? future.state : PENDING);
      future.record = record;
      own('future', future, record);
      if (future.state >= CANCELLED) publish(future);
      else if (future.source === null) {
        // From now on the record is what counts, here as well.
        future.source = otherThreads;
        if (future.callbacks !== null) void watchRecord(future);
      } else future.source.share?.(future, record);
    };
    set = (future, state, value) => {
      look(future);
      if (future.state < CANCELLED && future.record !== 0 && !settleRecord(future.record, state, value)) readRecord(future);
      else if (settleFuture(future, state, value)) return;
      throw new InvalidStateError(
        `cannot set the ${state === SUCCEEDED ? 'result' : 'error'} of a future that is ${stateName(future.state)}`,
      );
    };
  }
}

/** What is to be called when all futures that end together have ended. */
type Untold = (readonly [future: AnyFuture, callbacks: Callback | Callback[]])[];
let untold: Untold | null = null;

/** Ends futures, and calls who wants to know when all have ended: who is told of one may wait for the others at once, by blocking. */
export function together(end: () => void): void {
  if (untold !== null) return end();
  const all: Untold = [];
  untold = all;
  try {
    end();
  } finally {
    untold = null;
    for (const [future, callbacks] of all) for (const one of Array.isArray(callbacks) ? callbacks : [callbacks]) call(future, one);
  }
}

/** Calls `tell` when the future is done, at once if it is. Returns the way to take that back. */
export function whenDone(future: AnyFuture, tell: (future: AnyFuture) => void): () => void {
  if (future.done) {
    tell(future);
    return () => {};
  }
  const watcher = new Teller(tell);
  addCallback(future, watcher);
  return () => removeCallback(future, watcher);
}

async function doneWithin(future: AnyFuture, wait: Wait): Promise<void> {
  const deadline = deadlineAfter(wait.timeout);
  if (future.done) return;
  const waiting = new Promise<void>((resolve) => whenDone(future, () => resolve()));
  const end = await within(waiting, { ...wait, timeout: deadline === NEVER ? undefined : remaining(deadline) });
  if (!end.inTime && !future.done) throw new TimeoutError(`the result did not come within ${wait.timeout} ms; the work goes on`);
}

function call(future: AnyFuture, callback: Callback): void {
  if (callback instanceof Watcher) return callback.call(future);
  try {
    callback(future as never);
  } catch (error) {
    writeAll(2, Buffer.from(`a done callback of ${inspect(future)} failed: ${inspect(error)}\n`));
  }
}

export function outcome<T>(future: Future<T>): T {
  const state = peek(future);
  if (state === SUCCEEDED) return valueOf(future) as T;
  if (state === FAILED) throw valueOf(future);
  throw cancelled();
}

/** The error of a future that is done; `null` when it has none. */
function errorOf(future: AnyFuture): unknown {
  const state = peek(future);
  if (state === FAILED) return valueOf(future);
  if (state === SUCCEEDED) return null;
  throw cancelled();
}

function cancelled(): CancelledError {
  return new CancelledError('the work was cancelled');
}

function promiseOf<T>(future: Future<T>): Promise<T> {
  const scope = ambient.scope?.() ?? null;
  if (scope !== null && !future.done) return promiseInScope(future, scope);
  return new Promise((resolve, reject) => {
    const settler = new Settler<T>(resolve, reject);
    if (future.done) settler.call(future);
    else addCallback(future, settler);
  });
}

/** In a task of asyncio: cancelling the task takes the work back, and who waits waits no longer in any case. */
function promiseInScope<T>(future: Future<T>, scope: Scope): Promise<T> {
  return new Promise((resolve, reject) => {
    try {
      scope.checkpoint();
    } catch (error) {
      future.cancel();
      throw error;
    }
    const forget = whenDone(future, () => {
      unsubscribe();
      const state = peek(future);
      if (state === SUCCEEDED) resolve(valueOf(future) as T);
      else reject(state === FAILED ? (valueOf(future) as Error) : cancelled());
    });
    const unsubscribe = scope.subscribe((reason) => {
      forget();
      future.cancel();
      reject(reason as Error);
    });
  });
}

const NAMES = ['pending', 'running', 'cancelled', 'cancelled', 'finished', 'failed'];
const stateName = (state: FutureState): string => NAMES[state]!;

function neverSet(): StateError {
  return new StateError(
    'ERR_FUTURE_DEADLOCK',
    'cannot wait for this future by blocking: only this thread could set it. Await it, or hand it to another thread',
  );
}

function awaitsHere(): StateError {
  return new StateError(
    'ERR_FUTURE_DEADLOCK',
    'cannot wait for this future by blocking: its task awaits something in this very thread, and goes on when the thread is free. Await it',
  );
}

/**
 * What a thread of a pool does while one of its tasks waits for another task: it runs others, so that tasks may wait for tasks of their own pool.
 * `null` in every other thread.
 */
export const helper: {
  current: {
    /** Runs a task of the pool; false when there is none. */
    help(): boolean;
    /** A task awaits a future, or does so no more: meanwhile others may run. */
    awaits(change: 1 | -1): void;
    /** Whether this thread has begun the task of a record, and not ended it: it goes on when this thread's call is over, and not before. */
    hasInHand(record: number): boolean;
  } | null;
} = { current: null };

/** This thread's face of a record. */
export function adoptFuture(record: number): Future {
  return faceOf('future', record, undefined) as Future;
}

const HELP_MS = 2;

/** Blocks in a thread of a pool: between looks at the future, it runs other tasks. */
function helpUntil(future: AnyFuture, deadline: Deadline): void {
  const record = recordOf(future);
  while (stateOfRecord(record) < CANCELLED && remaining(deadline) > 0) {
    if (deadline === NEVER && helper.current?.hasInHand(record) === true) throw awaitsHere();
    if (helper.current?.help() === true) continue;
    sharedHeap()
      .word(record)
      .sleep(sharedHeap().i32[record / 4]!, Math.min(deadline, performance.now() + HELP_MS));
  }
}

/** The work is done in another thread, or by whoever sets the future there. */
const otherThreads: Source = {
  isRunning: () => false,
  cancel: (future) => {
    const record = recordOf(future);
    const before = moveRecord(record, PENDING, CANCELLED);
    return before === PENDING || before === CANCELLED || before === NOTIFIED;
  },
  waitSync: (future, deadline) => {
    if (helper.current === null) block(recordSettled(recordOf(future)), deadline);
    else helpUntil(future, deadline);
  },
};

/** Takes over what the record says. */
function readRecord(future: AnyFuture): void {
  const record = recordOf(future);
  const state = stateOfRecord(record);
  if (state >= CANCELLED) settleFuture(future, state, state >= SUCCEEDED ? valueOfRecord(record) : undefined);
  else if (state === RUNNING && peek(future) === PENDING) begun(future);
}

async function watchRecord(future: AnyFuture): Promise<void> {
  helper.current?.awaits(1);
  try {
    await outsideScopes(() => suspend(recordSettled(recordOf(future))));
  } finally {
    helper.current?.awaits(-1);
  }
  look(future);
}

/** Tells the other threads how it ended. */
function publish(future: AnyFuture): void {
  const record = recordOf(future);
  const state = peek(future);
  if (state === CANCELLED || state === NOTIFIED) {
    if (moveRecord(record, PENDING, CANCELLED) === RUNNING) moveRecord(record, RUNNING, CANCELLED);
    return;
  }
  try {
    settleRecord(record, state as 4 | 5, valueOf(future));
  } catch (error) {
    settleRecord(record, FAILED, error);
  }
}

registerKind('future', (offset) => new Future({ [ADOPT]: offset }), import.meta.url);
