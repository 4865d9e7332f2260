import { closeSync, openSync } from 'node:fs';
import { PassThrough, Readable, Writable } from 'node:stream';
import { OutOfRangeError } from '../base/errors.ts';
import { DEVNULL, PIPE, STDOUT } from './constants.ts';
import type { Feed, FileRedirect, PopenOptions, Sink, Stderr, Stdin } from './options.ts';
import type { Placement } from './plan.ts';
import type { Tee } from './pump.ts';
import { ReadPipe } from './read-pipe.ts';
import { WritePipe } from './write-pipe.ts';

/** Where a command's three streams go, and what this process has to do for that. */
export interface Redirects {
  readonly stdio: [Placement, Placement, Placement];
  /** What comes through a pipe of ours from or to something without a descriptor. */
  readonly feed: Feed | null;
  readonly tees: readonly [stdout: Tee | null, stderr: Tee | null];
  /** Lets go of what was opened for the child; and of the pipes that it was given, if it has started. */
  readonly release: (started: boolean) => void;
}

/** What may wait for the reader of the copy. */
const COPY_BYTES = 1 << 20;
const NAMES = ['stdin', 'stdout', 'stderr'] as const;

export function redirect({ stdin, stdout, stderr }: Pick<PopenOptions, 'stdin' | 'stdout' | 'stderr'>): Redirects {
  const opened: number[] = [];
  const given: (ReadPipe | WritePipe)[] = [];
  const release = (started: boolean): void => {
    for (const fd of opened.splice(0)) closeSync(fd);
    for (const pipe of started ? given : []) {
      const source = pipe.give('to another command');
      if (typeof source === 'number') closeSync(source);
    }
  };
  const open = (path: string | URL, flags: string): Placement => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return { is: 'descriptor', fd };
  };
  let feed: Feed | null = null;
  const tees: [Tee | null, Tee | null] = [null, null];
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
      const source = value.offer('give to another command');
      given.push(value);
      if (typeof source === 'number') return { is: 'descriptor', fd: source };
      if (i === 0) feed = source as Readable;
      else tees[i - 1] = { sinks: [source as Writable], copy: null, ends: true };
      return { is: 'pipe' };
    }
    const fd = (value as { fd?: unknown }).fd;
    if (typeof fd === 'number') return { is: 'descriptor', fd: descriptor(fd, NAMES[i]) };
    if (i === 0) feed = asFeed(value);
    else tees[i - 1] = asTee(value, NAMES[i]);
    return { is: 'pipe' };
  };
  try {
    return {
      stdio: [place(stdin, 0), place(stdout, 1), place(stderr, 2)],
      get feed() {
        return feed;
      },
      tees,
      release,
    };
  } catch (error) {
    release(false);
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

/** A list: the output goes to each of them, and to a pipe as well when `PIPE` is among them. */
function asTee(value: object, name: string): Tee {
  if (!Array.isArray(value)) return { sinks: [asSink(value, name)], copy: null };
  const sinks = (value as readonly unknown[]).flatMap((one) => {
    if (one === PIPE) return [];
    if (typeof one === 'number') return descriptor(one, name);
    if (typeof one !== 'object' || one === null)
      throw new TypeError(`${name}: a list holds PIPE, files, descriptors and streams: got ${String(one)}`);
    return isFile(one) ? one : asSink(one, name);
  });
  return { sinks, copy: value.includes(PIPE) ? new PassThrough({ highWaterMark: COPY_BYTES }) : null };
}

function asSink(value: object, name: string): Sink {
  if (value instanceof WritableStream || value instanceof Writable || typeof (value as { write?: unknown }).write === 'function')
    return value as Sink;
  throw new TypeError(`${name} must be PIPE, DEVNULL, a file, a descriptor, the input of another command or a stream`);
}
