import { constants } from 'node:os';

/** How a process ended, as Python says it: its code, or minus the number of the signal that ended it. */
export type ExitCode = number;

export function exitCodeOf({ code, signal }: { readonly code: number | null; readonly signal: string | number | null }): ExitCode {
  if (signal === null) return code ?? 0;
  return -(typeof signal === 'number' ? signal : (constants.signals[signal as keyof typeof constants.signals] ?? 0));
}

/** `SIGKILL` for -9; the code itself otherwise. For messages. */
export function describeExit(exitCode: ExitCode): string {
  const name = Object.entries(constants.signals).find(([, number]) => number === -exitCode)?.[0];
  return name === undefined ? `exit code ${exitCode}` : `signal ${name}`;
}

/**
 * Ends the process from anywhere in its target, as Python's `sys.exit`: an integer is the exit code, `true` is 1, nothing
 * and `false` are 0, and a text is printed on stderr and means 1. `finally` blocks run.
 */
export class SystemExit extends Error {
  readonly value: unknown;

  constructor(value?: unknown) {
    super('the process ends');
    this.value = value;
  }

  get exitCode(): ExitCode {
    if (typeof this.value === 'number') return this.value;
    return this.value === undefined || this.value === null || this.value === false ? 0 : 1;
  }
}
Object.defineProperty(SystemExit.prototype, 'name', { value: 'SystemExit', configurable: true });
