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
  readonly #handler = (): void => {
    this.end();
    this.#task.cancel(this.#error);
  };

  constructor(task: Task) {
    this.#task = task;
    if (!isMainThread) return;
    active.add(this);
    if (getSignal('SIGINT') === SIG_DFL) this.install();
  }

  install(): void {
    signal('SIGINT', this.#handler);
  }

  /** Whether main was cancelled by the signal alone: somebody else's cancellation comes out as it is. */
  isTheReasonOf(error: unknown): boolean {
    return error === this.#error && this.#task.uncancel() === 0;
  }

  end(): void {
    active.delete(this);
    // A handler that the program has set meanwhile stays.
    if (isMainThread && getSignal('SIGINT') === this.#handler) signal('SIGINT', SIG_DFL);
  }
}

/** Of the runs that go on, outermost first. */
const active = new Set<Interrupt>();

/** A program has taken its own handler away: Ctrl-C ends the outermost run again. */
export function restoreInterrupt(): void {
  for (const outermost of active) return outermost.install();
}
