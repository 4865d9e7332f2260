import { readSync, writeSync } from 'node:fs';
import { deadlineAfter, remaining, type Wait } from '../base/deadline.ts';
import { StateError } from '../base/errors.ts';
import { setBlocking, setPipeSize, WIDE_PIPE } from '../system/pipes.ts';
import { POLLIN, POLLOUT, pollDescriptors } from '../system/poll.ts';
import { Collector } from './collector.ts';
import type { Command } from './command.ts';
import { type Communicated, decoded } from './communicate.ts';
import { MaxBufferExceeded, TimeoutExpired } from './errors.ts';
import type { Child } from './plan.ts';
import type { ReadPipe } from './read-pipe.ts';
import type { Coding } from './text.ts';
import type { WritePipe } from './write-pipe.ts';

interface Talker {
  readonly args: Command;
  readonly stdin: WritePipe | null;
  readonly stdout: ReadPipe | null;
  readonly stderr: ReadPipe | null;
}

/** More than a pipe holds by itself. */
const MUCH = 64 * 1024;
const ROOM = 1 << 20;
/** Writing more at once than a pipe holds gains nothing. */
const PIECE = 1 << 20;

/** One conversation without an event loop; it may be interrupted by time-outs and taken up again. */
class SyncCommunication {
  readonly #talker: Talker;
  readonly #child: Child;
  readonly #limit: number;
  readonly #outputs: { readonly name: 'stdout' | 'stderr'; readonly pipe: ReadPipe; readonly all: Collector }[] = [];
  readonly #input: Uint8Array;
  #written = 0;
  #slab = Buffer.allocUnsafeSlow(64 * 1024);
  #used = 0;
  /** It was said that there was too much. */
  #isTold = false;

  constructor(talker: Talker, child: Child, input: string | Uint8Array | null, maxBuffer: number) {
    this.#talker = talker;
    this.#child = child;
    this.#limit = maxBuffer;
    const { stdin } = talker;
    if (input !== null && stdin === null) throw new StateError('ERR_NO_STDIN', 'cannot give input to a command whose stdin is no PIPE');
    this.#input = input === null ? new Uint8Array() : stdin!.encoded(input);
    if (stdin !== null && !stdin.isGone) {
      if (this.#input.length === 0) stdin.closeNow();
      else {
        if (this.#input.length > MUCH) stdin.widen();
        setBlocking(stdin.fd, false);
      }
    }
    for (const name of ['stdout', 'stderr'] as const) {
      const pipe = talker[name];
      if (pipe === null || pipe.isGone) continue;
      setBlocking(pipe.fd, false);
      this.#outputs.push({
        name,
        pipe,
        all: new Collector(
          maxBuffer,
          () => {},
          () => {},
        ),
      });
    }
  }

  /** True when all is read and the command has ended; false when time was up. */
  go(deadline: number, drain: number, coding: Coding | null): boolean {
    const { stdin } = this.#talker;
    let last = deadline;
    for (;;) {
      const open = this.#outputs.filter(({ pipe }) => !pipe.closed);
      const isWriting = stdin !== null && !stdin.isGone;
      if (open.length === 0 && !isWriting) return this.#child.waitSync(remaining(deadline)) !== null;
      const left = remaining(last);
      if (left === 0) {
        if (last === deadline) return false;
        this.close();
        continue;
      }
      const entries = [
        ...open.map(({ pipe }) => ({ fd: pipe.fd, events: POLLIN })),
        ...(isWriting ? [{ fd: stdin.fd, events: POLLOUT }] : []),
        ...(drain !== Infinity && this.#child.pidfd !== null ? [{ fd: this.#child.pidfd, events: POLLIN }] : []),
      ];
      const ready = pollDescriptors(entries, left);
      open.forEach(({ pipe, all }, i) => {
        if (ready[i] !== 0) this.#read(pipe, all);
      });
      if (isWriting && ready[open.length] !== 0) this.#write(stdin);
      if (drain !== Infinity && last === deadline && this.#child.poll() !== null) last = Math.min(deadline, performance.now() + drain);
      if (!this.#isTold && this.#outputs.some(({ all }) => all.isOver)) {
        this.#isTold = true;
        const { stdout, stderr } = this.result(coding);
        throw new MaxBufferExceeded(this.#talker.args, this.#limit, stdout, stderr);
      }
    }
  }

  #read(pipe: ReadPipe, all: Collector): void {
    const wanted = all.room();
    if (wanted === null && this.#slab.length - this.#used < 16 * 1024) {
      if (all.total > MUCH) setPipeSize(pipe.fd, WIDE_PIPE);
      this.#slab = Buffer.allocUnsafeSlow(Math.max(ROOM, Math.min(64 * ROOM, all.total)));
      this.#used = 0;
    }
    const room = wanted ?? this.#slab.subarray(this.#used);
    let bytes = 0;
    try {
      bytes = readSync(pipe.fd, room);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return;
      throw error;
    }
    if (bytes === 0) return pipe.close();
    all.chunk(room.subarray(0, bytes));
    if (wanted === null) this.#used += bytes;
  }

  #write(stdin: WritePipe): void {
    try {
      this.#written += writeSync(stdin.fd, this.#input, this.#written, Math.min(PIECE, this.#input.length - this.#written));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') return;
      // A child that does not read its input to the end is right to do so.
      if (code !== 'EPIPE') throw error;
      this.#written = this.#input.length;
    }
    if (this.#written === this.#input.length) stdin.closeNow();
  }

  close(): void {
    for (const { pipe } of this.#outputs) pipe.close();
    this.#talker.stdin?.closeNow();
  }

  result(coding: Coding | null): Communicated {
    const of = (wanted: 'stdout' | 'stderr'): Buffer | string | null => {
      const bytes = this.#outputs.find(({ name }) => name === wanted)?.all.bytes() ?? null;
      return bytes === null || coding === null ? bytes : decoded(this.#talker.args, bytes, coding);
    };
    return { stdout: of('stdout'), stderr: of('stderr') };
  }
}

const ongoing = new WeakMap<Child, SyncCommunication>();

export interface SyncOptions extends Pick<Wait, 'timeout'> {
  readonly drain?: number | undefined;
  readonly maxBuffer?: number | undefined;
}

/** Writes and reads at once, blocking this thread until the command has ended. */
export function communicateSync(
  talker: Talker,
  child: Child,
  coding: Coding | null,
  input: string | Uint8Array | null,
  { timeout, drain = Infinity, maxBuffer = Infinity }: SyncOptions,
): Communicated {
  const deadline = deadlineAfter(timeout);
  let conversation = ongoing.get(child);
  if (conversation === undefined) ongoing.set(child, (conversation = new SyncCommunication(talker, child, input, maxBuffer)));
  else if (input !== null)
    throw new StateError('ERR_COMMUNICATING', 'cannot give input to a command that is being communicated with already');
  const isDone = conversation.go(deadline, drain, coding);
  const result = conversation.result(coding);
  if (!isDone) throw new TimeoutExpired(talker.args, timeout!, result.stdout, result.stderr);
  return result;
}

/** What has come so far. */
export const syncOutput = (child: Child, coding: Coding | null): Communicated =>
  ongoing.get(child)?.result(coding) ?? { stdout: null, stderr: null };
