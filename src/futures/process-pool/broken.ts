import { nameError } from '../../base/errors.ts';
import { describeExit, type ExitCode } from '../../host/process/exit.ts';
import { BrokenExecutorError } from '../errors.ts';

export interface WorkerDeath {
  readonly name: string;
  readonly pid: number;
  readonly exitCode: ExitCode;
  /** The end of what it wrote to stderr. */
  readonly stderr: string;
}

/** A worker process of a pool has ended while it ran a task, or the pool could not start its workers. */
export class BrokenProcessPool extends BrokenExecutorError {
  /** `exited`, `terminated`, or the name of a signal; empty when no worker has died. */
  readonly reason: string;
  /** Minus the signal that ended it, as in Python. */
  readonly exitCode: ExitCode | null;
  /** The name of the process, as its pool gave it; empty when no worker has died. */
  readonly worker: string;
  /** The process's number while it lived; `null` when no worker has died. */
  readonly pid: number | null;
  /** The last lines that the worker wrote to stderr. */
  readonly output: string;

  constructor(message: string, options: ErrorOptions & { readonly death?: WorkerDeath; readonly reason?: string } = {}) {
    const { death, reason } = options;
    super(message, { ...('cause' in options ? { cause: options.cause } : {}), code: 'ERR_BROKEN_PROCESS_POOL' });
    this.reason =
      reason ?? (death === undefined ? '' : death.exitCode < 0 ? describeExit(death.exitCode).replace(/^signal /, '') : 'exited');
    this.exitCode = death?.exitCode ?? null;
    this.worker = death?.name ?? '';
    this.pid = death?.pid ?? null;
    this.output = death?.stderr ?? '';
  }
}
nameError(BrokenProcessPool, 'BrokenProcessPool');

/** By SIGABRT. V8 writes its last words itself, past the process's own stderr. */
const ABORTED = -6;

/** `process PoolWorker-2 (pid 4711) was ended by signal SIGKILL while it ran f (task 17)`, and what it last wrote. */
export function describeDeath({ name, pid, exitCode, stderr }: WorkerDeath, doing: string): string {
  const how = exitCode < 0 ? `was ended by ${describeExit(exitCode)}` : `ended with ${describeExit(exitCode)}`;
  const lines = lastLines(stderr).join('\n    ');
  const hint = exitCode === ABORTED ? `. So Node ends when its heap is full: what it says of that goes to the program's stderr` : '';
  return `process ${name} (pid ${pid}) ${how} ${doing}${hint}${lines === '' ? '' : `. The last it wrote to stderr:\n    ${lines}`}`;
}

const LINES_MAX = 5;

/** The last lines; of an error with a long stack, where it begins: what happened stands there. */
function lastLines(text: string): string[] {
  const lines = text.trimEnd().split('\n');
  const last = lines.findLastIndex((line) => /^[^\s}]/.test(line));
  const from = Math.max(0, lines.length - LINES_MAX);
  return last >= 0 && last < from ? lines.slice(last, last + LINES_MAX) : lines.slice(from);
}
