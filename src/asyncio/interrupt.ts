import { isMainThread } from 'node:worker_threads';
import { CancelledError } from '../base/errors.ts';
import { getSignal, SIG_DFL, signal } from '../signal/signal.ts';
import type { Task } from './task.ts';

/**
 * What Ctrl-C does while `run` goes on, in the main thread, unless the program has a handler of its own: the main task is cancelled and can
 * clean up, and `run` throws `KeyboardInterrupt`. A second Ctrl-C ends the process as it does otherwise.
 */
export class Interrupt {
  readonly #task: Task;
  readonly #error = new CancelledError('interrupted by SIGINT');
  #isInstalled = false;

  constructor(task: Task) {
    this.#task = task;
    if (!isMainThread || getSignal('SIGINT') !== SIG_DFL) return;
    this.#isInstalled = true;
    signal('SIGINT', () => {
      this.end();
      this.#task.cancel(this.#error);
    });
  }

  /** Whether main was cancelled by the signal alone: somebody else's cancellation comes out as it is. */
  isTheReasonOf(error: unknown): boolean {
    return error === this.#error && this.#task.uncancel() === 0;
  }

  end(): void {
    if (!this.#isInstalled) return;
    this.#isInstalled = false;
    signal('SIGINT', SIG_DFL);
  }
}
