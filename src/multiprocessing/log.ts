import { addLevelName, getLogger as loggerOf, Formatter, type Level, type Logger, StreamHandler } from '../logging/index.ts';
import { here } from '../host/process/setup.ts';

/*
 * The module's own log, as Python's: a logger of `manycore/logging`, silent until `logToStderr` or `getLogger` is called. Children take over
 * that it goes to stderr, and from which level on.
 *
 * Nobody has asked for it as long as it hands on to the root, as every new logger does.
 */
const NAME = 'multiprocessing';
export const SUBDEBUG = 5;
export const SUBWARNING = 25;
addLevelName(SUBDEBUG, 'SUBDEBUG');
addLevelName(SUBWARNING, 'SUBWARNING');

const isAskedFor = (): boolean => !loggerOf(NAME).propagate;
let onStderr: StreamHandler | null = null;

/** The logger of this module: what processes do, from INFO on, and the rest at DEBUG. Its records do not go on to the root. */
export function getLogger(): Logger {
  const logger = loggerOf(NAME);
  if (!isAskedFor()) logger.propagate = false;
  return logger;
}

/** Has the log of this module written to stderr, here and in processes that are started from now on: `[INFO/Process-1] …`. */
export function logToStderr(level?: Level): Logger {
  const logger = getLogger();
  if (onStderr === null) {
    onStderr = new StreamHandler('stderr').setFormatter(new Formatter('[%(levelname)s/%(processName)s] %(message)s'));
    logger.addHandler(onStderr);
  }
  if (level !== undefined) logger.setLevel(level);
  return logger;
}

/** What a child is told: from which level on it logs to stderr; `null` when it doesn't. */
here.logLevel = () => (onStderr === null ? null : getLogger().getEffectiveLevel());

export function setLogLevel(value: number | null): void {
  if (value !== null) logToStderr(value);
}

/** Logs, if anybody has asked for that. */
export function log(level: 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL', text: string): void {
  if (isAskedFor()) getLogger().log(level, text);
}
