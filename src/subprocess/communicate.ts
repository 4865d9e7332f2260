import { StateError } from '../base/errors.ts';
import type { Wait } from '../base/deadline.ts';
import { deferred } from '../base/deferred.ts';
import { within } from '../base/within.ts';
import { Collector } from './collector.ts';
import { MaxBufferExceeded, TextTooLongError, TimeoutExpired } from './errors.ts';
import type { Command } from './command.ts';
import type { Input } from './options.ts';
import { feed, isBrokenPipe } from './pump.ts';
import { settledSoon } from './soon.ts';
import type { ReadPipe } from './read-pipe.ts';
import type { Coding } from './text.ts';
import type { WritePipe } from './write-pipe.ts';

/** What was read; `null` where there was no pipe. */
export interface Communicated<T extends Buffer | string = Buffer | string> {
  /** What it wrote to stdout; `null` where that was no pipe. */
  readonly stdout: T | null;
  /** What it wrote to stderr; `null` where that was no pipe. */
  readonly stderr: T | null;
}

/** The side of a `Popen` that is talked to. */
interface Talker {
  readonly args: Command;
  readonly stdin: WritePipe | null;
  readonly stdout: ReadPipe | null;
  readonly stderr: ReadPipe | null;
  /** What this process carries for it, until it has ended and all of that is done. */
  readonly carried: readonly Promise<void>[];
  wait(): Promise<number>;
  /** Calls `call` when it has ended, without keeping the program alive until then. */
  whenEnded(call: () => void): void;
  /** Stops reading what it writes. */
  closeOutputs(): void;
}

/** More than a pipe holds by itself. */
const MUCH = 64 * 1024;

/** One conversation with a command, which may be interrupted by time-outs and taken up again. */
export class Communication {
  readonly #talker: Talker;
  readonly #coding: Coding | null;
  readonly #limit: number;
  readonly #collectors: { readonly stdout: Collector | null; readonly stderr: Collector | null };
  readonly #over = deferred<never>();
  readonly #ends: Promise<unknown>;
  #feeding: Promise<void> | null = null;
  #feedError: { readonly error: unknown } | null = null;

  constructor(talker: Talker, coding: Coding | null, maxBuffer: number | undefined) {
    this.#talker = talker;
    this.#coding = coding;
    this.#limit = maxBuffer ?? Infinity;
    this.#over.promise.catch(() => {});
    const ends: Promise<void>[] = [];
    const collect = (pipe: ReadPipe | null): Collector | null => {
      if (pipe === null || pipe.isGone) return null;
      const ended = deferred<void>();
      const collector = new Collector(
        this.#limit,
        () => this.#exceeded(),
        (error) => (error === null ? ended.resolve() : ended.reject(error)),
      );
      pipe.flow().deliverTo(collector);
      ends.push(ended.promise);
      return collector;
    };
    this.#collectors = { stdout: collect(talker.stdout), stderr: collect(talker.stderr) };
    this.#ends = Promise.all([...ends, ...talker.carried.map((pump) => pump.catch(ignoreBrokenPipe))]);
    this.#ends.catch(() => {});
  }

  #exceeded(): void {
    this.#over.reject(new MaxBufferExceeded(this.#talker.args, this.#limit, this.#text('stdout'), this.#text('stderr')));
  }

  /** Goes on until the command has ended and everything is read. */
  async go(input: Input | null, wait: Wait, drain: number | undefined): Promise<void> {
    this.#send(input);
    this.#refPipes(true);
    try {
      const result = await within(Promise.race([this.#all(drain), this.#over.promise]), wait);
      if (!result.inTime) throw new TimeoutExpired(this.#talker.args, wait.timeout!, this.#text('stdout'), this.#text('stderr'));
    } finally {
      this.#refPipes(false);
    }
    if (this.#feedError !== null) throw this.#feedError.error;
  }

  #send(input: Input | null): void {
    const { stdin } = this.#talker;
    if (this.#feeding !== null) {
      if (input !== null)
        throw new StateError('ERR_COMMUNICATING', 'cannot give input to a command that is being communicated with already');
      return;
    }
    if (input !== null && stdin === null) throw new StateError('ERR_NO_STDIN', 'cannot give input to a command whose stdin is no PIPE');
    const isOpen = stdin !== null && !stdin.isGone;
    const send = async (): Promise<void> => {
      if (!isOpen) return;
      if (input === null) await stdin.close();
      else if (typeof input === 'string' || input instanceof Uint8Array) {
        if (input.length > MUCH) stdin.widen();
        if (input.length > 0) stdin.stream.write(stdin.encoded(input));
        await stdin.close();
      } else await feed(stdin, input, (stop) => this.#talker.whenEnded(stop));
    };
    this.#feeding = send().catch((error: unknown) => {
      // A child that does not read its input to the end is right to do so.
      if (!isBrokenPipe(error)) this.#feedError = { error };
    });
  }

  async #all(drain: number | undefined): Promise<void> {
    const ended = this.#talker.wait();
    ended.catch(() => {});
    if (drain === undefined) {
      await this.#ends;
      await ended;
      return;
    }
    await ended;
    const late = await within(this.#ends, { timeout: drain });
    if (!late.inTime) this.close();
  }

  /** Hears the last of a command that was ended, for so long, and stops reading then. */
  async finish(ms: number): Promise<void> {
    this.#refPipes(true);
    await settledSoon(this.#ends, ms);
    this.close();
  }

  /** Stops reading: descendants that still write are on their own. */
  close(): void {
    this.#talker.closeOutputs();
    this.#talker.stdin?.closeNow();
  }

  #refPipes(on: boolean): void {
    for (const name of ['stdout', 'stderr'] as const) if (this.#collectors[name] !== null) this.#talker[name]?.flowIfOpen()?.ref(on);
  }

  result(): Communicated {
    return { stdout: this.#text('stdout'), stderr: this.#text('stderr') };
  }

  #text(name: 'stdout' | 'stderr'): Buffer | string | null {
    const bytes = this.#collectors[name]?.bytes() ?? null;
    return bytes === null || this.#coding === null ? bytes : decoded(this.#talker.args, bytes, this.#coding);
  }
}

function ignoreBrokenPipe(error: unknown): void {
  if (!isBrokenPipe(error)) throw error;
}

/** The text of an output. `TextTooLongError` when no string can hold it. */
export function decoded(command: Command, bytes: Buffer, coding: Coding): string {
  try {
    return coding.decode(bytes);
  } catch (error) {
    if (bytes.length >= 0x1000_0000 && /string longer|string length|ERR_STRING_TOO_LONG|too long/i.test(String(error)))
      throw new TextTooLongError(command, bytes);
    throw error;
  }
}
