import { Formatter } from './formatter.ts';
import { FileHandler } from './file-handler.ts';
import type { Handler } from './handler.ts';
import { StreamHandler } from './handlers.ts';
import type { Level } from './levels.ts';
import { root } from './logger.ts';

/** What `basicConfig` sets up. */
export interface BasicConfig {
  /** From which level on the root lets through: WARNING when left out. */
  readonly level?: Level | undefined;
  /** `%(levelname)s:%(name)s:%(message)s` when left out. */
  readonly format?: string | undefined;
  /** How `asctime` is written, as `strftime` has it. */
  readonly dateFormat?: string | undefined;
  /** Log to this file instead of stderr. */
  readonly filename?: string | undefined;
  /** `a`, the default, appends; `w` empties the file first. */
  readonly fileMode?: 'a' | 'w' | undefined;
  /** Where the lines go; stderr when left out. Not together with `filename`. */
  readonly stream?: 'stdout' | 'stderr' | undefined;
  /** Handlers of one's own; those that have no formatter get this one. */
  readonly handlers?: readonly Handler[] | undefined;
  /** Removes what is there first. Otherwise nothing happens when the root has handlers already. */
  readonly force?: boolean | undefined;
}

/** Sets up the root logger, for all threads: Python's `logging.basicConfig`. */
export function basicConfig({ level, format, dateFormat, filename, fileMode, stream, handlers, force = false }: BasicConfig = {}): void {
  if ([filename, stream, handlers].filter((one) => one !== undefined).length > 1)
    throw new TypeError('basicConfig takes one of filename, stream and handlers: they say where the records go');
  if (force) {
    for (const handler of root.handlers) {
      root.removeHandler(handler);
      handler.close();
    }
  }
  if (root.handlers.length > 0) return;
  const formatter = new Formatter(format ?? '%(levelname)s:%(name)s:%(message)s', { dateFormat });
  const wanted =
    handlers ?? (filename === undefined ? [new StreamHandler(stream)] : [new FileHandler(filename, { mode: fileMode ?? 'a' })]);
  for (const handler of wanted) {
    if (handler.formatter === null) handler.setFormatter(formatter);
    root.addHandler(handler);
  }
  if (level !== undefined) root.setLevel(level);
}
