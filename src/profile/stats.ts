import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { OutOfRangeError } from '../base/errors.ts';
import { CallTable, STATES } from './call-tree.ts';
import { isInternal } from './internals.ts';
import type { AsyncCalls, RawProfile } from './raw-profile.ts';
import type { Row } from './row.ts';
import { nearby } from './nearby.ts';
import { seconds } from './seconds.ts';
import { SourceText } from './source-text.ts';
import { taskTable, waitTable } from './task-report.ts';

/** The keys by which rows can be sorted: Python's. */
export type SortKey =
  | 'calls'
  | 'ncalls'
  | 'cumulative'
  | 'cumtime'
  | 'file'
  | 'filename'
  | 'module'
  | 'line'
  | 'name'
  | 'nfl'
  | 'stdname'
  | 'time'
  | 'tottime';

/** Which rows are shown: so many, such a part of them (below 1), or those whose name matches. */
export type Restriction = number | string | RegExp;

type Compare = (a: Row, b: Row) => number;

/**
 * Recordings made readable: Python's `pstats.Stats`.
 *
 * It takes recordings of any number of threads, processes and machines, and files that `dumpStats` wrote.
 * `sortStats`, `stripDirs`, `reverseOrder` and `add` give the object back, so that calls can be chained.
 */
export class Stats {
  /** What it was made of: one for each thread and each time. */
  readonly recordings: RawProfile[] = [];
  readonly #table = new CallTable();
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
    this.#order = null;
    return this;
  }

  /** Reads a file that `dumpStats` has written. Throws what reading it throws. */
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
  /** The functions, in no order. */
  get rows(): readonly Row[] {
    return [...this.#table.rows.values()];
  }

  /** Shows file names without their folders. */
  stripDirs(): this {
    this.#strips = true;
    return this;
  }

  /** Leaves out what Node and this package do inside: their time is still in that of the functions that called them. */
  programOnly(): this {
    this.#programOnly = true;
    return this;
  }

  /** Orders the functions by these keys, the first one first. `RangeError` for a key that there is not: it lists them. */
  sortStats(...keys: readonly SortKey[]): this {
    const orders = keys.map((key) => {
      const order = this.#orders[key];
      if (order === undefined)
        throw new OutOfRangeError('ERR_SORT_KEY', `cannot sort by '${key}': the keys are ${Object.keys(this.#orders).join(', ')}`);
      return order;
    });
    this.#order = this.rows.toSorted(
      (a, b) => orders.reduce((so, { compare }) => so || compare(a, b), 0) || text(this.name(a), this.name(b)),
    );
    this.#orderName = orders.map(({ title }) => title).join(', ');
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
    return `${this.#strips ? basename(row.file) : nearby(row.file)}:${row.line}(${row.name})`;
  }

  /** The table as text. */
  toString(...restrictions: readonly Restriction[]): string {
    const notes: string[] = [];
    const rows = this.#restricted(restrictions, notes);
    const { isCounted, totalCalls, idle, samples } = this.#table;
    const lanes = new Set(this.recordings.map(laneOf)).size;
    const calls = isCounted ? counted(totalCalls, 'function call') : counted(samples, 'sample');
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
   * Prints the table on stdout. Each restriction narrows what the one before has left: a number of lines, a share of them below 1, or a
   * pattern of names.
   */
  print(...restrictions: readonly Restriction[]): this {
    console.log(this.toString(...restrictions));
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
      const key = laneOf(raw);
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

  /** Prints who called each function, with the time spent for each caller. */
  printCallers(...restrictions: readonly Restriction[]): this {
    console.log(this.#edges('callers', restrictions));
    return this;
  }
  /** Prints what each function called, with the time spent in each callee. */
  printCallees(...restrictions: readonly Restriction[]): this {
    console.log(this.#edges('callees', restrictions));
    return this;
  }

  readonly #orders: Readonly<Record<SortKey, { readonly title: string; readonly compare: Compare }>> = (() => {
    const calls = { title: 'call count', compare: most((row) => row.calls ?? 0) };
    const cumulative = { title: 'cumulative time', compare: most((row) => row.cumulative) };
    const time = { title: 'internal time', compare: most((row) => row.total) };
    const file = { title: 'file name', compare: least((row) => row.file) };
    return {
      calls,
      ncalls: calls,
      cumulative,
      cumtime: cumulative,
      time,
      tottime: time,
      file,
      filename: file,
      module: file,
      line: { title: 'line number', compare: (a: Row, b: Row) => a.line - b.line },
      name: { title: 'function name', compare: least((row) => row.name) },
      nfl: { title: 'name/file/line', compare: least((row) => `${row.name} ${row.file} ${String(row.line).padStart(8)}`) },
      stdname: { title: 'standard name', compare: least((row) => this.name(row)) },
    };
  })();

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
      if (typeof restriction === 'number') {
        rows = rows.slice(0, Number.isInteger(restriction) ? restriction : Math.round(restriction * before));
      } else {
        const pattern = new RegExp(restriction);
        rows = rows.filter((row) => pattern.test(this.name(row)));
      }
      if (rows.length < before) notes.push(`   List reduced from ${before} to ${rows.length} due to restriction <${String(restriction)}>`);
    }
    return rows;
  }

  #line(row: Row): string {
    const calls = row.calls === null ? '-' : `${row.calls}${row.isRecursive ? ' R' : ''}`;
    const each = (time: number): string => (row.calls === null ? '-'.padStart(9) : perCall(time / row.calls));
    return `${calls.padStart(9)}${seconds(row.total)}${each(row.total)}${seconds(row.cumulative)}${each(row.cumulative)} ${this.name(row)}`;
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

  #edges(direction: 'callers' | 'callees', restrictions: readonly Restriction[]): string {
    const notes: string[] = [];
    const rows = this.#restricted(restrictions, notes);
    const width = rows.reduce((widest, row) => Math.max(widest, this.name(row).length), 'Function'.length);
    const [title, arrow] = direction === 'callers' ? ['was called by...', '<-'] : ['called...', '->'];
    const lines = [...notes, `${'Function'.padEnd(width)} ${title}`, `${' '.repeat(width)}     ncalls  tottime  cumtime`];
    for (const row of rows) {
      const edges = [...row[direction]].toSorted(([, a], [, b]) => b.cumulative - a.cumulative);
      if (edges.length === 0) lines.push(`${this.name(row).padEnd(width)} ${arrow}`);
      edges.forEach(([key, { calls, total, cumulative }], i) => {
        const head = i === 0 ? `${this.name(row).padEnd(width)} ${arrow}` : ' '.repeat(width + 3);
        lines.push(
          `${head}${(calls === 0 ? '-' : String(calls)).padStart(9)}${seconds(total)}${seconds(cumulative)}  ${this.name(this.#table.rows.get(key)!)}`,
        );
      });
    }
    return `${lines.join('\n')}\n`;
  }
}

function load(file: string): RawProfile[] {
  const content = JSON.parse(readFileSync(file, 'utf8')) as RawProfile | RawProfile[];
  return Array.isArray(content) ? content : [content];
}

/** What tells the threads of all machines apart. */
const laneOf = ({ host, pid, threadId }: RawProfile): string => `${host} ${pid} ${threadId}`;

const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const most =
  (of: (row: Row) => number): Compare =>
  (a, b) =>
    of(b) - of(a);
const least =
  (of: (row: Row) => string): Compare =>
  (a, b) =>
    text(of(a), of(b));

const counted = (number: number, what: string): string => `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;

/** Seconds as Python shows them, and smaller units where those would show as 0.000. */
function perCall(us: number): string {
  if (us >= 500 || us === 0) return seconds(us);
  return (us >= 1 ? `${us.toFixed(1)}µs` : `${(us * 1000).toFixed(0)}ns`).padStart(9);
}
