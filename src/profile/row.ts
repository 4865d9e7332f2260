/** A function in a report: times in microseconds. */
export interface Row {
  /** Tells functions apart: the same in every recording of the program. */
  readonly key: string;
  /** The file as it was written, by its source map; `~` for code that is in no file. */
  readonly file: string;
  /** The line where it begins, from 1 on. */
  readonly line: number;
  /** The function's name. */
  readonly name: string;
  /** Script of the program, code of the runtime, or a state of the runtime such as garbage collection. */
  readonly kind: 'script' | 'native' | 'state';
  /** `null` when calls were not counted. */
  calls: number | null;
  /** Those of the calls that the function itself did not cause, by calling itself or others that did; `null` when that is not known. */
  primitiveCalls: number | null;
  /** In the function itself. */
  total: number;
  /** In the function and in everything that it called. */
  cumulative: number;
  /** Whether it called itself, directly or through others: `ncalls` then shows both numbers, or an R where the second is not known. */
  isRecursive: boolean;
  /** The functions that called it, by their keys. */
  readonly callers: Map<string, Edge>;
  /** The functions that it called, by their keys. */
  readonly callees: Map<string, Edge>;
}

/** One function called from another. */
export interface Edge {
  /** 0 when calls were not counted. */
  calls: number;
  total: number;
  cumulative: number;
}

export function newRow(key: string, file: string, line: number, name: string, kind: Row['kind']): Row {
  return {
    key,
    file,
    line,
    name,
    kind,
    calls: null,
    primitiveCalls: null,
    total: 0,
    cumulative: 0,
    isRecursive: false,
    callers: new Map(),
    callees: new Map(),
  };
}

/** Adds calls to those of a row. */
export function addCalls(row: Row, calls: number, primitive: number | null): void {
  const before = row.calls === null ? 0 : row.primitiveCalls;
  row.primitiveCalls = before === null || primitive === null ? null : before + primitive;
  row.calls = (row.calls ?? 0) + calls;
}
