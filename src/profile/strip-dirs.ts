import { basename } from 'node:path';
import { addCalls, type Edge, newRow, type Row } from './row.ts';

/** The file of a row without its folder. */
export const strippedFile = ({ file }: Row): string => basename(file);

/** Rows whose files are shown without their folders: those that can't be told apart any more are one, as in Python. */
export function stripped(rows: ReadonlyMap<string, Row>): Map<string, Row> {
  const keyOf = (row: Row): string => (row.kind === 'state' ? row.key : `${strippedFile(row)}:${row.line}(${row.name})`);
  const merged = new Map<string, Row>();
  for (const row of rows.values()) {
    const key = keyOf(row);
    let into = merged.get(key);
    if (into === undefined) merged.set(key, (into = newRow(key, row.file, row.line, row.name, row.kind)));
    if (row.calls !== null) addCalls(into, row.calls, row.primitiveCalls);
    into.total += row.total;
    into.cumulative += row.cumulative;
    into.isRecursive ||= row.isRecursive;
    addEdges(into.callers, row.callers, (other) => keyOf(rows.get(other)!));
    addEdges(into.callees, row.callees, (other) => keyOf(rows.get(other)!));
  }
  return merged;
}

function addEdges(into: Map<string, Edge>, edges: ReadonlyMap<string, Edge>, keyOf: (key: string) => string): void {
  for (const [other, { calls, total, cumulative }] of edges) {
    const key = keyOf(other);
    const edge = into.get(key);
    if (edge === undefined) into.set(key, { calls, total, cumulative });
    else Object.assign(edge, { calls: edge.calls + calls, total: edge.total + total, cumulative: edge.cumulative + cumulative });
  }
}
