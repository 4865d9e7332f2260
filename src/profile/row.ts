/** A function in a report: times in microseconds. */
export interface Row {
  readonly key: string;
  readonly file: string;
  readonly line: number;
  readonly name: string;
  /** Script of the program, code of the runtime, or a state of the runtime such as garbage collection. */
  readonly kind: 'script' | 'native' | 'state';
  /** `null` when calls were not counted. */
  calls: number | null;
  /** In the function itself. */
  total: number;
  /** In the function and in everything that it called. */
  cumulative: number;
  isRecursive: boolean;
  readonly callers: Map<string, Edge>;
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
  return { key, file, line, name, kind, calls: null, total: 0, cumulative: 0, isRecursive: false, callers: new Map(), callees: new Map() };
}
