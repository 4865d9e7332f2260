import type { ExitCode } from '../host/process/exit.ts';

/**
 * Ends the process from anywhere in its target, as Python's `sys.exit`: an integer is the exit code, `true` is 1, nothing
 * and `false` are 0, and a text is printed on stderr and means 1. `finally` blocks run.
 */
export class SystemExit extends Error {
  /** What it was given. */
  readonly value: unknown;

  constructor(value?: unknown) {
    super('the process ends');
    this.value = value;
  }

  /** The code with which the process will end: a number as it is, 0 for nothing and `false`, 1 for everything else. */
  get exitCode(): ExitCode {
    if (typeof this.value === 'number') return this.value;
    return this.value === undefined || this.value === null || this.value === false ? 0 : 1;
  }
}
Object.defineProperty(SystemExit.prototype, 'name', { value: 'SystemExit', configurable: true });
