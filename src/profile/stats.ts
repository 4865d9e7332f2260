import { readFileSync, writeFileSync } from 'node:fs';
import { StateError } from '../base/errors.ts';
import { CallTable, STATES } from './call-tree.ts';
import { edgeTable } from './edge-table.ts';
import { isInternal } from './internals.ts';
import type { AsyncCalls, RawProfile } from './raw-profile.ts';
import { nearby } from './nearby.ts';
import { type Restriction, restrictionFrom } from './restriction.ts';
import type { Row } from './row.ts';
import { seconds } from './seconds.ts';
import { orderBy, type SortKey } from './sort-keys.ts';
import { SourceText } from './source-text.ts';
import { stripped, strippedFile } from './strip-dirs.ts';
import { taskTable, waitTable } from './task-report.ts';
import { threadKey } from './thread-key.ts';

/**
 * Recordings made readable: Python's `pstats.Stats`.
 *
 * It takes recordings of any number of threads, processes and machines, and files that `dumpStats` wrote.
 * `sortStats`, `stripDirs`, `reverseOrder` and `add` give the object back, so that calls can be chained.
 */
export class Stats {
  /** What it was made of: one for each thread and each time. */
  readonly recordings: RawProfile[] = [];
  /** Where `print`, `printCallers` and `printCallees` write; `null` stands for the console. */
  stream: { write(text: string): unknown } | null = null;
  readonly #table = new CallTable();
  /** `#table.rows`, or what `stripDirs` has made of them; `null` after new ones were added. */
  #rows: ReadonlyMap<string, Row> | null = null;
  #order: readonly Row[] | null = null;
  #orderName = '';
  #strips = false;
  #programOnly = false;

  constructor(...sources: readonly (RawProfile | Stats | string)[]) {
    this.add(...sources);
  }

  /** Adds recordings: of a thread, of another `Stats`, or from a file. */
  add(...sources: readonly (RawProfile | Stats | string)[]): this {
    for (const source of sources) {
      const recordings = source instanceof Stats ? source.recordings : typeof source === 'string' ? load(source) : [source];
      for (const recording of recordings) {
        this.recordings.push(recording);
        for (const [url, map] of Object.entries(recording.maps ?? {})) SourceText.learn(url, map);
        this.#table.add(recording);
      }
    }
    this.#order = this.#rows = null;
    return this;
  }

  /** Reads a file that `dumpStats` has written. Throws what reading it throws, and `StateError` when it holds something else. */
  static load(file: string): Stats {
    return new Stats(file);
  }

  /** Writes the recordings to a file that `Stats.load` reads. */
  dumpStats(file: string): void {
    writeFileSync(file, JSON.stringify(this.recordings));
  }

  /** Microseconds sampled while something ran. */
  get totalTime(): number {
    return this.#table.sampled - this.#table.idle;
  }
  /** The calls of all functions, as far as they were counted. */
  get totalCalls(): number {
    return this.#table.totalCalls;
  }
  /** The calls that no function caused by calling itself, directly or through others; `null` when that is not known of all. */
  get primitiveCalls(): number | null {
    const counted = [...this.#table.rows.values()].filter(({ calls }) => calls !== null);
    return counted.reduce<number | null>((sum, row) => (sum === null || row.primitiveCalls === null ? null : sum + row.primitiveCalls), 0);
  }
  /** The functions with their numbers, in no order: what Python's `get_stats_profile` tells. */
  get rows(): readonly Row[] {
    return [...this.#all().values()];
  }

  /** Shows file names without their folders. Functions that can't be told apart by that any more become one. The order is lost, as in Python. */
  stripDirs(): this {
    this.#strips = true;
    this.#order = this.#rows = null;
    return this;
  }

  /** Leaves out what Node and this package do inside: their time is still in that of the functions that called them. */
  programOnly(): this {
    this.#programOnly = true;
    return this;
  }

  /**
   * Orders the functions by these keys, the first one first. As in Python, a key may be cut short while it is clear which order is meant.
   * `RangeError` for a key that there is not, which lists them, and for a beginning of several.
   */
  sortStats(...keys: readonly SortKey[]): this {
    const { title, compare } = orderBy(keys, {
      file: (row) => (this.#strips ? strippedFile(row) : row.file),
      standard: (row) => this.name(row),
    });
    this.#order = this.rows.toSorted(compare);
    this.#orderName = title;
    return this;
  }

  /** Turns the order round. */
  reverseOrder(): this {
    this.#order = this.#sorted().toReversed();
    return this;
  }

  /** `file:line(function)`, as tables show it. */
  name(row: Row): string {
    if (row.kind === 'state') return row.name;
    if (row.file === '~') return `{${row.name}}`;
    return `${this.#strips ? strippedFile(row) : nearby(row.file)}:${row.line}(${row.name})`;
  }

  /** The table as text. */
  toString(...restrictions: readonly Restriction[]): string {
    const notes: string[] = [];
    const rows = this.#restricted(restrictions, notes);
    const { isCounted, totalCalls, idle, samples } = this.#table;
    const lanes = new Set(this.recordings.map(threadKey)).size;
    const primitive = this.primitiveCalls;
    const ofThem = primitive === null || primitive === totalCalls ? '' : ` (${counted(primitive, 'primitive call')})`;
    const calls = isCounted ? counted(totalCalls, 'function call') + ofThem : counted(samples, 'sample');
    const waited = idle > 500 ? ` on the CPU, ${seconds(idle).trim()} idle` : '';
    const lines = [
      `         ${calls} in ${seconds(this.totalTime).trim()} seconds${waited}${lanes > 1 ? `, ${lanes} threads and processes` : ''}`,
      '',
      `   Ordered by: ${this.#orderName}`,
      ...notes,
      '',
      '   ncalls  tottime  percall  cumtime  percall filename:lineno(function)',
      ...rows.map((row) => this.#line(row)),
      ...this.#asyncLines(),
    ];
    return `${lines.join('\n')}\n`;
  }

  /**
   * Prints the table, on stdout unless `stream` is set. Each restriction narrows what the one before has left: a number of lines, a share of them below 1, or a
   * pattern of names.
   */
  print(...restrictions: readonly Restriction[]): this {
    this.#show(this.toString(...restrictions));
    return this;
  }
  /** The same as `print`: Python's name. */
  printStats(...restrictions: readonly Restriction[]): this {
    return this.print(...restrictions);
  }
  /** A line for each thread and process: how long it was recorded, and how much of that it computed. */
  lanes(): string {
    const lanes = new Map<string, { name: string; recorded: number; busy: number }>();
    for (const raw of this.recordings) {
      const key = threadKey(raw);
      const lane = lanes.get(key) ?? { name: '', recorded: 0, busy: 0 };
      // The last part knows all the threads that a worker has carried.
      lane.name = `${raw.name} (${raw.host}, process ${raw.pid})`;
      const alone = new CallTable();
      alone.add(raw);
      lane.recorded += raw.endUs - raw.startUs;
      lane.busy += alone.sampled - alone.idle;
      lanes.set(key, lane);
    }
    const lines = [...lanes.values()].map(({ name, recorded, busy }) => `${seconds(recorded)}${seconds(busy)}  ${name}`);
    return `${[' recorded     busy  thread', ...lines].join('\n')}\n`;
  }

  /**
   * Which tasks of pools and which threads used the time, and which locks and other waits: the samples joined with them by their
   * times. '' when there were none.
   */
  tasks(): string {
    return [taskTable(this.recordings), waitTable(this.recordings)].filter((part) => part !== '').join('\n');
  }

  /** Who called each function, with the time spent for each caller. */
  callers(...restrictions: readonly Restriction[]): string {
    const notes: string[] = [];
    return edgeTable('callers', this.#restricted(restrictions, notes), this.#all(), (row) => this.name(row), notes);
  }
  /** What each function called, with the time spent in each callee. */
  callees(...restrictions: readonly Restriction[]): string {
    const notes: string[] = [];
    return edgeTable('callees', this.#restricted(restrictions, notes), this.#all(), (row) => this.name(row), notes);
  }
  /** Prints `callers`. */
  printCallers(...restrictions: readonly Restriction[]): this {
    this.#show(this.callers(...restrictions));
    return this;
  }
  /** Prints `callees`. */
  printCallees(...restrictions: readonly Restriction[]): this {
    this.#show(this.callees(...restrictions));
    return this;
  }

  #show(text: string): void {
    if (this.stream === null) console.log(text);
    else this.stream.write(`${text}\n`);
  }

  #all(): ReadonlyMap<string, Row> {
    return (this.#rows ??= this.#strips ? stripped(this.#table.rows) : this.#table.rows);
  }

  #sorted(): readonly Row[] {
    if (this.#order === null) this.sortStats('cumulative');
    return this.#order!;
  }

  #restricted(restrictions: readonly Restriction[], notes: string[]): readonly Row[] {
    let rows: readonly Row[] = this.#sorted().filter((row) => row.name !== STATES['(idle)']);
    if (this.#programOnly) {
      const all = rows.length;
      rows = rows.filter((row) => !isInternal(row.file));
      if (rows.length < all) notes.push(`   Not shown: ${counted(all - rows.length, 'function')} inside Node, manycore and the loader`);
    }
    for (const restriction of restrictions) {
      const before = rows.length;
      rows = restrictionFrom(restriction)(rows, (row) => this.name(row));
      if (rows.length < before) notes.push(`   List reduced from ${before} to ${rows.length} due to restriction <${String(restriction)}>`);
    }
    return rows;
  }

  #line(row: Row): string {
    const each = (time: number, calls: number | null): string => (calls === null ? '-'.padStart(9) : perCall(time / Math.max(1, calls)));
    // As in Python: the time of recursive calls is in that of the primitive ones.
    const [own, all] = [each(row.total, row.calls), each(row.cumulative, row.primitiveCalls ?? row.calls)];
    return `${callsOf(row).padStart(9)}${seconds(row.total)}${own}${seconds(row.cumulative)}${all} ${this.name(row)}`;
  }

  #asyncLines(): string[] {
    const calls = this.recordings.flatMap((recording): [string, AsyncCalls][] => [
      ...Object.entries(recording.asyncCalls),
      ...(recording.exact?.asyncCalls ?? []).map((tally): [string, AsyncCalls] => [recording.exact!.functions[tally.id]!.name, tally]),
    ]);
    if (calls.length === 0) return [];
    const line = ([name, { calls: n, wall, onCpu, atOnceMax }]: [string, AsyncCalls]): string =>
      `   ${name.padEnd(24)}${String(n).padStart(7)}${seconds(wall * 1000)}${seconds(onCpu * 1000)}${seconds(Math.max(0, wall - onCpu) * 1000)}${String(atOnceMax).padStart(9)}`;
    return ['', `   ${'async function'.padEnd(24)}${'calls'.padStart(7)}     wall   on CPU  awaited  at once`, ...calls.map(line)];
  }
}

function load(file: string): RawProfile[] {
  const content = JSON.parse(readFileSync(file, 'utf8')) as unknown;
  const recordings = Array.isArray(content) ? (content as unknown[]) : [content];
  if (recordings.every(isRecording)) return recordings;
  throw new StateError('ERR_PROFILE_FILE', `${file} is no profile: expected what dumpStats or manycore profile --output has written`);
}

const isRecording = (value: unknown): value is RawProfile => {
  const { version, profile, ranges, asyncCalls } = (value ?? {}) as Partial<RawProfile>;
  return version === 1 && typeof profile === 'object' && Array.isArray(ranges) && typeof asyncCalls === 'object';
};

/** All calls, and how many of them were primitive; an R where that is not known of a function that calls itself. */
function callsOf({ calls, primitiveCalls, isRecursive }: Row): string {
  if (calls === null) return '-';
  if (primitiveCalls === null) return `${calls}${isRecursive ? ' R' : ''}`;
  return primitiveCalls === calls ? String(calls) : `${calls}/${primitiveCalls}`;
}

const counted = (number: number, what: string): string => `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;

/** Seconds as Python shows them, and smaller units where those would show as 0.000. */
function perCall(us: number): string {
  if (us >= 500 || us === 0) return seconds(us);
  return (us >= 1 ? `${us.toFixed(1)}µs` : `${(us * 1000).toFixed(0)}ns`).padStart(9);
}
