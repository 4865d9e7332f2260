import { onAbort } from '../base/on-abort.ts';
import { inspect } from 'node:util';
import { type End, observer } from '../base/observer.ts';
import { isThenable } from '../base/thenable.ts';
import { CancelledError, StateError } from '../base/errors.ts';
import { cancelledBy, isAbort } from './cancelled.ts';
import { Context, findContext } from './context.ts';
import { type Coroutine, drive, isGenerator, mustBeCoroutine } from './coroutine.ts';
import { currentScope, enter } from './current.ts';
import { CANCELLED, DONE, FAILED, Future, type Observer, PENDING, type State } from './future.ts';
import { describeTasks, stackOf } from './describe.ts';
import { giveBack } from './give-back.ts';
import { monitor } from './debug-state.ts';
import { microtask } from './microtask.ts';
import { checkNames } from './other-names.ts';
import type { Runner } from './runner.ts';
import { cancelScope, deliver, keepAfterGrant, keepForNext, type Scope } from './scope.ts';
import { thisTurn } from './turn.ts';
import { giveUp, type Waiter } from './waiter.ts';

/** How a task is made. */
export interface TaskOptions {
  /** For messages and reports. `Task-1` and so on when left out. */
  readonly name?: string | undefined;
  /** On when left out: it runs up to its first await before `createTask` returns. Otherwise it begins after the code that runs now. */
  readonly eagerStart?: boolean | undefined;
  /** The context that it runs in, and writes to. A copy of the creator's when left out. */
  readonly context?: Context | undefined;
  /** Cancels it. */
  readonly signal?: AbortSignal | undefined;
}

/** The tasks that have not ended, newest first: a list through the tasks themselves, for a set costs as much as all the rest of a task. */
let newest: Task | null = null;
let count = 0;

/** The tasks that a cancellation has come through on its way down a chain of awaits: few, so that a list is faster than a set. */
const reached: Task[] = [];

/**
 * A function that runs beside others on this thread, and can be cancelled at everything of ours that it awaits: Python's
 * `asyncio.Task`. Made by `createTask`.
 */
export class Task<T = unknown> extends Future<T> implements Scope {
  /** @internal A task is the root of its scopes. */
  declare readonly parent: null;
  /** @internal */
  waiter: Waiter | null = null;
  /** @internal */
  others: Set<Waiter> | null = null;
  /** @internal */
  inner: Scope | Set<Scope> | null = null;
  /** @internal */
  pending: CancelledError | null = null;
  /** @internal */
  fatal: CancelledError | null = null;
  /** @internal */
  controller: AbortController | null = null;
  /** @internal */
  context: Context | null;
  /** @internal */
  declare readonly isShielded: false;
  /** @internal */
  declare readonly kept: null;
  /** @internal */
  declare readonly isAhead: false;
  /** @internal The `run` that it belongs to. */
  runner: Runner | null;
  /** @internal */
  readonly coroutine: Coroutine<unknown>;
  #name: string | undefined;
  readonly #id: number;
  /** @internal */
  cancels = 0;
  /** @internal The cancellation that has last ended a wait of it. */
  met: unknown = null;
  /** @internal The turn in which it was last granted what it waited for. */
  grantedIn = 0;
  /** @internal The pending cancellation came when a wait had been granted, and is no reason to drop what it returns. */
  isTooLate = false;
  /** @internal */
  older: Task | null;
  /** @internal */
  newer: Task | null = null;

  /** @internal */
  constructor(coroutine: Coroutine<T>, options: TaskOptions | undefined, scope: Scope | undefined = currentScope()) {
    super();
    if (options !== undefined) checkTaskOptions(options);
    this.coroutine = coroutine;
    this.context = options?.context ?? findContext(scope)?.snapshot() ?? null;
    this.runner = scope?.task?.runner ?? null;
    this.#name = options?.name === undefined ? undefined : nameFor(options.name);
    this.#id = ++count;
    this.older = newest;
    if (newest !== null) newest.newer = this;
    // oxlint-disable-next-line typescript/no-this-alias
    newest = this;
    if (count === 1) Object.assign(globalThis, { [Symbol.for('manycore.asyncio')]: () => describeTasks(allTasks()) });
    monitor.current?.made(this);
    if (observer.current?.lasts !== undefined) tell(this, observer.current.lasts('task', this.name));
    if (options?.signal !== undefined) heed(this, options.signal);
  }

  /** @internal */
  get task(): Task {
    return this as Task;
  }

  /** Shown in reports and profiles: `Task-N` when it was given none. It may be set at any time. */
  get name(): string {
    return (this.#name ??= `Task-${this.#id}`);
  }
  set name(name: string) {
    this.#name = nameFor(name);
  }
  /** Its number among the tasks of this thread. */
  get id(): number {
    return this.#id;
  }

  /** How often its cancellation was asked for, less the `uncancel`s. */
  get cancelling(): number {
    return this.cancels;
  }

  /**
   * Asks it to end: what it awaits throws `CancelledError` with this message, cause, or the very error. It may clean up with further
   * awaits, or even go on. What does not await anything of ours sees it at its next such await, or when it returns. False when it has
   * ended already.
   */
  override cancel(reason?: unknown): boolean {
    if (this.state !== PENDING) return false;
    const depth = reached.push(this as Task);
    const byItself = currentScope()?.task === this;
    cancelScope(this, cancelledBy(reason), byItself);
    this.isTooLate = this.pending !== null && !byItself && this.grantedIn === thisTurn();
    reached.length = depth - 1;
    return true;
  }

  /** @internal */
  override interrupt(waiter: Waiter, error: CancelledError, origin: Scope): void {
    if (!reached.includes(this as Task)) return super.interrupt(waiter, error, origin);
    // Tasks that await each other in a circle: it ends where it closes.
    this.ignore(waiter);
    giveUp(waiter, error);
  }

  /** Takes one cancellation back, if it has not thrown yet, or was handled; gives how many are left. */
  uncancel(): number {
    if (this.cancels > 0 && --this.cancels === 0) this.pending = null;
    return this.cancels;
  }

  /**
   * Where it is, innermost frame first: Python's `Task.get_stack`. Of the running task its stack; of one that waits the place of its await, which
   * debug mode keeps: otherwise nothing; of one that has failed the frames of its error.
   */
  stack(): readonly string[] {
    return stackOf(this as Task, this === currentTask());
  }

  /** Refused: its function sets it. */
  override setResult(_value: T): never {
    throw new StateError('ERR_TASK_RESULT', `the result of ${this.what} is what its function returns: setResult is for futures`);
  }
  /** Refused: its function sets it. */
  override setException(_error: unknown): never {
    throw new StateError('ERR_TASK_RESULT', `the error of ${this.what} is what its function throws: setException is for futures`);
  }

  /** @internal */
  returned(value: unknown): void {
    const { pending } = this;
    if (pending === null || this.isTooLate) end(this, DONE, value);
    else end(this, CANCELLED, pending);
  }

  /** @internal */
  threw(error: unknown): void {
    if (error instanceof CancelledError) end(this, CANCELLED, error);
    else if (this.cancels > 0 && isAbort(error))
      end(this, CANCELLED, error.cause instanceof CancelledError ? error.cause : cancelledBy(error));
    else end(this, FAILED, error);
  }

  /** @internal */
  override get what(): string {
    return `task ${this.name}`;
  }

  override [inspect.custom](depth: number, options: object): string {
    const cancelling = this.state === PENDING && this.cancels > 0 ? ' cancelling' : '';
    return super[inspect.custom](depth, options).replace('<Future', `<Task ${this.name}${cancelling}`);
  }
}
// On the prototype, for they are the same for all tasks.
Object.assign(Task.prototype, { parent: null, isShielded: false, kept: null, isAhead: false });

function checkTaskOptions(options: TaskOptions): void {
  checkNames(options, 'a task', "{ name: 'reader' }", 'Arguments of the function go inside: createTask(() => work(1))');
  const { signal, context } = options;
  if (signal !== undefined && typeof (signal as Partial<AbortSignal> | null)?.addEventListener !== 'function')
    throw new TypeError(`the signal of a task must be an AbortSignal: got ${inspect(signal, { depth: 0 })}`);
  if (context !== undefined && !(context instanceof Context))
    throw new TypeError(`the context of a task must be a Context: got ${inspect(context, { depth: 0 })}`);
}

/** As in Python, whatever is given as a name becomes a string. */
const nameFor = (name: unknown): string => String(name);

function end(task: Task, state: State, outcome: unknown): void {
  const { older, newer } = task;
  if (newer === null) newest = older;
  else newer.older = older;
  if (older !== null) older.newer = newer;
  task.older = task.newer = null;
  const { pending } = task;
  if (pending !== null) {
    task.pending = null;
    if (state === DONE) giveBack(task, keepAfterGrant);
    else if (state === FAILED) giveBack(task, keepForNext);
  }
  if (state !== DONE) cutBranches(task, outcome);
  task.settle(state, outcome);
}

/** What a task has started and not awaited must not go on when the task has failed or was cancelled: all its awaits throw, from now on. */
function cutBranches(task: Task, outcome: unknown): void {
  task.fatal = outcome instanceof CancelledError ? outcome : cancelledBy(`${task.what} has failed`);
  if (task.waiter !== null || task.others !== null || task.inner !== null || task.controller !== null) deliver(task, task.fatal);
}

/** A timeline hears of its end. */
function tell(task: Task, end: End): void {
  const settled = (): boolean => {
    end(task.state === DONE ? undefined : { error: task.outcome });
    return false;
  };
  task.observe({ settled, waits: null });
}

function heed(task: Task, signal: AbortSignal): void {
  const cancel = (): void => void task.cancel(signal.reason);
  if (signal.aborted) return cancel();
  const ignore = onAbort(signal, cancel);
  const observer: Observer = {
    settled: () => {
      ignore();
      return false;
    },
    waits: null,
  };
  task.observe(observer);
}

/** Starts a task that has been made. */
export function start(task: Task, isEager: boolean): void {
  if (isEager && task.pending === null) enter(task, begin, task, task.coroutine);
  else microtask(() => beginLate(task));
}

function beginLate(task: Task): void {
  if (task.pending !== null) end(task, CANCELLED, task.pending);
  else if (task.state === PENDING) enter(task, begin, task, task.coroutine);
}

/** As `await` does, whatever somebody has put in its place. */
// oxlint-disable-next-line typescript/unbound-method
const { then } = Promise.prototype;
const returnedHere = (value: unknown): void => currentTask()!.returned(value);
const threwHere = (error: unknown): void => currentTask()!.threw(error);

function begin(task: Task, coroutine: Coroutine<unknown>): void {
  let result: unknown;
  try {
    result = coroutine();
  } catch (error) {
    task.threw(error);
    return;
  }
  // A promise of V8's calls back in the context of this call, which tells the task: functions of its own would make it a tenth larger.
  if (result instanceof Promise && Object.getPrototypeOf(result) === Promise.prototype) void then.call(result, returnedHere, threwHere);
  else if (isThenable(result)) {
    result.then(
      (value) => task.returned(value),
      (error: unknown) => task.threw(error),
    );
  } else if (isGenerator(result)) {
    drive(
      result,
      (value) => task.returned(value),
      (error) => task.threw(error),
    );
  } else task.returned(result);
}

/**
 * Runs a function as a task of its own. It is given the function, and not a promise: a promise runs already, and knows of no
 * cancellation. May be called anywhere, also outside of `run`.
 */
export function createTask<T>(fn: Coroutine<T>, options?: TaskOptions): Task<T> {
  mustBeCoroutine(fn, 'createTask');
  const task = new Task<T>(fn, options);
  start(task as Task, options?.eagerStart !== false);
  return task;
}

/** The task whose code runs now, also after its awaits; `null` outside of any. */
export function currentTask(): Task | null {
  return currentScope()?.task ?? null;
}

/** The tasks of this thread that have not ended, oldest first. */
export function allTasks(): Set<Task> {
  const tasks: Task[] = [];
  for (let task = newest; task !== null; task = task.older) tasks.push(task);
  return new Set(tasks.toReversed());
}
