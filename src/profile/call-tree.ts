import type { Profiler } from 'node:inspector';
import { callsByFunction } from './calls-by-function.ts';
import { headColumn, giveBackInlined } from './inlined.ts';
import type { ExactCalls, RawProfile, ScriptFunctions } from './raw-profile.ts';
import { addCalls, newRow, type Row } from './row.ts';
import { SourceText } from './source-text.ts';

/** What V8 calls the states that are no functions. */
export const STATES: Readonly<Record<string, string>> = {
  '(garbage collector)': '<garbage collector>',
  '(program)': '<native code of the runtime>',
  '(idle)': '<idle: the event loop waits>',
};
const ROOT = '(root)';

/** The rows that several recordings add up to. */
export class CallTable {
  readonly rows = new Map<string, Row>();
  totalCalls = 0;
  isCounted = false;
  /** Microseconds that were sampled, those of the idle event loop among them. */
  sampled = 0;
  idle = 0;
  samples = 0;

  add(raw: RawProfile): void {
    // Exact times are not mixed with sampled ones.
    if (raw.profile !== null && raw.exact?.isTimed !== true) this.#addSamples(structuredClone(raw.profile), raw.ranges);
    if (raw.exact !== undefined) this.#addExact(raw.exact);
    for (const script of raw.counts ?? []) this.#addCounts(script);
    if (raw.counts !== null || raw.exact !== undefined) this.isCounted = true;
  }

  #row(key: string, file: string, line: number, name: string, kind: Row['kind']): Row {
    let row = this.rows.get(key);
    if (row === undefined) this.rows.set(key, (row = newRow(key, file, line, name, kind)));
    return row;
  }

  #addSamples(profile: Profiler.Profile, scripts: readonly ScriptFunctions[]): void {
    const self = selfTimes(profile);
    this.samples += profile.samples?.length ?? 0;
    giveBackInlined(profile, self, scripts);
    const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
    const depths = new Map<string, number>();

    /** Books a node and what lies below it; says how long that took together. */
    const visit = (id: number, caller: Row | null): number => {
      const node = nodes.get(id)!;
      const own = self.get(id) ?? 0;
      if (node.callFrame.functionName === ROOT) return sum(node.children ?? [], (child) => visit(child, null));
      const row = this.#rowOf(node.callFrame);
      const depth = depths.get(row.key) ?? 0;
      depths.set(row.key, depth + 1);
      const below = sum(node.children ?? [], (child) => visit(child, row));
      depths.set(row.key, depth);
      row.total += own;
      // Time inside a function that is already on the stack is in that call's cumulative time.
      if (depth === 0) row.cumulative += own + below;
      else row.isRecursive = true;
      if (node.callFrame.functionName === '(idle)') this.idle += own;
      if (caller !== null) book(caller, row, own, depth === 0 ? own + below : 0);
      return own + below;
    };
    this.sampled += visit(profile.nodes[0]!.id, null);
  }

  #rowOf(frame: Profiler.ProfileNode['callFrame']): Row {
    const state = STATES[frame.functionName];
    if (state !== undefined) return this.#row(state, '~', 0, state, 'state');
    const isModule = frame.functionName === '' && frame.lineNumber <= 0 && frame.columnNumber <= 0;
    const name = frame.functionName || (isModule ? '<module>' : '<anonymous>');
    const isScript = frame.url !== '' && !frame.url.startsWith('node:');
    const { file, line } = isScript
      ? SourceText.of(frame.url).origin(Math.max(0, frame.lineNumber), frame.columnNumber)
      : { file: frame.url || '~', line: frame.lineNumber + 1 };
    return this.#row(keyOf({ file, line, name }), file, line, name, isScript ? 'script' : 'native');
  }

  #addExact(exact: ExactCalls): void {
    const { isTimed, functions, edges } = exact;
    const places = functions.map(({ url, name, line, column }) => ({ name, ...SourceText.of(url).origin(line, column) }));
    const named = new Set(places.map(keyOf));
    const uncounted = new Set(
      [...this.rows.values()].filter(({ kind, calls, key }) => kind === 'script' && calls === null && !named.has(key)),
    );
    const rows = places.map((called, id) => (id === 0 ? null : this.#rowOfCalled(called, uncounted)));
    const rowAt = (id: number): Row => rows[id] ?? this.#row('~:0(others)', '~', 0, 'functions beyond the first 4,094', 'state');
    for (const { id, calls, primitive } of callsByFunction(exact)) {
      addCalls(rowAt(id), calls, primitive);
      this.totalCalls += calls;
      if (primitive === null || primitive < calls) rowAt(id).isRecursive = true;
    }
    for (const [caller, callee, calls, cumulative, self] of edges) {
      const row = rowAt(callee);
      const [own, all] = isTimed ? [self, cumulative] : [0, 0];
      row.total += own;
      row.cumulative += all;
      this.sampled += own;
      if (caller !== 0) book(rowAt(caller), row, own, all, calls);
    }
  }

  #rowOfCalled(called: Place, uncounted: Set<Row>): Row {
    const { file, line, name } = called;
    const known = this.rows.get(keyOf(called));
    if (known !== undefined) return known;
    // V8 may call it by another name.
    const here = [...uncounted].find((row) => row.file === file && row.line === line);
    if (here === undefined) return this.#row(keyOf(called), file, line, name, 'script');
    uncounted.delete(here);
    return here;
  }

  #addCounts(script: ScriptFunctions): void {
    const source = SourceText.of(script.url);
    for (const { name, start, count } of script.functions) {
      if (count === 0 || (name === '' && start === 0)) continue;
      const { file, line } = source.origin(source.lineAt(start), headColumn(source, start));
      const called = name || '<anonymous>';
      const row = this.#row(keyOf({ file, line, name: called }), file, line, called, 'script');
      addCalls(row, count, null);
      this.totalCalls += count;
    }
  }
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly name: string;
}

const keyOf = ({ file, line, name }: Place): string => `${file}:${line}(${name})`;

function sum(ids: readonly number[], of: (id: number) => number): number {
  let total = 0;
  for (const id of ids) total += of(id);
  return total;
}

function book(caller: Row, callee: Row, total: number, cumulative: number, calls = 0): void {
  let edge = callee.callers.get(caller.key);
  if (edge === undefined) {
    edge = { calls: 0, total: 0, cumulative: 0 };
    callee.callers.set(caller.key, edge);
    caller.callees.set(callee.key, edge);
  }
  edge.calls += calls;
  edge.total += total;
  edge.cumulative += cumulative;
}

/** Microseconds that each node was on top of the stack. A sample stands for the time until the next one. */
export function selfTimes({ samples = [], timeDeltas = [] }: Profiler.Profile): Map<number, number> {
  const self = new Map<number, number>();
  samples.forEach((id, i) => self.set(id, (self.get(id) ?? 0) + Math.max(0, timeDeltas[i + 1] ?? 0)));
  return self;
}
