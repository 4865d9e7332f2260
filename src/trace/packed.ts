import type { Span, SpanKind } from './lane.ts';

export interface Row {
  /** '' for the thread's own row. */
  readonly title: string;
  readonly spans: Span[];
}

/** What holds the thread while it lasts, and so lies one in the other. */
const HOLDS: ReadonlySet<SpanKind> = new Set(['run', 'block', 'gc']);

const GROUPS: readonly (readonly [title: string, kinds: readonly SpanKind[]])[] = [
  ['tasks', ['run', 'block', 'gc', 'task', 'measure']],
  ['commands and requests', ['command', 'request']],
  ['awaits', ['await']],
];

/**
 * The rows of one thread: first its own, in which spans lie one in the other; then, by groups, those that overlap. Each group takes the
 * fewest rows that it can; what does not fit into `rowsMax` is left out and counted.
 */
export function packed(spans: readonly Span[], rowsMax: number): { readonly rows: readonly Row[]; readonly left: number } {
  const own: Row = { title: '', spans: [] };
  const others: Span[] = [];
  const around: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.begin - b.begin || b.end - a.end)) {
    while (around.length > 0 && around.at(-1)!.end <= span.begin) around.pop();
    const outer = around.at(-1);
    if (HOLDS.has(span.kind) && (outer === undefined || span.end <= outer.end)) {
      around.push(span);
      own.spans.push(span);
    } else others.push(span);
  }
  const rows: Row[] = [own];
  let left = 0;
  for (const [title, kinds] of GROUPS) {
    const free = rowsMax - rows.length;
    const group: Row[] = [];
    const ends: number[] = [];
    for (const span of others) {
      if (!kinds.includes(span.kind)) continue;
      let row = ends.findIndex((end) => end <= span.begin);
      if (row === -1) row = ends.length;
      if (row >= free) {
        left++;
        continue;
      }
      (group[row] ??= { title, spans: [] }).spans.push(span);
      ends[row] = span.end;
    }
    rows.push(...group);
  }
  return { rows, left };
}
