import type { Profiler } from 'node:inspector';
import type { SourceMapPayload } from 'node:module';

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
  /** Source maps of scripts that a loader has made while the program ran: no file holds them. */
  readonly maps?: Readonly<Record<string, LoadedMap>> | undefined;
  /** What instrumented code has told; absent when the program ran as it was written. */
  readonly exact?: ExactCalls | undefined;
}

/** Calls as instrumented code counts them, and times them if asked to. Functions go by their place in the list; 0 is all other code. */
export interface ExactCalls {
  readonly isTimed: boolean;
  readonly functions: readonly { readonly url: string; readonly name: string; readonly line: number; readonly column: number }[];
  /** Caller, callee, calls, and microseconds in the callee that no other call of the same function contains. */
  readonly edges: readonly (readonly [caller: number, callee: number, calls: number, cumulative: number])[];
  /** Microseconds in each function itself. */
  readonly self: readonly number[];
  readonly asyncCalls: readonly (AsyncCalls & { readonly id: number })[];
}

/** The way back from a script that only existed in memory. */
export interface LoadedMap {
  readonly payload: SourceMapPayload;
  readonly lineLengths: readonly number[];
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
