/*
 * The levels, as Python numbers them.
 */
/** 0: a logger with it asks the one above. */
export const NOTSET = 0;
/** 10: for whoever looks for a fault. */
export const DEBUG = 10;
/** 20: all goes as it should. */
export const INFO = 20;
/** 30: something is not as it should be, and the program goes on. */
export const WARNING = 30;
/** 40: something could not be done. */
export const ERROR = 40;
/** 50: the program may not be able to go on. */
export const CRITICAL = 50;

const names = new Map<number, string>([
  [NOTSET, 'NOTSET'],
  [DEBUG, 'DEBUG'],
  [INFO, 'INFO'],
  [WARNING, 'WARNING'],
  [ERROR, 'ERROR'],
  [CRITICAL, 'CRITICAL'],
]);

/** A level: its name or its number. */
export type Level = number | 'NOTSET' | 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL' | (string & {});

/** Gives a level of one's own a name. */
export function addLevelName(level: number, name: string): void {
  names.set(level, name);
}

/** The name of a level; `Level 35` for one that has none. */
export function getLevelName(level: number): string {
  return names.get(level) ?? `Level ${level}`;
}

/** All names of levels, with their numbers. */
export function getLevelNamesMapping(): Record<string, number> {
  return Object.fromEntries([...names].map(([number, name]) => [name, number]));
}

/** The number of a level, given by its number or its name. `RangeError` for a name that no level has. */
export function levelNumber(level: Level): number {
  if (typeof level === 'number' && !Number.isNaN(level)) return level;
  if (typeof level === 'string') for (const [number, name] of names) if (name === level.toUpperCase()) return number;
  throw new RangeError(`unknown level ${String(level)}: use a number, or one of ${[...names.values()].join(', ')}`);
}
