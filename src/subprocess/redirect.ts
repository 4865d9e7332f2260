import { closeSync, openSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { OutOfRangeError } from '../base/errors.ts';
import { DEVNULL, PIPE, STDOUT } from './constants.ts';
import type { Feed, FileRedirect, PopenOptions, Sink, Stderr, Stdin } from './options.ts';
import type { Placement } from './plan.ts';
import { ReadPipe } from './read-pipe.ts';
import { WritePipe } from './write-pipe.ts';

/** Where a command's three streams go, and what this process has to do for that. */
export interface Redirects {
  readonly stdio: [Placement, Placement, Placement];
  /** What comes through a pipe of ours from or to something without a descriptor. */
  readonly feed: Feed | null;
  readonly sinks: readonly [stdout: Sink | null, stderr: Sink | null];
  /** Lets go of what was opened, or taken over, for the child: it has its own now, or there is none. */
  readonly release: () => void;
}

const NAMES = ['stdin', 'stdout', 'stderr'] as const;

export function redirect({ stdin, stdout, stderr }: Pick<PopenOptions, 'stdin' | 'stdout' | 'stderr'>): Redirects {
  const opened: number[] = [];
  const release = (): void => {
    for (const fd of opened.splice(0)) closeSync(fd);
  };
  const open = (path: string | URL, flags: string): Placement => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return { is: 'descriptor', fd };
  };
  let feed: Feed | null = null;
  const sinks: [Sink | null, Sink | null] = [null, null];
  const place = (value: Stdin | Stderr, i: 0 | 1 | 2): Placement => {
    if (value === undefined || value === null) return { is: 'descriptor', fd: i };
    if (value === PIPE) return { is: 'pipe' };
    if (value === DEVNULL) return open('/dev/null', 'r+');
    if (value === STDOUT && i === 2) return { is: 'stdout' };
    if (typeof value === 'number') return { is: 'descriptor', fd: descriptor(value, NAMES[i]) };
    if (typeof value !== 'object')
      throw new TypeError(
        `${NAMES[i]} can't be ${String(value)}: ${i === 2 ? '' : 'STDOUT is for stderr only; '}use PIPE, DEVNULL, a file, a descriptor or a stream`,
      );
    if (isFile(value)) return open(value.file, i === 0 ? 'r' : value.append === true ? 'a' : 'w');
    const isOther = value instanceof ReadPipe || value instanceof WritePipe;
    if (isOther) {
      if ((i === 0) !== value instanceof ReadPipe)
        throw new TypeError(`${NAMES[i]} must be the ${i === 0 ? 'output' : 'input'} of another command`);
      const given = value.give('to another command');
      if (typeof given !== 'number') return { is: 'stream', stream: given };
      opened.push(given);
      return { is: 'descriptor', fd: given };
    }
    const fd = (value as { fd?: unknown }).fd;
    if (typeof fd === 'number') return { is: 'descriptor', fd: descriptor(fd, NAMES[i]) };
    if (i === 0) feed = asFeed(value);
    else sinks[i - 1] = asSink(value, NAMES[i]);
    return { is: 'pipe' };
  };
  try {
    return {
      stdio: [place(stdin, 0), place(stdout, 1), place(stderr, 2)],
      get feed() {
        return feed;
      },
      sinks,
      release,
    };
  } catch (error) {
    release();
    throw error;
  }
}

function descriptor(fd: number, name: string): number {
  if (Number.isInteger(fd) && fd >= 0) return fd;
  throw new OutOfRangeError('ERR_DESCRIPTOR', `${name}: a descriptor is an integer from 0 on: got ${fd}`);
}

const isFile = (value: object): value is FileRedirect => 'file' in value && (typeof value.file === 'string' || value.file instanceof URL);

function asFeed(value: object): Feed {
  if (value instanceof Uint8Array) throw new TypeError('stdin takes a stream or an iterable of pieces: give bytes as `input`');
  if (Symbol.iterator in value || Symbol.asyncIterator in value || value instanceof ReadableStream || value instanceof Readable)
    return value as Feed;
  throw new TypeError('stdin must be PIPE, DEVNULL, a file, a descriptor, the output of another command, a stream or an iterable');
}

function asSink(value: object, name: string): Sink {
  if (value instanceof WritableStream || value instanceof Writable || typeof (value as { write?: unknown }).write === 'function')
    return value as Sink;
  throw new TypeError(`${name} must be PIPE, DEVNULL, a file, a descriptor, the input of another command or a stream`);
}
