import { OutOfRangeError } from '../base/errors.ts';
import type { Row } from './row.ts';

/** The keys by which rows can be sorted: Python's. */
export type SortKey =
  | 'calls'
  | 'ncalls'
  | 'pcalls'
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

type Compare = (a: Row, b: Row) => number;

/** What a row is called, where files may be shown without their folders. */
export interface Names {
  file(row: Row): string;
  standard(row: Row): string;
}

interface Order {
  readonly title: string;
  readonly compare: Compare;
}

/**
 * The order of rows by some keys, the first one first; rows that are alike, by their standard names. A key may be cut short, as long as one order
 * is meant. `RangeError` for a key that there is not, and for one that could be several.
 */
export function orderBy(keys: readonly SortKey[], names: Names): Order {
  const all = ordersOf(names);
  const orders = keys.map((key) => {
    const meant = (Object.keys(all) as SortKey[]).filter((whole) => whole.startsWith(key));
    const [order, ...others] = Object.hasOwn(all, key) ? [all[key]] : new Set(meant.map((whole) => all[whole]));
    if (order !== undefined && others.length === 0) return order;
    const why = order === undefined || key.length === 0 ? `the keys are ${Object.keys(all).join(', ')}` : `it may be ${meant.join(' or ')}`;
    throw new OutOfRangeError('ERR_SORT_KEY', `cannot sort by '${key}': ${why}`);
  });
  return {
    title: orders.map(({ title }) => title).join(', '),
    compare: (a, b) => orders.reduce((so, { compare }) => so || compare(a, b), 0) || all.stdname.compare(a, b),
  };
}

function ordersOf({ file: fileOf, standard }: Names): Readonly<Record<SortKey, Order>> {
  const calls = { title: 'call count', compare: most((row) => row.calls ?? 0) };
  const cumulative = { title: 'cumulative time', compare: most((row) => row.cumulative) };
  const time = { title: 'internal time', compare: most((row) => row.total) };
  const file = { title: 'file name', compare: least(fileOf) };
  return {
    calls,
    ncalls: calls,
    pcalls: { title: 'primitive call count', compare: most((row) => row.primitiveCalls ?? row.calls ?? 0) },
    cumulative,
    cumtime: cumulative,
    time,
    tottime: time,
    file,
    filename: file,
    module: file,
    line: { title: 'line number', compare: (a, b) => a.line - b.line },
    name: { title: 'function name', compare: least((row) => row.name) },
    nfl: { title: 'name/file/line', compare: least((row) => `${row.name} ${fileOf(row)} ${String(row.line).padStart(8)}`) },
    stdname: { title: 'standard name', compare: least(standard) },
  };
}

const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const most =
  (of: (row: Row) => number): Compare =>
  (a, b) =>
    of(b) - of(a);
const least =
  (of: (row: Row) => string): Compare =>
  (a, b) =>
    text(of(a), of(b));
