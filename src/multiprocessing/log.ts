import { writeSync } from 'node:fs';
import { nameHere } from './identity.ts';

/*
 * The module's own log, as Python's: silent until `logToStderr` or `getLogger().addHandler` is asked for.
 */
export const LEVELS = { SUBDEBUG: 5, DEBUG: 10, SUBWARNING: 25, INFO: 20, WARNING: 30, ERROR: 40, CRITICAL: 50 } as const;

let level: number | null = null;

export function logLevel(): number | null {
  return level;
}

export function setLogLevel(value: number | null): void {
  level = value;
}

/** Writes `[INFO/Process-1] text` to stderr, in one piece, if this level is asked for. */
export function log(name: 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL', text: string): void {
  if (level === null || LEVELS[name] < level) return;
  try {
    writeSync(2, `[${name}/${nameHere()}] ${text}\n`);
  } catch {
    // Nobody reads stderr any more: there is nothing to say, and nobody to say it to.
  }
}
