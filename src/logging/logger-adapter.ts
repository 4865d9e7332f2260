import type { Level } from './levels.ts';
import type { Logger, LogOptions } from './logger.ts';

/**
 * A logger that adds something to each record, as fields for the format: Python's `LoggerAdapter`. A class of one's own overrides `process` and
 * changes messages as well.
 */
export class LoggerAdapter {
  /** Where its records go. */
  readonly logger: Logger | LoggerAdapter;
  /** The fields that it adds to each record. */
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(logger: Logger | LoggerAdapter, extra: Readonly<Record<string, unknown>> = {}) {
    this.logger = logger;
    this.extra = extra;
  }

  /** The message and the options that go on to the logger. What a single record says as `extra` wins. */
  process(message: unknown, options: LogOptions): readonly [message: unknown, options: LogOptions] {
    return [message, { ...options, extra: { ...this.extra, ...options.extra } }];
  }

  /** The name of the logger below. */
  get name(): string {
    return this.logger.name;
  }
  /** Whether the logger below would make a record of that level. */
  isEnabledFor(level: Level): boolean {
    return this.logger.isEnabledFor(level);
  }
  /** The level that decides, of the logger below. */
  getEffectiveLevel(): number {
    return this.logger.getEffectiveLevel();
  }
  /** Sets the level of the logger below, in all threads. */
  setLevel(level: Level): void {
    this.logger.setLevel(level);
  }
  /** Whether a record would reach a handler. */
  hasHandlers(): boolean {
    return this.logger.hasHandlers();
  }

  /** Logs a message of the level DEBUG, 10. */
  debug(message: unknown, ...args: readonly unknown[]): void {
    this.log('DEBUG', message, ...args);
  }
  /** Logs a message of the level INFO, 20. */
  info(message: unknown, ...args: readonly unknown[]): void {
    this.log('INFO', message, ...args);
  }
  /** Logs a message of the level WARNING, 30. */
  warning(message: unknown, ...args: readonly unknown[]): void {
    this.log('WARNING', message, ...args);
  }
  /** Logs a message of the level ERROR, 40. An error as the last argument is shown with its stack. */
  error(message: unknown, ...args: readonly unknown[]): void {
    this.log('ERROR', message, ...args);
  }
  /** Logs a message of the level CRITICAL, 50. */
  critical(message: unknown, ...args: readonly unknown[]): void {
    this.log('CRITICAL', message, ...args);
  }
  /** Logs an error, given as the last argument or alone, with its stack. */
  exception(message: unknown, ...args: readonly unknown[]): void {
    this.log('ERROR', message, ...args);
  }
  /** Logs a message of any level, a number or a name. Blocks while the handlers write. */
  log(level: Level, message: unknown, ...args: readonly unknown[]): void {
    this.logWith({}, level, message, ...args);
  }
  /** The same, with fields for this record alone, which win over `extra`, and the stack. */
  logWith(options: LogOptions, level: Level, message: unknown, ...args: readonly unknown[]): void {
    if (!this.isEnabledFor(level)) return;
    const [changed, all] = this.process(message, options);
    this.logger.logWith(all, level, changed, ...args);
  }
}
