import { writeAll } from '../host/thread/output.ts';
import { reduce } from '../message/closures/index.ts';
import { newerConfiguration, publishConfiguration } from './configuration.ts';
import { checkFilter, filtered, type FilterLike } from './filter.ts';
import { adopt, type Handler, onHandlerChange } from './handler.ts';
import { CRITICAL, DEBUG, ERROR, INFO, type Level, levelNumber, NOTSET, WARNING } from './levels.ts';
import { LogRecord, type RecordOptions } from './record.ts';

/** What can be said of one record, beside its message. */
export type LogOptions = RecordOptions;

/** How a logger is set up, as it travels. */
export interface LoggerSetup {
  readonly name: string;
  readonly level: number;
  readonly propagate: boolean;
  readonly disabled: boolean;
  readonly handlers: readonly Handler[];
  readonly filters: readonly FilterLike[];
}
/** All loggers with their settings, in the form in which they go to other threads. */
export interface Configuration {
  /** How each logger is set up, the root first. */
  readonly loggers: readonly LoggerSetup[];
  /** What is below this level is dropped by all loggers: see `disable`. */
  readonly disabledBelow: number;
}

const loggers = new Map<string, Logger>();
let disabledBelow = NOTSET;

/**
 * A named place to log to: Python's `logging.Logger`. `a.b` is a child of `a`, and all are children of the root: what a logger
 * lets through goes to its handlers and to those of its parents. Levels, handlers and filters hold in all threads, also in
 * those that run already; what can't travel is refused.
 */
export class Logger {
  /** Its whole name, with those of its parents: `a.b`; `root` for the root. */
  readonly name: string;
  /** The logger whose handlers get its records too; `null` for the root. */
  readonly parent: Logger | null;
  #level: number;
  #propagate = true;
  #disabled = false;
  #handlers: readonly Handler[] = [];
  #filters: readonly FilterLike[] = [];

  /** @internal Use `getLogger`. */
  constructor(name: string, parent: Logger | null, level: number) {
    this.name = name;
    this.parent = parent;
    this.#level = level;
  }

  /** Its own level; `NOTSET`, 0, when its parents decide. */
  get level(): number {
    refresh();
    return this.#level;
  }
  /** Whether its records go to its parents' handlers too: true at first. To set it holds in all threads. */
  get propagate(): boolean {
    refresh();
    return this.#propagate;
  }
  set propagate(propagate: boolean) {
    this.#change(() => (this.#propagate = propagate));
  }
  /** Whether it drops everything. Its children are not touched. To set it holds in all threads. */
  get disabled(): boolean {
    refresh();
    return this.#disabled;
  }
  set disabled(disabled: boolean) {
    this.#change(() => (this.#disabled = disabled));
  }
  /** Its own handlers. Those of its parents get its records too, while `propagate` is true. */
  get handlers(): readonly Handler[] {
    refresh();
    return this.#handlers;
  }
  /** What a record of this logger has to pass, in this order. Records of its children do not come by here. */
  get filters(): readonly FilterLike[] {
    refresh();
    return this.#filters;
  }

  /** Sets the least level that is let through, in all threads: a number or a name. `NOTSET` leaves it to the parents. */
  setLevel(level: Level): void {
    const number = levelNumber(level);
    this.#change(() => (this.#level = number));
  }
  /** Adds a handler, in all threads; without effect when it is there. `SendError`, and no change, for one that can't travel. */
  addHandler(handler: Handler): void {
    if (!this.handlers.includes(handler)) this.#change(() => (this.#handlers = [...this.#handlers, adopt(handler)]));
  }
  /** Takes a handler away, in all threads; it is not closed. Without effect when it is not there. */
  removeHandler(handler: Handler): void {
    if (this.handlers.includes(handler)) this.#change(() => (this.#handlers = this.#handlers.filter((one) => one !== handler)));
  }
  /** Adds a filter, in all threads. `TypeError` for what is none; `SendError`, and no change, for one that can't travel. */
  addFilter(filter: FilterLike): void {
    checkFilter(filter);
    this.#change(() => (this.#filters = [...this.#filters, filter]));
  }
  /** Takes a filter away, in all threads. Without effect when it is not there. */
  removeFilter(filter: FilterLike): void {
    this.#change(() => (this.#filters = this.#filters.filter((one) => one !== filter)));
  }

  /** Changes it here and tells the others; when something can't travel, nothing has changed. */
  #change(change: () => unknown): void {
    refresh();
    const before = this.setup;
    change();
    try {
      publishConfiguration(configuration());
    } catch (error) {
      this.restore(before);
      throw error;
    }
  }

  /** A logger arrives as the logger of that name. */
  [reduce](): readonly [typeof getLogger, readonly [string]] {
    return [getLogger, [this.name]];
  }

  /** @internal */
  get setup(): LoggerSetup {
    return {
      name: this.name,
      level: this.#level,
      propagate: this.#propagate,
      disabled: this.#disabled,
      handlers: this.#handlers,
      filters: this.#filters,
    };
  }
  /** @internal */
  restore({ level, propagate, disabled, handlers, filters }: LoggerSetup): void {
    this.#level = level;
    this.#propagate = propagate;
    this.#disabled = disabled;
    this.#handlers = handlers.map(adopt);
    this.#filters = filters;
  }

  /** The level that decides: its own, or that of the nearest parent that has one. */
  getEffectiveLevel(): number {
    refresh();
    for (const { setup } of lineOf(this)) if (setup.level !== NOTSET) return setup.level;
    return NOTSET;
  }
  /** Whether a record of that level would be made: ask before what is costly to put together. */
  isEnabledFor(level: Level): boolean {
    const number = levelNumber(level);
    return !this.disabled && number >= disabledBelow && number >= this.getEffectiveLevel();
  }
  /** Whether a record would reach a handler. */
  hasHandlers(): boolean {
    refresh();
    return handlersOf(this).length > 0;
  }
  /** The loggers right below this one that there are, in this thread. */
  getChildren(): Set<Logger> {
    return new Set([...loggers.values()].filter(({ parent }) => parent === this));
  }
  /** The logger below this one with that name: `getLogger('a').getChild('b.c')` is `getLogger('a.b.c')`. */
  getChild(suffix: string): Logger {
    return getLogger(this.parent === null ? suffix : `${this.name}.${suffix}`);
  }

  /** Logs a message; `%s`, `%d`, `%o` in it stand for the arguments. */
  debug(message: unknown, ...args: readonly unknown[]): void {
    this.log(DEBUG, message, ...args);
  }
  /** Logs a message of the level INFO, 20. */
  info(message: unknown, ...args: readonly unknown[]): void {
    this.log(INFO, message, ...args);
  }
  /** Logs a message of the level WARNING, 30. */
  warning(message: unknown, ...args: readonly unknown[]): void {
    this.log(WARNING, message, ...args);
  }
  /** Logs a message of the level ERROR, 40. An error as the last argument is shown with its stack. */
  error(message: unknown, ...args: readonly unknown[]): void {
    this.log(ERROR, message, ...args);
  }
  /** Logs a message of the level CRITICAL, 50. */
  critical(message: unknown, ...args: readonly unknown[]): void {
    this.log(CRITICAL, message, ...args);
  }
  /** Logs an error, given as the last argument or alone, with its stack. */
  exception(message: unknown, ...args: readonly unknown[]): void {
    this.log(ERROR, message, ...args);
  }
  /** Logs a message of any level, a number or a name. Blocks while the handlers write. */
  log(level: Level, message: unknown, ...args: readonly unknown[]): void {
    if (this.isEnabledFor(level)) this.handle(new LogRecord(this.name, levelNumber(level), message, args));
  }
  /** The same, with fields of one's own for the format, and the stack. */
  logWith(options: LogOptions, level: Level, message: unknown, ...args: readonly unknown[]): void {
    if (this.isEnabledFor(level)) this.handle(new LogRecord(this.name, levelNumber(level), message, args, options));
  }

  /** Gives a record to the handlers of this logger and of its parents. */
  handle(record: LogRecord): void {
    refresh();
    const left = this.#disabled ? null : filtered(record, this.#filters);
    if (left === null) return;
    const handlers = handlersOf(this);
    for (const handler of handlers) handler.handle(left);
    // Nobody has configured anything: what is a warning or worse is not swallowed.
    if (handlers.length === 0 && left.levelno >= WARNING) writeAll(2, Buffer.from(`${left.message}\n`));
  }
}

/** A logger and its parents, as far as the root. */
function* lineOf(logger: Logger): Generator<Logger> {
  for (let at: Logger | null = logger; at !== null; at = at.parent) yield at;
}

/** The handlers that a record of this logger goes to. */
function handlersOf(logger: Logger): Handler[] {
  const found: Handler[] = [];
  for (const { setup } of lineOf(logger)) {
    found.push(...setup.handlers);
    if (!setup.propagate) break;
  }
  return found;
}

/** The root of all loggers. It lets warnings through, and what is worse, until it is told otherwise. */
export const root: Logger = new Logger('root', null, WARNING);

/** The logger of this name, the same one each time; the root when there is none. */
export function getLogger(name = ''): Logger {
  if (name === '' || name === 'root') return root;
  let logger = loggers.get(name);
  if (logger === undefined) {
    const dot = name.lastIndexOf('.');
    loggers.set(name, (logger = new Logger(name, dot < 0 ? root : getLogger(name.slice(0, dot)), NOTSET)));
  }
  return logger;
}

/** Lets nothing through, of all loggers, that is not above this level: quick to turn on and off. `NOTSET` undoes it. */
export function disable(level: Level = CRITICAL): void {
  refresh();
  const number = levelNumber(level);
  disabledBelow = number === NOTSET ? NOTSET : number + 1;
  publishConfiguration(configuration());
}

/** The loggers that this thread has asked for, without the root. */
export function existingLoggers(): readonly Logger[] {
  return [...loggers.values()];
}

onHandlerChange.current = (handler) => {
  const all = [root, ...loggers.values()];
  if (all.some(({ setup }) => setup.handlers.includes(handler))) publishConfiguration(configuration());
};

/** How all loggers are set up, to be taken to another process. */
export function configuration(): Configuration {
  return { loggers: [root, ...loggers.values()].map(({ setup }) => setup), disabledBelow };
}

export function restoreConfiguration(wanted: Configuration): void {
  for (const setup of wanted.loggers) getLogger(setup.name).restore(setup);
  ({ disabledBelow } = wanted);
}

/** Takes over what another thread has configured since. */
function refresh(): void {
  const newer = newerConfiguration();
  if (newer !== null) restoreConfiguration(newer as Configuration);
}
