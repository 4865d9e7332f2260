import type { LogRecord } from './record.ts';

/**
 * Lets through what is logged by one logger and by its children: Python's `logging.Filter`. Without a name, everything. A class of one's
 * own overrides `filter`.
 */
export class Filter {
  /** The logger that is let through, with its children; empty: all are. */
  readonly name: string;

  constructor(name = '') {
    this.name = name;
  }

  /** Whether the record is let through; a record, to go on with that one instead. */
  filter(record: LogRecord): boolean | LogRecord {
    return this.name === '' || record.name === this.name || record.name.startsWith(`${this.name}.`);
  }
}

/** A `Filter`, or a function that does the same. */
export type FilterLike = { filter(record: LogRecord): boolean | LogRecord } | ((record: LogRecord) => boolean | LogRecord);

/** The record that is left after these filters; `null` when one of them keeps it back. */
export function filtered(record: LogRecord, filters: readonly FilterLike[]): LogRecord | null {
  let left = record;
  for (const one of filters) {
    const answer = typeof one === 'function' ? one(left) : one.filter(left);
    if (answer === false) return null;
    if (typeof answer === 'object' && answer !== null) left = answer;
  }
  return left;
}

export function checkFilter(filter: unknown): void {
  if (typeof filter !== 'function' && typeof (filter as { filter?: unknown } | null)?.filter !== 'function')
    throw new TypeError(`a filter is a function, or an object with a method filter: got ${filter === null ? 'null' : typeof filter}`);
}
