import { callerOutside } from '../base/caller.ts';
import { type Observer, observer } from '../base/observer.ts';
import type { Spans, TaskTally, WaitTally } from './raw-profile.ts';

/** Waits that last so long are asked where they stand, and kept with their times. */
const LONG_US = 100;
/** Tasks of one name with no longer a pause between them are one span. */
const PAUSE_US = 50;
/** So many spans of a kind are kept between two flushes; then only the sums go on. */
const SPANS_MAX = 50_000;

const PACKAGE = new URL('../', import.meta.url).href;

interface Mutable<T> {
  tally: { -readonly [K in keyof T]: T[K] };
}
interface Task extends Mutable<TaskTally> {
  readonly index: number;
}
interface Run {
  readonly task: Task;
  begin: number;
}
interface Sleep {
  readonly lock: string | null;
  begin: number;
  readonly blocks: boolean;
  readonly run: Run | null;
  /** For an await: taken at its beginning, for at its end the stack is another. */
  readonly place: Place | null;
}
interface Place {
  readonly method: string;
  readonly where: string;
}

/** Records what this thread runs and waits for, from `start` to `stop`. */
export class SpanRecorder implements Observer {
  #tasks = new Map<string, Task>();
  #waits = new Map<string, Mutable<WaitTally>>();
  #ran: [number, number, number][] = [];
  #blocked: [number, number][] = [];
  /** What goes on now, in the order in which it began. */
  readonly #running = new Set<Run>();
  readonly #carried = new Set<string>();
  readonly #sleeping = new Set<Sleep>();
  /** From this thread's clock to the one that the samples have, which is the same for all threads. */
  readonly #offset = Number(process.hrtime.bigint()) / 1000 - performance.now() * 1000;

  carries(thread: string): void {
    this.#carried.add(thread);
  }

  /** The names of the threads that this worker has carried. */
  get carried(): readonly string[] {
    return [...this.#carried];
  }

  start(): void {
    observer.current = this;
  }

  begins(name: string): () => void {
    const run = { task: this.#task(name), begin: this.#now() };
    this.#running.add(run);
    return () => {
      this.#running.delete(run);
      this.#book(run, this.#now());
      run.task.tally.runs++;
    };
  }

  sleeps(lock: string | null, blocks: boolean): () => void {
    const run = [...this.#running].at(-1) ?? null;
    const sleep: Sleep = { lock, begin: this.#now(), blocks, run, place: blocks ? null : placeOutside() };
    this.#sleeping.add(sleep);
    return () => {
      this.#sleeping.delete(sleep);
      this.#bookWait(sleep, this.#now());
    };
  }

  /** Ends the recording until the next `start`. What goes on is in it as far as it has come. */
  stop(): Spans {
    if (observer.current === this) observer.current = null;
    const now = this.#now();
    for (const sleep of this.#sleeping) {
      this.#bookWait(sleep, now);
      sleep.begin = now;
    }
    for (const run of this.#running) {
      this.#book(run, now);
      run.begin = now;
    }
    const spans: Spans = {
      tasks: [...this.#tasks.values()].map(({ tally }) => ({ ...tally })),
      ran: this.#ran,
      blocked: this.#blocked,
      waits: [...this.#waits.values()].map(({ tally }) => ({ ...tally })),
    };
    for (const { tally } of this.#tasks.values()) Object.assign(tally, { runs: 0, wall: 0, waited: 0, shortly: 0 });
    this.#waits = new Map();
    this.#ran = [];
    this.#blocked = [];
    return spans;
  }

  #now(): number {
    return performance.now() * 1000 + this.#offset;
  }

  #task(name: string): Task {
    let task = this.#tasks.get(name);
    if (task === undefined) {
      task = { index: this.#tasks.size, tally: { name, runs: 0, wall: 0, waited: 0, shortly: 0 } };
      this.#tasks.set(name, task);
    }
    return task;
  }

  #book({ task, begin }: Run, end: number): void {
    task.tally.wall += end - begin;
    const last = this.#ran.at(-1);
    if (last !== undefined && last[0] === task.index && begin - last[2] < PAUSE_US && begin >= last[1]) last[2] = Math.max(last[2], end);
    else if (this.#ran.length < SPANS_MAX) this.#ran.push([task.index, begin, end]);
  }

  #bookWait({ lock, begin, blocks, run, place }: Sleep, end: number): void {
    const time = end - begin;
    const isLong = time >= LONG_US;
    if (run !== null) {
      run.task.tally.waited += time;
      if (blocks && !isLong) run.task.tally.shortly += time;
    }
    if (blocks && isLong && this.#blocked.length < SPANS_MAX) this.#blocked.push([begin, end]);
    const at = isLong ? (place ?? placeOutside()) : null;
    const what = lock === null ? (at?.method ?? 'short waits') : `lock ${lock}`;
    const [where, task] = [at?.where ?? '', run?.task.tally.name ?? ''];
    const key = `${what}\0${where}\0${task}`;
    let wait = this.#waits.get(key);
    if (wait === undefined) this.#waits.set(key, (wait = { tally: { what, where, task, times: 0, waited: 0, longest: 0 } }));
    wait.tally.times++;
    wait.tally.waited += time;
    wait.tally.longest = Math.max(wait.tally.longest, time);
  }
}

/** The frame of the program that waits, and the method of this package that it called. */
function placeOutside(): Place {
  const caller = callerOutside(PACKAGE);
  return { method: caller?.callee ?? 'a wait inside manycore', where: caller === null ? '' : `${caller.file}:${caller.line}` };
}
