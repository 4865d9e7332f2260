import { inspect } from 'node:util';
import type { LogRecord } from './record.ts';

export interface FormatterOptions {
  /** How `asctime` is written: what stands in `strftime`, of `%Y %m %d %H %M %S`. */
  readonly dateFormat?: string | undefined;
}

/** What stands between `%(` and `)`. */
const FIELD = /%\((\w+)\)([-0]?\d*)(?:\.(\d+))?([sdfr])|%%/g;

/**
 * Makes a text of a record, as Python's `%` style has it: `%(asctime)s %(levelname)-8s (%(threadName)-10s) %(message)s`. Fields
 * are those of `LogRecord`, and what `extra` adds. An error is written below, with its stack.
 */
export class Formatter {
  readonly format: string;
  readonly dateFormat: string | null;

  constructor(format = '%(message)s', { dateFormat }: FormatterOptions = {}) {
    if (typeof format !== 'string') throw new TypeError(`a format must be a text: got ${typeof format}`);
    this.format = format;
    this.dateFormat = dateFormat ?? null;
  }

  formatRecord(record: LogRecord): string {
    const line = this.format.replace(FIELD, (whole, name: string | undefined, width: string, digits: string | undefined, type: string) =>
      name === undefined ? '%' : pad(name === 'asctime' ? this.formatTime(record) : fieldOf(record, name, whole, digits, type), width),
    );
    return record.error === null ? line : `${line}\n${record.error.stack ?? inspect(record.error)}`;
  }

  /** `2026-11-24 09:30:00,123`, in local time, or as `dateFormat` says. */
  formatTime(record: LogRecord): string {
    const date = new Date(record.created * 1000);
    const text = strftime(date, this.dateFormat ?? '%Y-%m-%d %H:%M:%S');
    return this.dateFormat === null ? `${text},${two(record.msecs, 3)}` : text;
  }
}

function fieldOf(record: LogRecord, name: string, whole: string, digits: string | undefined, type: string): string {
  const value = name in record.extra ? record.extra[name] : (record as unknown as Record<string, unknown>)[name];
  if (value === undefined) throw new RangeError(`the format names ${whole}, which the record does not have: give it as extra: { ${name} }`);
  if (type === 'f') return Number(value).toFixed(digits === undefined ? 6 : Number(digits));
  if (type === 'd') return String(Math.trunc(Number(value)));
  const text = type === 'r' ? inspect(value) : String(value);
  return digits === undefined ? text : text.slice(0, Number(digits));
}

const two = (value: number, digits = 2): string => String(value).padStart(digits, '0');

function strftime(date: Date, format: string): string {
  const parts: Readonly<Record<string, string>> = {
    Y: String(date.getFullYear()),
    m: two(date.getMonth() + 1),
    d: two(date.getDate()),
    H: two(date.getHours()),
    M: two(date.getMinutes()),
    S: two(date.getSeconds()),
    '%': '%',
  };
  return format.replace(/%([a-zA-Z%])/g, (whole, letter: string) => parts[letter] ?? whole);
}

/** `-10`: ten wide, to the left; `10` and `010`: to the right. */
function pad(text: string, width: string): string {
  if (width === '' || width === '-') return text;
  if (width.startsWith('-')) return text.padEnd(Number(width.slice(1)));
  return width.startsWith('0') ? text.padStart(Number(width), '0') : text.padStart(Number(width));
}
