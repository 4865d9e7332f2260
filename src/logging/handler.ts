import { inspect } from 'node:util';
import { writeAll } from '../host/thread/output.ts';
import { getIdent } from '../threading/index.ts';
import { checkFilter, filtered, type FilterLike } from './filter.ts';
import { Formatter } from './formatter.ts';
import { type Level, levelNumber, NOTSET } from './levels.ts';
import type { LogRecord } from './record.ts';

const plain = new Formatter();
let made = 0;

/** Called when a handler's settings have changed, so that all threads get them. Throws `SendError` when they can't travel. */
export const onHandlerChange: { current: (handler: Handler) => void } = { current: () => {} };

type Settings = Pick<Handler, 'level' | 'formatter' | 'filters'>;

/**
 * Where records go. Extend it by `emit`. A handler that a logger has is there in all threads, each has its copy; what its methods
 * change holds in all of them.
 */
export abstract class Handler {
  /** The copies in other threads have the same. */
  readonly id: string = `${process.pid}.${getIdent()}.${++made}`;
  /** Records below this level are not written. `NOTSET`, 0, lets all through. */
  readonly level: number = NOTSET;
  /** What makes the text of a record; `null`: the bare message. */
  readonly formatter: Formatter | null = null;
  /** What a record has to pass, in this order. */
  readonly filters: readonly FilterLike[] = [];

  /** Writes one record. Called once its level and its filters have let it through. */
  abstract emit(record: LogRecord): void;

  /** Sets the least level that is written, in all threads that have the handler: a number or a name. Gives the handler. */
  setLevel(level: Level): this {
    return change(this, { level: levelNumber(level) });
  }
  /** Sets what makes the text of a record, in all threads that have the handler. `SendError`, and no change, for one that can't travel. */
  setFormatter(formatter: Formatter | null): this {
    return change(this, { formatter });
  }
  /**
   * Adds a filter, in all threads that have the handler. `TypeError` for what is none; `SendError`, and no change, for one that can't
   * travel.
   */
  addFilter(filter: FilterLike): this {
    checkFilter(filter);
    return change(this, { filters: [...this.filters, filter] });
  }
  /** Takes a filter away, in all threads that have the handler. Without effect when it is not there. */
  removeFilter(filter: FilterLike): this {
    return change(this, { filters: this.filters.filter((one) => one !== filter) });
  }

  /** The text of a record: what `emit` writes. */
  format(record: LogRecord): string {
    return (this.formatter ?? plain).formatRecord(record);
  }

  /** Writes a record if its level and the filters let it through. Never throws: errors go to `handleError`. */
  handle(record: LogRecord): void {
    if (record.levelno < this.level) return;
    try {
      const left = filtered(record, this.filters);
      if (left !== null) this.emit(left);
    } catch (error) {
      this.handleError(record, error);
    }
  }

  /** A log that can't be written must not end the program that it tells about. */
  handleError(record: LogRecord, error: unknown): void {
    writeAll(2, Buffer.from(`--- Logging error ---\n${inspect(error)}\nMessage: ${inspect(record.msg)}\n`));
  }

  /** Writes what is kept back. */
  flush(): void {}
  /** Flushes, and lets go of what it has open in this thread. */
  close(): void {
    this.flush();
  }
}

/** Changes it here and tells the others; when that can't travel, nothing has changed. */
function change<H extends Handler>(handler: H, settings: Partial<Settings>): H {
  const { level, formatter, filters } = handler;
  Object.assign(handler, settings);
  try {
    onHandlerChange.current(handler);
  } catch (error) {
    Object.assign(handler, { level, formatter, filters });
    throw error;
  }
  return handler;
}

/** The handlers of this thread, by their ids. */
const known = new Map<string, Handler>();

/** This thread's handler for one that has come from another: the one that it has, with the settings that have come, or a new one. */
export function adopt(arrived: Handler): Handler {
  const mine = known.get(arrived.id);
  if (mine === arrived) return mine;
  const { level, formatter, filters } = arrived;
  if (mine !== undefined) return Object.assign(mine, { level, formatter, filters } satisfies Settings);
  known.set(arrived.id, arrived);
  for (const [key, value] of Object.entries(arrived)) if (value instanceof Handler) Object.assign(arrived, { [key]: adopt(value) });
  return arrived;
}

export function handlersHere(): Iterable<Handler> {
  return known.values();
}
