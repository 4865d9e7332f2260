import { inspect } from 'node:util';
import { writeAll } from '../host/thread/output.ts';
import { Handler } from './handler.ts';
import type { LogRecord } from './record.ts';

/** Writes lines to stdout or stderr, each in one piece: also while the main thread is blocked, and in the order of all threads. */
export class StreamHandler extends Handler {
  /** Where the lines go. */
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

/** Writes nothing: for libraries that log, whose users may not. */
export class NullHandler extends Handler {
  emit(_record: LogRecord): void {}
}
