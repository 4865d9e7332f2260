import { checkOptions } from '../base/check-options.ts';
import { StateError } from '../base/errors.ts';
import { type Context, copyContext } from './context.ts';
import { type Coroutine, mustBeCoroutine } from './coroutine.ts';
import { isDebugging, setDebug, tellUnawaited } from './debug.ts';
import { Interrupt } from './interrupt.ts';
import { KeyboardInterrupt } from '../signal/errors.ts';
import { FAILED, PENDING } from './future.ts';
import { OpenGenerators } from './open-generators.ts';
import { report } from './report.ts';
import { allTasks, start, Task } from './task.ts';
import { useLoop } from './threadsafe.ts';
import { wait } from './wait.ts';

/** How `run` runs its main function. */
export interface RunOptions {
  /** Debug mode while it runs. */
  readonly debug?: boolean | undefined;
  /** The name of the main task. */
  readonly name?: string | undefined;
  /**
   * Closes, in the end, the async generators that its tasks have begun and left in the middle by calling `next` themselves. (`for await` closes
   * what it leaves.) Python does so always; here all async generators of the thread are slower by a fifth meanwhile.
   */
  readonly closeGenerators?: boolean | undefined;
}

/**
 * Runs one main function after another in one context, and ends what they leave behind when it is closed: Python's `asyncio.Runner`.
 * Python's event loop is Node's here: it runs anyway, and a Runner may be used inside of another one's tasks.
 */
export class Runner implements AsyncDisposable {
  readonly #debug: boolean | undefined;
  readonly #context: Context = copyContext();
  /** @internal */
  readonly generators: OpenGenerators | null;
  #closing: Promise<void> | null = null;

  constructor(options: Pick<RunOptions, 'debug' | 'closeGenerators'> = {}) {
    checkOptions(options, 'a Runner', '{ debug: true }');
    const { debug, closeGenerators = false } = options;
    this.#debug = debug;
    this.generators = closeGenerators ? new OpenGenerators() : null;
  }

  /** Runs `main` as a task, and gives what it gives. `StateError` after `close`. */
  async run<T>(main: Coroutine<T>, { name, context }: { readonly name?: string; readonly context?: Context } = {}): Promise<T> {
    mustBeCoroutine(main, 'run');
    if (this.#closing !== null) throw new StateError('ERR_RUNNER_CLOSED', 'a Runner that is closed runs nothing any more');
    const before = isDebugging();
    if (this.#debug !== undefined) setDebug(this.#debug);
    const task = new Task<T>(main, { name, context: context ?? this.#context });
    task.runner = this;
    const interrupt = new Interrupt(task as Task);
    useLoop(1);
    try {
      start(task as Task, true);
      return await task;
    } catch (error) {
      throw interrupt.isTheReasonOf(error) ? new KeyboardInterrupt(undefined, { cause: error }) : error;
    } finally {
      interrupt.end();
      useLoop(-1);
      setDebug(before);
    }
  }

  /** Cancels the tasks that are left, and waits until they have ended. What fails in that is told to the exception handler. */
  close(): Promise<void> {
    return (this.#closing ??= this.#cancelAll());
  }

  async #cancelAll(): Promise<void> {
    for (;;) {
      const left = [...allTasks()].filter((task) => task.runner === this);
      if (left.length === 0) break;
      for (const task of left) task.cancel('the run has ended');
      const { done } = await endOf(left);
      for (const task of done)
        if (task.state === FAILED)
          report({ message: 'unhandled exception during the shutdown of run()', exception: task.exception(), future: task });
    }
    await this.generators?.close();
    tellUnawaited(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Waits for tasks that have been cancelled. If the program ends before they do, for nothing else is left to be done, it is told what they sit in. */
async function endOf(left: readonly Task[]): Promise<{ readonly done: ReadonlySet<Task> }> {
  const tell = (): void => {
    for (const task of left)
      if (task.state === PENDING)
        report({
          message: `the run could not end: ${task.what} was cancelled, and sits in a foreign promise that nobody settles. until(promise) makes it a place to cancel the task`,
        });
  };
  process.once('beforeExit', tell);
  try {
    return await wait(left);
  } finally {
    process.removeListener('beforeExit', tell);
  }
}

/**
 * Runs `main` as a task, then cancels all tasks that were started inside and have not ended: Python's `asyncio.run`. Gives what `main`
 * gives.
 */
export async function run<T>(main: Coroutine<T>, given: RunOptions = {}): Promise<T> {
  mustBeCoroutine(main, 'run');
  checkOptions(given, 'run', '{ debug: true }', 'Arguments of the function go inside: run(() => main(1))');
  const { name, ...options } = given;
  const runner = new Runner(options);
  try {
    return await runner.run(main, name === undefined ? {} : { name });
  } finally {
    await runner.close();
  }
}
