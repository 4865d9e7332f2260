import { CancelledError, StateError } from '../base/errors.ts';
import { KeyboardInterrupt } from '../signal/errors.ts';
import { cancelledBy } from './cancelled.ts';
import { type Coroutine, invoke, mustBeCoroutine, mustBeFunction } from './coroutine.ts';
import { currentScope, enter } from './current.ts';
import { ExceptionGroup } from './exception-group.ts';
import { FAILED, type Future, type Observer, PENDING } from './future.ts';
import { cancelScope, type Scope } from './scope.ts';
import { attach, detach, isDueTo, keepCancellation, SubScope } from './sub-scope.ts';
import { start, Task, type TaskOptions } from './task.ts';
import { giveUp, park, type Source, wake, type Waiter } from './waiter.ts';

type Body<T> = (group: TaskGroup) => Generator<unknown, T, never> | PromiseLike<T> | T;

/** How many that have ended a short list may hold. */
const SPARE = 8;

/**
 * Tasks that end together: Python's `asyncio.TaskGroup`. The group is left when its body and all its tasks have ended; one that fails
 * cancels the others and the body, and all errors come out in an `ExceptionGroup`; a `KeyboardInterrupt` comes out as it is.
 *
 *     const total = await TaskGroup.run(async (group) => {
 *       const a = group.createTask(() => read('a'));
 *       const b = group.createTask(() => read('b'));
 *       return (await a) + (await b);
 *     });
 *
 *   created -> active     run
 *   active -> joining     the body has ended: the tasks are waited for, and may still start others
 *   joining -> finished   all have ended
 *
 * Beside that it may be aborting: from the first failure, cancellation or `cancel()` on, nothing starts any more.
 */
export class TaskGroup implements Observer, Source {
  /** @internal */
  readonly what = 'the tasks of a group';
  #state: 'created' | 'active' | 'joining' | 'finished' = 'created';
  #isAborting = false;
  #isStopped = false;
  /** Those that have not ended, and hardly more that have: a list is faster than a set. */
  #tasks: Task[] = [];
  #left = 0;
  readonly #errors: unknown[] = [];
  readonly #scope = new SubScope();
  #abortion: CancelledError | null = null;
  #joining: Waiter | null = null;

  /** How many of its tasks have not ended. */
  get size(): number {
    return this.#left;
  }

  /** @internal Who waits for the tasks. */
  get waits(): Scope {
    return this.#scope;
  }

  /** Starts a task in the group. `StateError` when the group was not entered, is ending, or has ended. */
  createTask<T>(fn: Coroutine<T>, options?: TaskOptions): Task<T> {
    mustBeCoroutine(fn, 'createTask');
    if (this.#state === 'created')
      throw new StateError('ERR_GROUP_STATE', 'a TaskGroup starts tasks inside of run(): this one has not been entered');
    if (this.#state === 'finished') throw new StateError('ERR_GROUP_STATE', 'a TaskGroup starts no tasks any more when it is finished');
    if (this.#isAborting) throw new StateError('ERR_GROUP_STATE', 'a TaskGroup starts no tasks any more when it is shutting down');
    const task = new Task<T>(fn, options);
    const any = task as Task;
    this.#tasks.push(any);
    this.#left++;
    task.observe(this);
    start(any, options?.eagerStart !== false);
    // It may have failed at once, or made another one fail.
    if (this.#isAborting) task.cancel(this.#abortion);
    return task;
  }

  /** @internal */
  settled(task: Future): boolean {
    if (--this.#left * 2 < this.#tasks.length - SPARE) this.#tasks = this.#tasks.filter((other) => other.state === PENDING);
    if (task.state === FAILED) {
      this.#errors.push(task.outcome);
      this.#abort();
    }
    if (this.#left === 0 && this.#joining !== null && !this.#joining.isOver) wake(this.#joining, undefined);
    return true;
  }

  #abort(): void {
    if (this.#isAborting) return;
    this.#isAborting = true;
    // One error for all: it comes back into the body by way of the tasks that this awaits, and making it is most of what a cancellation costs.
    const error = (this.#abortion = cancelledBy('the task group is shutting down'));
    for (const task of this.#tasks) task.cancel(error);
    if (this.#state === 'active') cancelScope(this.#scope, error);
  }

  /** Ends the group early, without an error: its tasks and its body are cancelled. May be called again, from anywhere. */
  cancel(): void {
    if (this.#state === 'finished' || this.#isStopped) return;
    this.#isStopped = true;
    if (this.#state !== 'created') this.#abort();
  }

  /** Runs `fn(group)` and waits for all tasks of the group. Gives what `fn` gives; undefined when `cancel()` has ended it. Once. */
  async run<T>(fn: Body<T>): Promise<T> {
    mustBeFunction(fn, 'TaskGroup.run');
    if (this.#state !== 'created')
      throw new StateError('ERR_SCOPE_USED', 'a TaskGroup can be entered once: this one has been entered already');
    const scope = this.#scope;
    attach(scope);
    this.#state = 'active';
    let value: T | undefined;
    let cancelled: CancelledError | null = null;
    try {
      if (this.#isStopped) this.#isAborting = true;
      else value = await enter(scope, invoke as typeof invoke<TaskGroup, T>, fn, this);
    } catch (error) {
      if (!(error instanceof CancelledError)) this.#errors.push(error);
      else if (this.#abortion === null || !isDueTo(this.#abortion, error, scope)) cancelled = error;
      this.#abort();
    }
    this.#state = 'joining';
    while (this.#left > 0) {
      const waiter = (this.#joining = park(this, currentScope()));
      try {
        await waiter.promise;
      } catch (error) {
        cancelled ??= error as CancelledError;
        this.#abort();
      }
    }
    this.#state = 'finished';
    detach(scope, this.#errors.length > 0 ? undefined : cancelled);
    if (this.#errors.length > 0) throw this.#errors.find((error) => error instanceof KeyboardInterrupt) ?? this.#failure(cancelled);
    if (cancelled !== null) throw cancelled;
    return value as T;
  }

  #failure(cancelled: CancelledError | null): ExceptionGroup {
    keepCancellation(this.#scope, cancelled);
    const count = this.#errors.length;
    return new ExceptionGroup(`unhandled errors in a TaskGroup (${count} sub-exception${count === 1 ? '' : 's'})`, this.#errors);
  }

  /** @internal */
  interrupt(waiter: Waiter, error: CancelledError): void {
    giveUp(waiter, error);
  }

  /** `new TaskGroup().run(fn)`. */
  static run<T>(fn: Body<T>): Promise<T> {
    return new TaskGroup().run(fn);
  }
}
