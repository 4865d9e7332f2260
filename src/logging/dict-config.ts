import { FileHandler, WatchedFileHandler } from './file-handler.ts';
import { Filter, type FilterLike } from './filter.ts';
import { Formatter } from './formatter.ts';
import { Handler } from './handler.ts';
import { NullHandler, StreamHandler } from './handlers.ts';
import { JsonHandler } from './json-handler.ts';
import { type Level, NOTSET } from './levels.ts';
import { existingLoggers, getLogger, type Logger, root } from './logger.ts';
import { MemoryHandler } from './memory-handler.ts';
import { QueueHandler } from './queue-handler.ts';
import { RotatingFileHandler, TimedRotatingFileHandler } from './rotating-file-handler.ts';

type HandlerClass = new (...args: never[]) => Handler;

const CLASSES: Readonly<Record<string, HandlerClass>> = {
  FileHandler,
  JsonHandler,
  MemoryHandler,
  NullHandler,
  QueueHandler,
  RotatingFileHandler,
  StreamHandler,
  TimedRotatingFileHandler,
  WatchedFileHandler,
};

/** A handler, as `dictConfig` is told of it. */
export interface HandlerConfig {
  /** A class, or the name of one of this module's. */
  readonly class: string | HandlerClass;
  /** What its constructor is given. */
  readonly args?: readonly unknown[] | undefined;
  /** The least level that it writes; all when left out. */
  readonly level?: Level | undefined;
  /** Names of `formatters` and `filters`. */
  readonly formatter?: string | undefined;
  /** Names among `filters`. */
  readonly filters?: readonly string[] | undefined;
}

/** A logger, as `dictConfig` is told of it. */
export interface LoggerConfig {
  /** The least level that it lets through. Left out, its parents decide, and the root keeps its own. */
  readonly level?: Level | undefined;
  /** Whether its records go to its parents' handlers too; as it is when left out. */
  readonly propagate?: boolean | undefined;
  /** Names of `handlers` and `filters`. */
  readonly handlers?: readonly string[] | undefined;
  /** Names among `filters`. */
  readonly filters?: readonly string[] | undefined;
}

/** What `dictConfig` sets up: all of logging, as plain data. */
export interface DictConfig {
  /** The version of this form: there is one. */
  readonly version: 1;
  /** Formatters by names that handlers refer to. */
  readonly formatters?: Readonly<Record<string, { readonly format?: string; readonly dateFormat?: string }>> | undefined;
  /** Filters by names that handlers and loggers refer to. */
  readonly filters?: Readonly<Record<string, FilterLike | { readonly name: string }>> | undefined;
  /** Handlers by names that loggers refer to. */
  readonly handlers?: Readonly<Record<string, HandlerConfig>> | undefined;
  /** Loggers by their own names. */
  readonly loggers?: Readonly<Record<string, LoggerConfig>> | undefined;
  /** The root. */
  readonly root?: LoggerConfig | undefined;
  /** Loggers that there are, and that the configuration does not name, are disabled, unless this is false. */
  readonly disableExistingLoggers?: boolean | undefined;
}

/** Sets everything up from one object: Python's `logging.config.dictConfig`. Throws `RangeError` for a name that it doesn't define. */
export function dictConfig(config: DictConfig): void {
  if (config.version !== 1) throw new RangeError(`the version of a configuration must be 1: got ${String(config.version)}`);
  const named = <T>(what: string, all: ReadonlyMap<string, T>, name: string): T => {
    const found = all.get(name);
    if (found === undefined)
      throw new RangeError(`the configuration has no ${what} '${name}': it has ${[...all.keys()].join(', ') || 'none'}`);
    return found;
  };
  const mapped = <T, U>(all: Readonly<Record<string, T>> | undefined, make: (one: T) => U): Map<string, U> =>
    new Map(Object.entries(all ?? {}).map(([name, one]) => [name, make(one)]));

  const formatters = mapped(config.formatters, ({ format, dateFormat }) => new Formatter(format, { dateFormat }));
  const filters = mapped(config.filters, (one): FilterLike =>
    typeof one === 'function' || 'filter' in one ? (one as FilterLike) : new Filter(one.name),
  );
  const handlers = mapped(config.handlers, (one) => {
    const made = typeof one.class === 'string' ? named('class', new Map(Object.entries(CLASSES)), one.class) : one.class;
    const handler = Reflect.construct(made, one.args ?? []) as Handler;
    if (one.level !== undefined) handler.setLevel(one.level);
    if (one.formatter !== undefined) handler.setFormatter(named('formatter', formatters, one.formatter));
    for (const filter of one.filters ?? []) handler.addFilter(named('filter', filters, filter));
    return handler;
  });

  const resolve = (one: LoggerConfig): Resolved => ({
    ...one,
    handlers: (one.handlers ?? []).map((name) => named('handler', handlers, name)),
    filters: (one.filters ?? []).map((name) => named('filter', filters, name)),
  });
  // Every name is looked up before anything changes.
  const wanted = mapped(config.loggers, resolve);
  const wantedRoot = config.root === undefined ? null : resolve(config.root);
  if (config.disableExistingLoggers !== false) {
    for (const logger of existingLoggers())
      if (![...wanted.keys()].some((name) => logger.name === name || logger.name.startsWith(`${name}.`))) logger.disabled = true;
  }
  for (const [name, one] of wanted) setUp(getLogger(name), one);
  if (wantedRoot !== null) setUp(root, wantedRoot);
}

interface Resolved extends Pick<LoggerConfig, 'level' | 'propagate'> {
  readonly handlers: readonly Handler[];
  readonly filters: readonly FilterLike[];
}

function setUp(logger: Logger, { level, propagate, handlers, filters }: Resolved): void {
  for (const handler of logger.handlers) logger.removeHandler(handler);
  for (const filter of logger.filters) logger.removeFilter(filter);
  for (const handler of handlers) logger.addHandler(handler);
  for (const filter of filters) logger.addFilter(filter);
  logger.setLevel(level ?? (logger === root ? logger.level : NOTSET));
  if (propagate !== undefined) logger.propagate = propagate;
  logger.disabled = false;
}
