import { closeSync, mkdirSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { inspect } from 'node:util';
import { writeAll } from '../host/thread/output.ts';
import { Formatter } from './formatter.ts';
import { CRITICAL, DEBUG, ERROR, INFO, type Level, levelNumber, NOTSET, WARNING } from './levels.ts';
import type { LogRecord } from './record.ts';

/** Whether a record is let through. */
export type Filter = (record: LogRecord) => boolean;

const plain = new Formatter();

/** Where records go. Extend it by `emit`. */
export abstract class Handler {
  level: number = NOTSET;
  formatter: Formatter | null = null;
  filters: Filter[] = [];

  /** Writes one record. Called once its level and its filters have let it through. */
  abstract emit(record: LogRecord): void;

  setLevel(level: Level): this {
    this.level = levelNumber(level);
    return this;
  }
  setFormatter(formatter: Formatter): this {
    this.formatter = formatter;
    return this;
  }
  addFilter(filter: Filter): this {
    this.filters.push(filter);
    return this;
  }

  format(record: LogRecord): string {
    return (this.formatter ?? plain).formatRecord(record);
  }

  handle(record: LogRecord): void {
    if (record.levelno < this.level || !this.filters.every((filter) => filter(record))) return;
    try {
      this.emit(record);
    } catch (error) {
      // A log that can't be written must not end the program that it tells about.
      writeAll(2, Buffer.from(`--- Logging error ---\n${inspect(error)}\nMessage: ${inspect(record.msg)}\n`));
    }
  }

  close(): void {}
}

/** Writes lines to stdout or stderr, each in one piece: also while the main thread is blocked, and in the order of all threads. */
export class StreamHandler extends Handler {
  readonly stream: 'stdout' | 'stderr';

  constructor(stream: 'stdout' | 'stderr' = 'stderr') {
    super();
    if (stream !== 'stdout' && stream !== 'stderr') throw new TypeError(`a stream is 'stdout' or 'stderr': got ${inspect(stream)}`);
    this.stream = stream;
  }

  emit(record: LogRecord): void {
    writeAll(this.stream === 'stdout' ? 1 : 2, Buffer.from(`${this.format(record)}\n`));
  }
}

/** Files that this thread has open, by their names. */
const files = new Map<string, number>();

function fileOf(filename: string): number {
  let file = files.get(filename);
  if (file === undefined) files.set(filename, (file = openSync(filename, 'a')));
  return file;
}

/** Appends lines to a file, each in one piece: threads and processes may write to the same one. */
export class FileHandler extends Handler {
  readonly filename: string;

  /** With the mode `w` the file is emptied first. Folders that are missing are made. */
  constructor(filename: string, { mode = 'a' }: { readonly mode?: 'a' | 'w' } = {}) {
    super();
    this.filename = resolve(filename);
    mkdirSync(dirname(this.filename), { recursive: true });
    if (mode === 'w') closeSync(openSync(this.filename, 'w'));
    fileOf(this.filename);
  }

  emit(record: LogRecord): void {
    writeAll(fileOf(this.filename), Buffer.from(`${this.format(record)}\n`));
  }

  override close(): void {
    const file = files.get(this.filename);
    files.delete(this.filename);
    if (file !== undefined) closeSync(file);
  }
}

type Pino = typeof import('pino');
const LEVELS = { debug: DEBUG, info: INFO, warning: WARNING, error: ERROR, critical: CRITICAL } as const;
type Writer = import('pino').Logger<keyof typeof LEVELS, true>;
const writers = new Map<string, Writer>();

/** The named level that is nearest below. */
function labelOf(level: number): keyof typeof LEVELS {
  return level >= CRITICAL ? 'critical' : level >= ERROR ? 'error' : level >= WARNING ? 'warning' : level >= INFO ? 'info' : 'debug';
}

function writerTo(to: string): Writer {
  let writer = writers.get(to);
  if (writer === undefined) {
    // Loaded by whoever asks for JSON.
    const { pino } = createRequire(import.meta.url)('pino') as Pino;
    const fd = to === 'stdout' ? 1 : to === 'stderr' ? 2 : fileOf(to);
    const destination = { write: (line: string) => writeAll(fd, Buffer.from(line)) };
    const formatters = { level: (level: string) => ({ level: level.toUpperCase() }) };
    writer = pino(
      { base: null, timestamp: false, level: 'debug', customLevels: LEVELS, useOnlyCustomLevels: true, formatters },
      destination,
    );
    writers.set(to, writer);
  }
  return writer;
}

/** Writes records as JSON lines, one object each, by pino: errors with their stack, and what `extra` says as fields. */
export class JsonHandler extends Handler {
  readonly to: string;

  /** `stdout`, `stderr`, or a file, which is appended to. */
  constructor(to = 'stderr') {
    super();
    this.to = to === 'stdout' || to === 'stderr' ? to : resolve(to);
    if (this.to === to) return;
    mkdirSync(dirname(this.to), { recursive: true });
  }

  emit(record: LogRecord): void {
    writerTo(this.to)[labelOf(record.levelno)]({
      time: new Date(record.created * 1000).toISOString(),
      name: record.name,
      process: record.process,
      processName: record.processName,
      thread: record.thread,
      threadName: record.threadName,
      ...record.extra,
      ...(record.error === null ? {} : { err: record.error }),
      msg: record.message,
    });
  }
}

/** Writes nothing: for libraries that log, whose users may not. */
export class NullHandler extends Handler {
  emit(_record: LogRecord): void {}
}
