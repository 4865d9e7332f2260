import { inspect } from 'node:util';
import type { ExitCode } from '../host/process/exit.ts';

/**
 * Ends the process from anywhere in its target, as Python's `sys.exit`: an integer is the exit code, `true` is 1, nothing
 * and `false` are 0, and anything else is printed on stderr and means 1. `finally` blocks run.
 */
export class SystemExit extends Error {
  /** What it was given. */
  readonly value: unknown;

  constructor(value?: unknown) {
    super('the process ends');
    this.value = value;
  }

  /** What is printed on stderr; `null` for what is a code. */
  get text(): string | null {
    const { value } = this;
    if (value === undefined || value === null || typeof value === 'boolean' || Number.isInteger(value)) return null;
    return typeof value === 'string' ? value : inspect(value);
  }

  /** The code with which the process will end: an integer as it is, 0 for nothing and `false`, 1 for everything else. */
  get exitCode(): ExitCode {
    if (Number.isInteger(this.value)) return this.value as number;
    return this.value === undefined || this.value === null || this.value === false ? 0 : 1;
  }
}
Object.defineProperty(SystemExit.prototype, 'name', { value: 'SystemExit', configurable: true });
