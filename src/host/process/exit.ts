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
