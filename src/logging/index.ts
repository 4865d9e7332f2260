import { basicConfig } from './basic-config.ts';
import { type Level } from './levels.ts';
import { root } from './logger.ts';

export { type BasicConfig, basicConfig } from './basic-config.ts';
export { Formatter, type FormatterOptions } from './formatter.ts';
export { type DictConfig, dictConfig, type HandlerConfig, type LoggerConfig } from './dict-config.ts';
export { FileHandler, type FileHandlerOptions, WatchedFileHandler } from './file-handler.ts';
export { Filter, type FilterLike } from './filter.ts';
export { Handler } from './handler.ts';
export { NullHandler, StreamHandler } from './handlers.ts';
export { JsonHandler } from './json-handler.ts';
export { LoggerAdapter } from './logger-adapter.ts';
export { MemoryHandler, type MemoryHandlerOptions } from './memory-handler.ts';
export { QueueHandler, QueueListener } from './queue-handler.ts';
export { RotatingFileHandler, type RotatingOptions, TimedRotatingFileHandler, type TimedRotatingOptions } from './rotating-file-handler.ts';
export { captureWarnings } from './warnings.ts';
export { addLevelName, CRITICAL, DEBUG, ERROR, getLevelName, getLevelNamesMapping, INFO, type Level, NOTSET, WARNING } from './levels.ts';
export { type Configuration, disable, getLogger, Logger, type LogOptions } from './logger.ts';
export { LogRecord } from './record.ts';
export { shutdown } from './shutdown.ts';

/** Logs through the root; sets it up by `basicConfig()` first when it has no handlers. */
export function log(level: Level, message: unknown, ...args: readonly unknown[]): void {
  if (root.handlers.length === 0) basicConfig();
  root.log(level, message, ...args);
}
/** Logs at level `DEBUG` through the root. `%s`, `%d` and the like stand for the arguments. */
export function debug(message: unknown, ...args: readonly unknown[]): void {
  log('DEBUG', message, ...args);
}
/** Logs at level `INFO` through the root. */
export function info(message: unknown, ...args: readonly unknown[]): void {
  log('INFO', message, ...args);
}
/** Logs at level `WARNING` through the root. */
export function warning(message: unknown, ...args: readonly unknown[]): void {
  log('WARNING', message, ...args);
}
/** Logs at level `ERROR` through the root. */
export function error(message: unknown, ...args: readonly unknown[]): void {
  log('ERROR', message, ...args);
}
/** Logs at level `CRITICAL` through the root. */
export function critical(message: unknown, ...args: readonly unknown[]): void {
  log('CRITICAL', message, ...args);
}
/** Logs an error, given as the last argument or alone, with its stack. */
export function exception(message: unknown, ...args: readonly unknown[]): void {
  log('ERROR', message, ...args);
}
