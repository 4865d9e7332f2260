import { basename } from 'node:path';
import { format } from 'node:util';
import { type Caller, callerOutside } from '../base/caller.ts';
import { here } from '../host/process/setup.ts';
import { currentThread } from '../threading/index.ts';
import { getLevelName } from './levels.ts';

/** The package's own code: its frames are not where a program logs. */
const OWN = new URL('../', import.meta.url).href;
const LOADED = performance.timeOrigin + performance.now();

/** One thing that was logged, with what formats and filters may ask of it. */
export class LogRecord {
  readonly name: string;
  readonly levelno: number;
  readonly levelname: string;
  readonly msg: unknown;
  readonly args: readonly unknown[];
  /** Seconds since 1970, as in Python. */
  readonly created: number;
  readonly thread: number | null;
  readonly threadName: string;
  readonly process: number;
  readonly processName: string;
  /** What `exception` was given, or the last argument if it is an error. */
  readonly error: Error | null;
  readonly extra: Readonly<Record<string, unknown>>;
  #caller: Caller | null | undefined;
  #message: string | undefined;

  constructor(name: string, level: number, msg: unknown, args: readonly unknown[], extra: Readonly<Record<string, unknown>> = {}) {
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
    this.error = last instanceof Error ? last : null;
    this.extra = extra;
  }

  /** The message with its arguments, as `util.format` joins them: `%s`, `%d`, `%o`, … An error at the end stands apart, with its stack. */
  get message(): string {
    const args = this.error === null || this.args.length === 0 ? this.args : this.args.slice(0, -1);
    return (this.#message ??= this.msg instanceof Error && args.length === 0 ? this.msg.message : format(this.msg, ...args));
  }

  get msecs(): number {
    return Math.floor((this.created * 1000) % 1000);
  }
  /** Milliseconds since this module was loaded. */
  get relativeCreated(): number {
    return this.created * 1000 - LOADED;
  }
  // Where it was logged is found out while it is being logged, when a format asks: afterwards the stack is another one.
  get pathname(): string {
    return this.#called()?.file ?? '(unknown)';
  }
  get filename(): string {
    return basename(this.pathname);
  }
  get module(): string {
    return this.filename.replace(/\.[^.]*$/, '');
  }
  get lineno(): number {
    return this.#called()?.line ?? 0;
  }
  get funcName(): string {
    return this.#called()?.functionName || '<module>';
  }

  #called(): Caller | null {
    if (this.#caller === undefined) this.#caller = callerOutside(OWN);
    return this.#caller;
  }
}
