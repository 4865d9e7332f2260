import { hostname } from 'node:os';
import { PerformanceObserver } from 'node:perf_hooks';
import { threadId } from 'node:worker_threads';
import { callerOutside } from '../base/caller.ts';
import { type End, observer, type Observer } from '../base/observer.ts';
import { entrySpan, type Entry, ENTRY_TYPES } from './entries.ts';
import { failureText } from './failure-text.ts';
import { plain } from './plain.ts';
import type { LanePart, Mark, Span, SpanKind } from './lane.ts';

/** So many spans and marks are kept between two pieces; of a program that makes more, the rest is counted. */
const KEPT_MAX = 200_000;
/** Waits that last so long are asked where they stand; that costs some microseconds. */
const LONG_US = 100;

const PACKAGE = new URL('../', import.meta.url).href;

interface Open {
  readonly kind: SpanKind;
  readonly name: string;
  readonly begin: number;
  readonly where?: string | undefined;
}

/** Records what this thread runs and waits for, and when, from `start` to `stop`. */
export class LaneRecorder implements Observer {
  #spans: Span[] = [];
  #marks: Mark[] = [];
  readonly #open = new Set<Open>();
  readonly #carried = new Set<string>();
  #left = 0;
  #begin = 0;
  #entries: PerformanceObserver | null = null;
  /** From this thread's clock to the one that all have in common. */
  readonly #offset = Number(process.hrtime.bigint()) / 1000 - performance.now() * 1000;

  carries(thread: string): void {
    this.#carried.add(thread);
    this.marks(`thread ${thread}`, undefined);
  }

  get carried(): readonly string[] {
    return [...this.#carried];
  }

  start(): void {
    observer.current = this;
    this.#begin = this.#now();
    if (this.#entries !== null) return;
    this.#entries = new PerformanceObserver((list) => this.#take(list.getEntries()));
    this.#entries.observe({ entryTypes: ENTRY_TYPES });
  }

  begins(name: string): End {
    return this.#opened('run', name || '<anonymous>');
  }

  lasts(kind: 'task' | 'command', name: string): End {
    return this.#opened(kind, name);
  }

  sleeps(lock: string | null, blocks: boolean): () => void {
    // An await is asked at its beginning, for at its end the stack is another.
    const place = blocks ? null : placeOutside();
    const kind = blocks ? 'block' : 'await';
    const open: Open = { kind, name: nameOf(lock, place), begin: this.#now(), where: place?.where };
    this.#open.add(open);
    return () => {
      const end = this.#now();
      this.#open.delete(open);
      const at = place ?? (end - open.begin >= LONG_US ? placeOutside() : null);
      this.#keep({ kind, name: nameOf(lock, at), begin: open.begin, end, where: at?.where });
    };
  }

  marks(name: string, detail: unknown): void {
    if (this.#isFull()) return;
    this.#marks.push({ name, at: this.#now(), ...(detail === undefined ? {} : { detail: plain(detail) }) });
  }

  /** Ends the stretch until the next `start`. What goes on is told as open. */
  stop(lane: string, isLast: boolean): LanePart {
    if (observer.current === this) observer.current = null;
    if (this.#entries !== null) this.#take(this.#entries.takeRecords());
    if (isLast) {
      this.#entries?.disconnect();
      this.#entries = null;
    }
    const end = this.#now();
    const part: LanePart = {
      version: 1,
      host: hostname(),
      pid: process.pid,
      threadId,
      lane,
      begin: this.#begin,
      end,
      spans: this.#spans,
      marks: this.#marks,
      open: [...this.#open].map((open) => ({ ...open, end })),
      left: this.#left,
    };
    this.#spans = [];
    this.#marks = [];
    this.#left = 0;
    return part;
  }

  #now(): number {
    return performance.now() * 1000 + this.#offset;
  }

  #opened(kind: SpanKind, name: string): End {
    const open: Open = { kind, name, begin: this.#now() };
    this.#open.add(open);
    return (failure) => {
      this.#open.delete(open);
      this.#keep({ ...open, end: this.#now(), ...(failure === undefined ? {} : { failure: failureText(failure.error) }) });
    };
  }

  #keep(span: Span): void {
    if (!this.#isFull()) this.#spans.push(span);
  }

  #isFull(): boolean {
    const isFull = this.#spans.length + this.#marks.length >= KEPT_MAX;
    if (isFull) this.#left++;
    return isFull;
  }

  /** What Node measures itself, and what the program measures by `performance.mark` and `performance.measure`. */
  #take(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const begin = entry.startTime * 1000 + this.#offset;
      if (entry.entryType !== 'mark') this.#keep(entrySpan(entry, begin));
      else if (!this.#isFull())
        this.#marks.push({ name: entry.name, at: begin, ...(entry.detail == null ? {} : { detail: plain(entry.detail) }) });
    }
  }
}

interface Place {
  readonly method: string;
  readonly where: string;
}

/** The frame of the program that waits, and the method of this package that it called. */
function placeOutside(): Place | null {
  const caller = callerOutside(PACKAGE);
  return caller === null ? null : { method: caller.callee ?? 'wait', where: `${caller.file}:${caller.line}` };
}

const nameOf = (lock: string | null, place: Place | null): string => (lock === null ? (place?.method ?? 'a wait') : `lock ${lock}`);
