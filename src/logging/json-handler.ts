import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { appendLine, fileOf } from './file-handler.ts';
import { Handler } from './handler.ts';
import { CRITICAL, DEBUG, ERROR, INFO, WARNING } from './levels.ts';
import type { LogRecord } from './record.ts';

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
    const destination = { write: (line: string) => appendLine(fd, Buffer.from(line)) };
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
  /** `stdout`, `stderr`, or the file, as an absolute path. */
  readonly to: string;

  /** `stdout`, `stderr`, or a file, which is appended to. */
  constructor(to = 'stderr') {
    super();
    this.to = to === 'stdout' || to === 'stderr' ? to : resolve(to);
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
