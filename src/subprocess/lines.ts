import { StringDecoder } from 'node:string_decoder';
import { deferred, type Deferred } from '../base/deferred.ts';
import { within } from '../base/within.ts';
import type { Inflow, Receiver } from './inflow.ts';
import type { LineOptions } from './read-pipe.ts';
import type { Coding } from './text.ts';

const UTF8: Pick<Coding, 'decoder'> = { decoder: () => new StringDecoder('utf8') };

/** Cuts text that comes in pieces into lines; the last one may lack its end. */
class LineCutter {
  readonly #decoder: ReturnType<Coding['decoder']>;
  readonly #keepEnds: boolean;
  #rest = '';

  constructor(coding: Coding | null, keepEnds: boolean) {
    this.#decoder = (coding ?? UTF8).decoder();
    this.#keepEnds = keepEnds;
  }

  push(bytes: Buffer): string[] {
    return this.#cut(this.#decoder.write(bytes));
  }

  #cut(text: string): string[] {
    // Without a newline in it, a long line would be searched again with each piece.
    if (!text.includes('\n')) {
      this.#rest += text;
      return [];
    }
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    return this.#keepEnds ? lines.map((line) => `${line}\n`) : lines;
  }

  end(): string[] {
    const lines = this.#cut(this.#decoder.end());
    if (this.#rest !== '') lines.push(this.#rest);
    this.#rest = '';
    return lines;
  }
}

export function* splitLines(pieces: Iterable<Buffer>, coding: Coding | null, keepEnds: boolean): Generator<string, void, void> {
  const cutter = new LineCutter(coding, keepEnds);
  for (const piece of pieces) yield* cutter.push(piece);
  yield* cutter.end();
}

/** Lines one after another; written by hand, for a generator costs three times as much a line. */
export class LineIterator implements AsyncIterableIterator<string>, Receiver {
  readonly #flow: Inflow;
  readonly #close: () => void;
  readonly #cutter: LineCutter;
  readonly #signal: AbortSignal | undefined;
  #lines: string[] = [];
  #at = 0;
  #isOver = false;
  #error: { readonly error: unknown } | null = null;
  #awaited: Deferred<void> | null = null;

  constructor(flow: Inflow, close: () => void, coding: Coding | null, { keepEnds = false, signal }: LineOptions) {
    this.#flow = flow;
    this.#close = close;
    this.#cutter = new LineCutter(coding, keepEnds);
    this.#signal = signal;
  }

  chunk(bytes: Buffer): boolean {
    try {
      this.#add(this.#cutter.push(bytes));
    } catch (error) {
      this.#fail(error);
    }
    // The next piece is fetched when these lines have been taken.
    return this.#lines.length === 0;
  }

  end(error: Error | null): void {
    try {
      this.#add(this.#cutter.end());
    } catch (failure) {
      this.#fail(failure);
    }
    this.#isOver = true;
    if (error !== null) this.#fail(error);
    this.#awaited?.resolve();
    this.#awaited = null;
  }

  #add(lines: string[]): void {
    if (lines.length === 0) return;
    this.#lines = this.#at >= this.#lines.length ? lines : [...this.#lines.slice(this.#at), ...lines];
    this.#at = 0;
    this.#awaited?.resolve();
    this.#awaited = null;
  }

  #fail(error: unknown): void {
    this.#error ??= { error };
    this.#awaited?.resolve();
    this.#awaited = null;
  }

  next(): Promise<IteratorResult<string>> {
    if (this.#at < this.#lines.length) return Promise.resolve({ done: false, value: this.#lines[this.#at++]! });
    return this.#fetch();
  }

  async #fetch(): Promise<IteratorResult<string>> {
    for (;;) {
      if (this.#at < this.#lines.length) return { done: false, value: this.#lines[this.#at++]! };
      if (this.#error !== null) {
        this.#close();
        throw this.#error.error;
      }
      if (this.#isOver) return { done: true, value: undefined };
      this.#lines = [];
      this.#at = 0;
      const awaited = (this.#awaited ??= deferred());
      this.#flow.deliverTo(this);
      await within(awaited.promise, { signal: this.#signal });
    }
  }

  return(): Promise<IteratorResult<string>> {
    this.#isOver = true;
    this.#lines = [];
    this.#at = 0;
    this.#close();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
