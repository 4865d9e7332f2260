import { existsSync, fstatSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { OutOfRangeError } from '../base/errors.ts';
import { float64, Lock, SharedValue } from '../threading/index.ts';
import { appendLine, closeFile, currentFileOf, FileHandler, type FileHandlerOptions } from './file-handler.ts';
import type { LogRecord } from './record.ts';
import { strftime } from './strftime.ts';

function count(value: number, name: string): number {
  if (!Number.isInteger(value) || value < 0)
    throw new OutOfRangeError('ERR_OUT_OF_RANGE', `${name} must be a whole number from 0 on: got ${value}`);
  return value;
}

/** A file that is moved away now and then. The threads of a process agree on that by a lock; other processes need files of their own. */
abstract class RollingFileHandler extends FileHandler {
  readonly backupCount: number;
  protected readonly lock: Lock = new Lock({ robust: false });

  constructor(filename: string, { backupCount = 0, ...options }: FileHandlerOptions & { readonly backupCount?: number | undefined }) {
    super(filename, options);
    this.backupCount = count(backupCount, 'backupCount');
  }

  /** Whether the file is to be moved away before this line. */
  protected abstract isDue(file: number, line: Uint8Array): boolean;
  /** Moves it away. Called under the lock, with the file closed in this thread. */
  protected abstract rollOver(): void;

  override emit(record: LogRecord): void {
    const line = Buffer.from(`${this.format(record)}\n`);
    using _ = this.lock.acquireSync();
    if (this.isDue(currentFileOf(this.filename), line)) {
      closeFile(this.filename);
      this.rollOver();
    }
    appendLine(currentFileOf(this.filename), line);
  }
}

/** When a `RotatingFileHandler` moves its file away, and how many old ones it keeps. */
export interface RotatingOptions extends FileHandlerOptions {
  /** A file that would become larger is moved away first; 0, the default: never. */
  readonly maxBytes?: number | undefined;
  /** How many old files there are: `name.1` is the youngest. With 0, none, the file only grows. */
  readonly backupCount?: number | undefined;
}

/** A file of a limited size, and some older ones: Python's `RotatingFileHandler`. */
export class RotatingFileHandler extends RollingFileHandler {
  /** How many bytes the file may have; 0: any number. */
  readonly maxBytes: number;

  constructor(filename: string, { maxBytes = 0, ...options }: RotatingOptions = {}) {
    super(filename, options);
    this.maxBytes = count(maxBytes, 'maxBytes');
  }

  protected isDue(file: number, line: Uint8Array): boolean {
    if (this.maxBytes === 0 || this.backupCount === 0) return false;
    const { size } = fstatSync(file);
    return size > 0 && size + line.length > this.maxBytes;
  }

  protected rollOver(): void {
    for (let i = this.backupCount - 1; i >= 0; i--) {
      const from = i === 0 ? this.filename : `${this.filename}.${i}`;
      if (existsSync(from)) renameSync(from, `${this.filename}.${i + 1}`);
    }
  }
}

/** When a `TimedRotatingFileHandler` moves its file away, and how many old ones it keeps. */
export interface TimedRotatingOptions extends FileHandlerOptions {
  /** Seconds, minutes, hours, days, midnight, or a day of the week, Monday first: `W0` to `W6`. `H` when left out. */
  readonly when?: 'S' | 'M' | 'H' | 'D' | 'MIDNIGHT' | `W${0 | 1 | 2 | 3 | 4 | 5 | 6}` | undefined;
  /** After how many of them. */
  readonly interval?: number | undefined;
  /** How many old files are kept; all of them when 0. */
  readonly backupCount?: number | undefined;
  /** By UTC, and not by local time, which is used when left out. */
  readonly utc?: boolean | undefined;
}

const DAY = 86_400_000;
const UNITS: Readonly<Record<string, readonly [ms: number, suffix: string, pattern: RegExp]>> = {
  S: [1000, '%Y-%m-%d_%H-%M-%S', /^\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d$/],
  M: [60_000, '%Y-%m-%d_%H-%M', /^\d{4}-\d\d-\d\d_\d\d-\d\d$/],
  H: [3_600_000, '%Y-%m-%d_%H', /^\d{4}-\d\d-\d\d_\d\d$/],
  D: [DAY, '%Y-%m-%d', /^\d{4}-\d\d-\d\d$/],
  MIDNIGHT: [DAY, '%Y-%m-%d', /^\d{4}-\d\d-\d\d$/],
};

/** A file for each hour, day or week, and some older ones, named after the time at which they began: Python's `TimedRotatingFileHandler`. */
export class TimedRotatingFileHandler extends RollingFileHandler {
  /** The unit, in capitals: `S`, `M`, `H`, `D`, `MIDNIGHT`, `W0` to `W6`. */
  readonly when: string;
  /** After how many of the units of `when` the file is moved away. */
  readonly interval: number;
  /** Whether midnight, and the time in the names of old files, are those of UTC. */
  readonly utc: boolean;
  /** When the file is to be moved away next, in all threads. */
  protected readonly next: SharedValue<number>;

  constructor(filename: string, { when = 'H', interval = 1, utc = false, ...options }: TimedRotatingOptions = {}) {
    super(filename, options);
    const name = when.toUpperCase();
    if (!(name in UNITS) && !/^W[0-6]$/.test(name)) throw new RangeError(`when must be S, M, H, D, MIDNIGHT or W0 to W6: got ${when}`);
    if (count(interval, 'interval') === 0) throw new OutOfRangeError('ERR_OUT_OF_RANGE', 'interval must be at least 1: got 0');
    this.when = name;
    this.interval = interval;
    this.utc = utc;
    const written = statSync(this.filename, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    this.next = new SharedValue(float64, nextTime(written, name, interval, utc));
  }

  protected isDue(): boolean {
    return Date.now() >= this.next.value;
  }

  protected rollOver(): void {
    const [ms, suffix, pattern] = UNITS[this.when.startsWith('W') ? 'D' : this.when]!;
    const began = this.next.value - (this.when.startsWith('W') ? 7 * DAY : ms * this.interval);
    const old = `${this.filename}.${strftime(new Date(began), suffix, this.utc)}`;
    rmSync(old, { force: true });
    if (existsSync(this.filename)) renameSync(this.filename, old);
    const now = Date.now();
    let next = this.next.value;
    while (next <= now) next = nextTime(Math.max(next, now - ms * this.interval), this.when, this.interval, this.utc);
    this.next.value = next;
    if (this.backupCount === 0) return;
    const prefix = `${basename(this.filename)}.`;
    const folder = dirname(this.filename);
    const backups = readdirSync(folder).filter((file) => file.startsWith(prefix) && pattern.test(file.slice(prefix.length)));
    for (const file of backups.toSorted().slice(0, -this.backupCount)) rmSync(join(folder, file), { force: true });
  }
}

function nextTime(time: number, when: string, interval: number, utc: boolean): number {
  if (when !== 'MIDNIGHT' && !when.startsWith('W')) return time + UNITS[when]![0] * interval;
  const date = new Date(time);
  const weekday = ((utc ? date.getUTCDay() : date.getDay()) + 6) % 7; // Monday is 0, as in Python.
  const days = when === 'MIDNIGHT' ? interval : ((Number(when.slice(1)) - weekday + 7) % 7) + 1;
  return utc
    ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + days)
    : new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
}
