import type { Level } from './levels.ts';
import type { Logger, LogOptions } from './logger.ts';

/**
 * A logger that adds something to each record, as fields for the format: Python's `LoggerAdapter`. A class of one's own overrides `process` and
 * changes messages as well.
 */
export class LoggerAdapter {
  readonly logger: Logger | LoggerAdapter;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(logger: Logger | LoggerAdapter, extra: Readonly<Record<string, unknown>> = {}) {
    this.logger = logger;
    this.extra = extra;
  }

  /** The message and the options that go on to the logger. What a single record says as `extra` wins. */
  process(message: unknown, options: LogOptions): readonly [message: unknown, options: LogOptions] {
    return [message, { ...options, extra: { ...this.extra, ...options.extra } }];
  }

  get name(): string {
    return this.logger.name;
  }
  isEnabledFor(level: Level): boolean {
    return this.logger.isEnabledFor(level);
  }
  getEffectiveLevel(): number {
    return this.logger.getEffectiveLevel();
  }
  setLevel(level: Level): void {
    this.logger.setLevel(level);
  }
  hasHandlers(): boolean {
    return this.logger.hasHandlers();
  }

  debug(message: unknown, ...args: readonly unknown[]): void {
    this.log('DEBUG', message, ...args);
  }
  info(message: unknown, ...args: readonly unknown[]): void {
    this.log('INFO', message, ...args);
  }
  warning(message: unknown, ...args: readonly unknown[]): void {
    this.log('WARNING', message, ...args);
  }
  error(message: unknown, ...args: readonly unknown[]): void {
    this.log('ERROR', message, ...args);
  }
  critical(message: unknown, ...args: readonly unknown[]): void {
    this.log('CRITICAL', message, ...args);
  }
  /** Logs an error, given as the last argument or alone, with its stack. */
  exception(message: unknown, ...args: readonly unknown[]): void {
    this.log('ERROR', message, ...args);
  }
  log(level: Level, message: unknown, ...args: readonly unknown[]): void {
    this.logWith({}, level, message, ...args);
  }
  logWith(options: LogOptions, level: Level, message: unknown, ...args: readonly unknown[]): void {
    if (!this.isEnabledFor(level)) return;
    const [changed, all] = this.process(message, options);
    this.logger.logWith(all, level, changed, ...args);
  }
}
