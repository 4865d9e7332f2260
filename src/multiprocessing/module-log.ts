import { addLevelName, getLogger as loggerOf, Formatter, type Level, type Logger, StreamHandler } from '../logging/index.ts';
import { here, type LogSetup } from '../host/process/setup.ts';
import { listener } from './log.ts';

/*
 * The module's own log, as Python's: a logger of `manycore/logging`, silent until `logToStderr` or `getLogger` is called. Children take over
 * its level, and that it goes to stderr.
 */
const NAME = 'multiprocessing';
/** 5: a level of the module's log below `DEBUG`. */
export const SUBDEBUG = 5;
/** 25: a level of the module's log between `INFO` and `WARNING`. */
export const SUBWARNING = 25;
addLevelName(SUBDEBUG, 'SUBDEBUG');
addLevelName(SUBWARNING, 'SUBWARNING');

let onStderr: StreamHandler | null = null;

/** The logger of this module: what processes do, from INFO on, and the rest at DEBUG. Its records do not go on to the root. */
export function getLogger(): Logger {
  const logger = loggerOf(NAME);
  if (listener.current === null) {
    logger.propagate = false;
    listener.current = (level, text) => logger.log(level, text);
  }
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

/** What a child is told: `null` when nobody has asked for the log. */
here.log = () => (listener.current === null ? null : { level: getLogger().getEffectiveLevel(), isOnStderr: onStderr !== null });

/** In a child: logs as its parent does. */
export function takeOverLog({ level, isOnStderr }: LogSetup): void {
  if (isOnStderr) logToStderr(level);
  else getLogger().setLevel(level);
}
