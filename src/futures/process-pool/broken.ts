import { nameError, StateError } from '../../base/errors.ts';
import { describeExit, type ExitCode } from '../../host/process/exit.ts';

/** A worker process of a pool has ended while it ran a task, or the pool could not start its workers. */
export class BrokenProcessPool extends StateError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_BROKEN_PROCESS_POOL', message, options);
  }
}
nameError(BrokenProcessPool, 'BrokenProcessPool');

export interface WorkerDeath {
  readonly name: string;
  readonly pid: number;
  readonly exitCode: ExitCode;
  /** The end of what it wrote to stderr. */
  readonly stderr: string;
}

/** `process PoolWorker-2 (pid 4711) was ended by signal SIGKILL while it ran f (task 17)`, and what it last wrote. */
export function describeDeath({ name, pid, exitCode, stderr }: WorkerDeath, doing: string): string {
  const how = exitCode < 0 ? `was ended by ${describeExit(exitCode)}` : `ended with ${describeExit(exitCode)}`;
  const lines = stderr.trim().split('\n').slice(-5).join('\n    ');
  return `process ${name} (pid ${pid}) ${how} ${doing}${lines === '' ? '' : `. The last it wrote to stderr:\n    ${lines}`}`;
}
