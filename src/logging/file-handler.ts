import { closeSync, fstatSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { writeAll } from '../host/thread/output.ts';
import { Handler } from './handler.ts';
import type { LogRecord } from './record.ts';

/** Files that this thread has open, by their names. */
const files = new Map<string, number>();

/** The descriptor of a file that is opened to append, with its folders. */
export function fileOf(filename: string): number {
  let file = files.get(filename);
  if (file === undefined) {
    mkdirSync(dirname(filename), { recursive: true });
    files.set(filename, (file = openSync(filename, 'a')));
  }
  return file;
}

export function closeFile(filename: string): void {
  const file = files.get(filename);
  files.delete(filename);
  if (file === undefined) return;
  torn.delete(file);
  closeSync(file);
}

/** Files whose last line is not whole: their disk was full in the midst of it. */
const torn = new Set<number>();

/** Appends a line in one piece. After one that could be written in part only, it begins on a line of its own. */
export function appendLine(file: number, line: Uint8Array): void {
  try {
    writeAll(file, torn.has(file) ? Buffer.concat([Buffer.from('\n'), line]) : line);
    torn.delete(file);
  } catch (error) {
    if ((error as { readonly bytesWritten: number }).bytesWritten > 0) torn.add(file);
    throw error;
  }
}

/** The descriptor of the file that has this name now: somebody may have moved away the one that was opened. */
export function currentFileOf(filename: string): number {
  const there = statSync(filename, { throwIfNoEntry: false });
  const open = fstatSync(fileOf(filename));
  if (there?.ino !== open.ino || there.dev !== open.dev) closeFile(filename);
  return fileOf(filename);
}

/** How a file of a log is opened. */
export interface FileHandlerOptions {
  /** `a`, the default, appends; `w` empties the file first. */
  readonly mode?: 'a' | 'w' | undefined;
  /** Opens the file when the first record comes. */
  readonly delay?: boolean | undefined;
}

/** Appends lines to a file, each in one piece: threads and processes may write to the same one. Folders that are missing are made. */
export class FileHandler extends Handler {
  /** The file, as an absolute path. When it is moved away, records go on to the file that was opened. */
  readonly filename: string;

  constructor(filename: string, { mode = 'a', delay = false }: FileHandlerOptions = {}) {
    super();
    this.filename = resolve(filename);
    if (mode === 'w') {
      mkdirSync(dirname(this.filename), { recursive: true });
      closeSync(openSync(this.filename, 'w'));
    }
    if (!delay) fileOf(this.filename);
  }

  emit(record: LogRecord): void {
    appendLine(fileOf(this.filename), Buffer.from(`${this.format(record)}\n`));
  }

  override close(): void {
    closeFile(this.filename);
  }
}

/** The same, for a file that others move away now and then, such as `logrotate`: what comes then begins a new one. */
export class WatchedFileHandler extends FileHandler {
  override emit(record: LogRecord): void {
    appendLine(currentFileOf(this.filename), Buffer.from(`${this.format(record)}\n`));
  }
}
