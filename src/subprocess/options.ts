import type { Readable, Writable } from 'node:stream';
import type { TerminalSize } from '../system/terminal.ts';
import type { Environment, Word } from './command.ts';
import type { DEVNULL, PIPE, STDOUT } from './constants.ts';
import type { ReadPipe } from './read-pipe.ts';
import type { TextOptions } from './text.ts';
import type { Data, WritePipe } from './write-pipe.ts';

/** Something with a descriptor: a number, an open file of Node's. */
export type Descriptor = number | { readonly fd: number };

/** A file that is opened for the command, and closed afterwards. */
export interface FileRedirect {
  /** Its path. For output it is made when it is missing, and emptied unless `append` is set. */
  readonly file: string | URL;
  /** Output goes behind what the file has. */
  readonly append?: boolean | undefined;
}

/** What can be fed to a command piece by piece. */
export type Feed = Iterable<Data> | AsyncIterable<Data> | Readable | ReadableStream<Data>;
/** What a command can be fed with. */
export type Input = Data | Feed;

/** `null` and nothing: this process's own. */
export type Stdin = typeof PIPE | typeof DEVNULL | null | undefined | Descriptor | FileRedirect | ReadPipe | Feed;
/** What takes the bytes of a command: a stream of Node's or of the web. */
export type Sink = Writable | WritableStream<Uint8Array>;
/** Several: each gets all of it, and with `PIPE` among them it can be read as well. */
export type Several = readonly (typeof PIPE | Descriptor | FileRedirect | Sink)[];
/** Where the output of a command goes; `null` and nothing: where this process's own goes. */
export type Stdout = typeof PIPE | typeof DEVNULL | null | undefined | Descriptor | FileRedirect | WritePipe | Sink | Several;
/** Where the errors of a command go; `STDOUT`: where its output goes. */
export type Stderr = Stdout | typeof STDOUT;

/** How a command is started. */
export interface PopenOptions extends TextOptions {
  /** Where its input comes from: this process's stdin when left out. */
  readonly stdin?: Stdin;
  /** Where its output goes: this process's stdout when left out. */
  readonly stdout?: Stdout;
  /** Where its errors go: this process's stderr when left out. */
  readonly stderr?: Stderr;
  /** The command is a line for `/bin/sh`, or for the shell named here. */
  readonly shell?: boolean | string | undefined;
  /** The file that is run in place of the one that the command names. */
  readonly executable?: Word | undefined;
  /** The folder in which the command begins; this process's when left out. A relative path of the command itself counts from there. */
  readonly cwd?: string | Uint8Array | URL | undefined;
  /** The whole environment, instead of this process's. */
  readonly env?: Environment | undefined;
  /** True when left out: the child gets no other descriptors than 0, 1, 2 and those of `passFds`. */
  readonly closeFds?: boolean | undefined;
  /** Descriptors of this process that the child gets under the same numbers. */
  readonly passFds?: readonly number[] | undefined;
  /** True when left out: the child does not ignore SIGPIPE and SIGXFSZ, as Node does. */
  readonly restoreSignals?: boolean | undefined;
  /** The child leads a session of its own, without a terminal. */
  readonly startNewSession?: boolean | undefined;
  /** The group that the child joins; 0: one of its own. */
  readonly processGroup?: number | undefined;
  /** By number or name. Needs the right to. */
  readonly user?: number | string | undefined;
  /** By number or name. Needs the right to. */
  readonly group?: number | string | undefined;
  /** The further groups that the child has, instead of this process's. Needs the right to. */
  readonly extraGroups?: readonly (number | string)[] | undefined;
  /** Permissions that files which the child makes shall not have, as `0o077`; this process's when left out. */
  readonly umask?: number | undefined;
  /**
   * The command gets a terminal of its own, through which all of its input and output goes: `stdin` and `stdout` here. What is written there
   * is shown there too, as terminals do. 80 columns and 24 rows when left out.
   */
  readonly pty?: boolean | Partial<TerminalSize> | undefined;
  /** How many bytes the pipes should hold. */
  readonly pipesize?: number | undefined;
}

/** How a command is ended when its time is up or it is cancelled. */
export interface KillOptions {
  /** What it gets first; `SIGTERM` when left out. */
  readonly signal?: NodeJS.Signals | number | undefined;
  /** Milliseconds until what is left gets SIGKILL; 2000 when left out. */
  readonly grace?: number | undefined;
  /** `tree` when left out: with all its descendants; or the process alone. */
  readonly scope?: 'tree' | 'process' | undefined;
}
