import { nameError, StateError } from '../base/errors.ts';

/** The executor can't run anything any more, or could not run this: Python's `BrokenExecutor`. */
export class BrokenExecutorError extends StateError {
  constructor(message: string, options?: ErrorOptions & { readonly code?: string }) {
    super(options?.code ?? 'ERR_BROKEN_EXECUTOR', message, options);
  }
}
nameError(BrokenExecutorError, 'BrokenExecutorError');

export interface WorkerDeath {
  /** `exited`, `terminated`, `out of memory`, `lost`, or the name of a signal. */
  readonly reason: string;
  /** What it ended with; `null` when that can't be known. */
  readonly exitCode: number | null;
  /** Its name. */
  readonly worker: string;
  /** The last lines that the worker wrote to stderr. */
  readonly output?: string;
}

/** The worker that ran this task died before it gave a result. Other tasks, and the pool, go on. */
export class BrokenWorkerError extends BrokenExecutorError {
  /** `exited`, `terminated`, `out of memory`, `lost`, or the name of a signal. */
  readonly reason: string;
  /** What the thread ended with; `null` when that can't be known. */
  readonly exitCode: number | null;
  /** The name of the thread or process that has died. */
  readonly worker: string;
  /** The last lines that the worker wrote to stderr; empty when there are none. */
  readonly output: string;

  constructor({ reason, exitCode, worker, output = '' }: WorkerDeath, options?: ErrorOptions) {
    const code = exitCode === null ? '' : `, exit code ${exitCode}`;
    const lines = output === '' ? '' : `\n    it last wrote to stderr:\n${output.replace(/^/gm, '      ')}`;
    super(
      `the worker ${worker} died while it ran this task (${reason}${code}); the task may have been done in part. retries: 1 runs such tasks once more${lines}`,
      { ...options, code: 'ERR_BROKEN_WORKER' },
    );
    this.reason = reason;
    this.exitCode = exitCode;
    this.worker = worker;
    this.output = output;
  }
}
nameError(BrokenWorkerError, 'BrokenWorkerError');

export function shutDown(name: string): StateError {
  return new StateError('ERR_EXECUTOR_SHUT_DOWN', `cannot hand anything to ${name}: it has been shut down`);
}
