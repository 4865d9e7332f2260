import { onThreadEnd } from '../host/thread/run-thread.ts';
import { atExit } from '../base/at-exit.ts';
import { OutOfRangeError } from '../base/errors.ts';
import { Handler, handlersHere } from './handler.ts';
import { ERROR, type Level, levelNumber } from './levels.ts';
import type { LogRecord } from './record.ts';

/** What each handler of this thread keeps back. */
const kept = new WeakMap<Handler, LogRecord[]>();
let isWatching = false;

/** How many records a `MemoryHandler` keeps back, and what makes it let go of them. */
export interface MemoryHandlerOptions {
  /** A record of this level or worse lets all go: `ERROR` when left out. */
  readonly flushLevel?: Level | undefined;
  /** What gets the records. Without one they are kept back for good. */
  readonly target?: Handler | null | undefined;
}

/**
 * Keeps records back until there are `capacity`, or a bad one comes, and gives all to its target then: Python's `MemoryHandler`. Each
 * thread keeps its own; what is left goes to the target when the thread ends, and when the process does.
 */
export class MemoryHandler extends Handler {
  /** How many records one thread keeps back at most. */
  readonly capacity: number;
  /** The level, as a number, from which on a record lets all go. */
  readonly flushLevel: number;
  /** What gets the records; while it is `null`, they stay here. */
  readonly target: Handler | null;

  constructor(capacity: number, { flushLevel = ERROR, target = null }: MemoryHandlerOptions = {}) {
    super();
    if (!Number.isInteger(capacity) || capacity < 0)
      throw new OutOfRangeError('ERR_OUT_OF_RANGE', `capacity must be a whole number from 0 on: got ${capacity}`);
    this.capacity = capacity;
    this.flushLevel = levelNumber(flushLevel);
    this.target = target;
  }

  /** The records that this thread has kept back. */
  get buffer(): readonly LogRecord[] {
    return kept.get(this) ?? [];
  }

  emit(record: LogRecord): void {
    flushAtTheEnd();
    record.settle();
    const records = kept.get(this);
    if (records === undefined) kept.set(this, [record]);
    else records.push(record);
    if (this.shouldFlush(record)) this.flush();
  }

  /** Whether all go now that this record has come. A class of one's own may override it. */
  shouldFlush(record: LogRecord): boolean {
    return this.buffer.length >= this.capacity || record.levelno >= this.flushLevel;
  }

  override flush(): void {
    if (this.target === null) return;
    const records = this.buffer;
    kept.delete(this);
    for (const record of records) this.target.handle(record);
  }
}

function flushAtTheEnd(): void {
  if (isWatching) return;
  isWatching = true;
  const flush = (): void => {
    for (const handler of handlersHere()) if (handler instanceof MemoryHandler) handler.flush();
  };
  onThreadEnd.push(flush);
  atExit(flush);
}
