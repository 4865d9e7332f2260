import { basename } from 'node:path';
import { type Caller, callerOutside } from '../base/caller.ts';
import { isError } from '../base/is-error.ts';
import { here } from '../host/process/setup.ts';
import { currentThread } from '../threading/index.ts';
import { reduce } from '../message/closures/index.ts';
import { getLevelName } from './levels.ts';
import { formatMessage } from './percent.ts';

/** The package's own code: its frames are not where a program logs. */
const OWN = new URL('../', import.meta.url).href;
const LOADED = performance.timeOrigin + performance.now();

export interface RecordOptions {
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
  /** Adds the stack of whoever logs. */
  readonly stackInfo?: boolean | undefined;
}

function stackHere(): string {
  const { prepareStackTrace } = Error;
  let depth = 0;
  try {
    Error.prepareStackTrace = (_, sites) => {
      const files = sites.map((site) => site.getFileName() ?? '');
      depth = Math.max(
        0,
        files.findIndex((file) => !file.startsWith(OWN) && !file.startsWith(OWN.slice('file://'.length))),
      );
      return '';
    };
    void new Error().stack;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
  const lines = (new Error('stack').stack ?? '').split('\n').slice(1 + depth);
  return ['Stack (most recent call first):', ...lines].join('\n');
}

/** One thing that was logged, with what formats and filters may ask of it. */
export class LogRecord {
  /** The name of the logger. */
  readonly name: string;
  /** The level as a number: 10 DEBUG, 20 INFO, 30 WARNING, 40 ERROR, 50 CRITICAL. */
  readonly levelno: number;
  /** The name of the level: `WARNING`. */
  readonly levelname: string;
  /** The message as it was given; `message` has the arguments in it. */
  readonly msg: unknown;
  /** What stands for the `%` directives of `msg`. Empty when the record came from another thread: its message is made. */
  readonly args: readonly unknown[];
  /** Seconds since 1970, as in Python. */
  readonly created: number;
  /** The ident of the thread that logged it. */
  readonly thread: number | null;
  /** The name of that thread: `MainThread` for the main one. */
  readonly threadName: string;
  /** The number of the process that logged it. */
  readonly process: number;
  /** The name of that process: `MainProcess` for the first. */
  readonly processName: string;
  /** What `exception` was given, or the last argument if it is an error. */
  readonly error: Error | null;
  /** Fields of one's own, which a format can name. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** Where it was logged, as the lines of a stack, when that was asked for. */
  readonly stackInfo: string | null;
  #caller: Caller | null | undefined;
  #message: string | undefined;

  constructor(name: string, level: number, msg: unknown, args: readonly unknown[], { extra = {}, stackInfo = false }: RecordOptions = {}) {
    const thread = currentThread();
    this.name = name;
    this.levelno = level;
    this.levelname = getLevelName(level);
    this.msg = msg;
    this.args = args;
    this.created = Date.now() / 1000;
    this.thread = thread.ident;
    this.threadName = thread.name;
    this.process = process.pid;
    this.processName = here.setup?.name ?? 'MainProcess';
    const last = args.length > 0 ? args[args.length - 1] : msg;
    this.error = isError(last) ? last : null;
    this.extra = extra;
    this.stackInfo = stackInfo ? stackHere() : null;
  }

  /** The message with its arguments: `%s`, `%d`, `%0.02f`, `%(name)s`, … An error at the end stands apart, with its stack. */
  get message(): string {
    const args = this.error === null || this.args.length === 0 ? this.args : this.args.slice(0, -1);
    return (this.#message ??= isError(this.msg) && args.length === 0 ? this.msg.message : formatMessage(this.msg, args));
  }

  /** The milliseconds of `created`: whole, from 0 to 999. */
  get msecs(): number {
    return Math.floor((this.created * 1000) % 1000);
  }
  /** Milliseconds since this module was loaded. */
  get relativeCreated(): number {
    return this.created * 1000 - LOADED;
  }
  // Where it was logged is found out while it is being logged, when a format asks: afterwards the stack is another one.
  /** The file that logged it; `(unknown)` when that can't be found out. */
  get pathname(): string {
    return this.#called()?.file ?? '(unknown)';
  }
  /** The last part of `pathname`. */
  get filename(): string {
    return basename(this.pathname);
  }
  /** `filename` without what follows its last dot. */
  get module(): string {
    return this.filename.replace(/\.[^.]*$/, '');
  }
  /** The line that logged it, from 1 on; 0 when that is not known. */
  get lineno(): number {
    return this.#called()?.line ?? 0;
  }
  /** The function that logged it; `<module>` outside of any. */
  get funcName(): string {
    return this.#called()?.functionName || '<module>';
  }

  /** Makes the message and finds the caller now, while they can be found. */
  settle(): this {
    this.#called();
    void this.message;
    return this;
  }

  /** A record travels with its message made, and without the arguments of that. */
  [reduce](): readonly [typeof restored, readonly [Plain]] {
    const { name, levelno, message, created, thread, threadName, process, processName, error, extra, stackInfo } = this;
    return [
      restored,
      [{ name, levelno, message, created, thread, threadName, process, processName, error, extra, stackInfo, caller: this.#called() }],
    ];
  }

  #called(): Caller | null {
    if (this.#caller === undefined) this.#caller = callerOutside(OWN);
    return this.#caller;
  }

  /** @internal */
  static restore({ message, caller, levelno, ...plain }: Plain): LogRecord {
    const record = new LogRecord(plain.name, levelno, message, []);
    Object.assign(record, plain);
    record.#message = message;
    record.#caller = caller;
    return record;
  }
}

type Plain = Pick<
  LogRecord,
  'name' | 'levelno' | 'message' | 'created' | 'thread' | 'threadName' | 'process' | 'processName' | 'error' | 'extra' | 'stackInfo'
> & { readonly caller: Caller | null };

/** @internal A record that has come from another thread. */
export function restored(plain: Plain): LogRecord {
  return LogRecord.restore(plain);
}
