import type { Row } from './row.ts';
import { seconds } from './seconds.ts';

const TITLES = { callers: ['was called by...', '<-'], callees: ['called...', '->'] } as const;

/** Each function with its callers or its callees, and what one spent for the other. */
export function edgeTable(
  direction: 'callers' | 'callees',
  rows: readonly Row[],
  all: ReadonlyMap<string, Row>,
  nameOf: (row: Row) => string,
  notes: readonly string[],
): string {
  const width = rows.reduce((widest, row) => Math.max(widest, nameOf(row).length), 'Function'.length);
  const [title, arrow] = TITLES[direction];
  const lines = [...notes, `${'Function'.padEnd(width)} ${title}`, `${' '.repeat(width)}     ncalls  tottime  cumtime`];
  for (const row of rows) {
    const edges = [...row[direction]].toSorted(([, a], [, b]) => b.cumulative - a.cumulative);
    if (edges.length === 0) lines.push(`${nameOf(row).padEnd(width)} ${arrow}`);
    edges.forEach(([key, { calls, total, cumulative }], i) => {
      const head = i === 0 ? `${nameOf(row).padEnd(width)} ${arrow}` : ' '.repeat(width + 3);
      const times = `${(calls === 0 ? '-' : String(calls)).padStart(9)}${seconds(total)}${seconds(cumulative)}`;
      lines.push(`${head}${times}  ${nameOf(all.get(key)!)}`);
    });
  }
  return `${lines.join('\n')}\n`;
}
