import type { Profiler } from 'node:inspector';

/** What one thread's profiler recorded, as plain data: it can be kept in a file and merged with others. */
export interface RawProfile {
  readonly version: 1;
  readonly host: string;
  readonly pid: number;
  readonly threadId: number;
  /** The thread's or the program's name. */
  readonly name: string;
  /** Microseconds on the system's monotonic clock: comparable between all threads and processes of one machine. */
  readonly startUs: number;
  readonly endUs: number;
  readonly profile: Profiler.Profile | null;
  /** How often each function ran; `null` when nobody counted. */
  readonly counts: readonly ScriptFunctions[] | null;
  /** Where the functions of each script lie; used to give inlined time back to its function. */
  readonly ranges: readonly ScriptFunctions[];
  readonly asyncCalls: Readonly<Record<string, AsyncCalls>>;
}

export interface ScriptFunctions {
  readonly url: string;
  readonly scriptId: string;
  readonly functions: readonly FunctionRange[];
}

export interface FunctionRange {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

/** Calls of an async function, in milliseconds. */
export interface AsyncCalls {
  readonly calls: number;
  readonly wall: number;
  readonly onCpu: number;
  readonly atOnceMax: number;
}
