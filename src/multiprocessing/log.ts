/*
 * What this module says about its processes, as long as nobody has asked for its log: nothing. Who asks loads `manycore/logging`, and that is
 * as much again as all that a child needs: so it does not begin with it.
 */
type Level = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';

export const listener: { current: ((level: Level, text: string) => void) | null } = { current: null };

/** Logs, if anybody has asked for that. */
export function log(level: Level, text: string): void {
  listener.current?.(level, text);
}
