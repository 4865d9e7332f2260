import { inspect } from 'node:util';
import { replaceDirectives } from './percent.ts';
import type { LogRecord } from './record.ts';
import { strftime } from './strftime.ts';

/** How a `Formatter` writes records. */
export interface FormatterOptions {
  /** How `asctime` is written: what stands in `strftime`. */
  readonly dateFormat?: string | undefined;
}

/**
 * Makes a text of a record, as Python's `%` style has it: `%(asctime)s %(levelname)-8s (%(threadName)-10s) %(message)s`. Fields
 * are those of `LogRecord`, and what `extra` adds. An error is written below, with its stack.
 */
export class Formatter {
  /** The format, as it was given. */
  readonly format: string;
  /** How `asctime` is written, as `strftime` has it; `null`: as Python does, with milliseconds. */
  readonly dateFormat: string | null;

  constructor(format = '%(message)s', { dateFormat }: FormatterOptions = {}) {
    if (typeof format !== 'string') throw new TypeError(`a format must be a text: got ${typeof format}`);
    this.format = format;
    this.dateFormat = dateFormat ?? null;
  }

  /** The text of one record, without a line break at its end. `RangeError` for a field that the record does not have. */
  formatRecord(record: LogRecord): string {
    const line = replaceDirectives(this.format, (name, whole) =>
      name === undefined ? undefined : { value: name === 'asctime' ? this.formatTime(record) : fieldOf(record, name, whole) },
    );
    const below = [record.error === null ? null : this.formatException(record.error), record.stackInfo];
    return [line, ...below.filter((text) => text !== null)].join('\n');
  }

  /** `2026-11-24 09:30:00,123`, in local time, or as `dateFormat` says. */
  formatTime(record: LogRecord): string {
    const date = new Date(record.created * 1000);
    if (this.dateFormat !== null) return strftime(date, this.dateFormat);
    return `${strftime(date, '%Y-%m-%d %H:%M:%S')},${String(record.msecs).padStart(3, '0')}`;
  }

  /** The lines that stand below for an error: its stack. A class of one's own may override it. */
  formatException(error: Error): string {
    return error.stack ?? inspect(error);
  }
}

function fieldOf(record: LogRecord, name: string, whole: string): unknown {
  const value = name in record.extra ? record.extra[name] : (record as unknown as Record<string, unknown>)[name];
  if (value === undefined) throw new RangeError(`the format names ${whole}, which the record does not have: give it as extra: { ${name} }`);
  return value;
}
