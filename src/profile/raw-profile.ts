import type { Profiler } from 'node:inspector';
import type { SourceMapPayload } from 'node:module';

/** What one thread's profiler recorded, as plain data: it can be kept in a file and merged with others. */
export interface RawProfile {
  /** The version of this form: there is one. */
  readonly version: 1;
  /** The name of the machine. */
  readonly host: string;
  /** The number of the process. */
  readonly pid: number;
  /** Node's number for the thread: 0 for the main thread. */
  readonly threadId: number;
  /** The thread's or the program's name. */
  readonly name: string;
  /** Microseconds on the system's monotonic clock: comparable between all threads and processes of one machine. */
  readonly startUs: number;
  /** When the recording ended, by the same clock. */
  readonly endUs: number;
  /** V8's samples; `null` when only calls were counted. */
  readonly profile: Profiler.Profile | null;
  /** How often each function ran; `null` when nobody counted. */
  readonly counts: readonly ScriptFunctions[] | null;
  /** Where the functions of each script lie; used to give inlined time back to its function. */
  readonly ranges: readonly ScriptFunctions[];
  /** Calls of the async functions that were asked about, by their names. */
  readonly asyncCalls: Readonly<Record<string, AsyncCalls>>;
  /** Source maps of scripts that a loader has made while the program ran: no file holds them. */
  readonly maps?: Readonly<Record<string, LoadedMap>> | undefined;
  /** What the thread ran and waited for; absent in recordings of earlier versions. */
  readonly spans?: Spans | undefined;
  /** What instrumented code has told; absent when the program ran as it was written. */
  readonly exact?: ExactCalls | undefined;
}

/** Calls as instrumented code counts them, and times them if asked to. Functions go by their place in the list; 0 is all other code. */
export interface ExactCalls {
  readonly isTimed: boolean;
  readonly functions: readonly { readonly url: string; readonly name: string; readonly line: number; readonly column: number }[];
  /** Who called whom how often; microseconds in the callee that no other call of the same function contains, and in the callee itself. */
  readonly edges: readonly (readonly [caller: number, callee: number, calls: number, cumulative: number, self: number])[];
  /** By function: its calls while no other one of it was under way. Absent when nobody watched. */
  readonly primitive?: readonly number[] | undefined;
  readonly asyncCalls: readonly (AsyncCalls & { readonly id: number })[];
}

/** When the thread ran which task, and when it slept: times in microseconds, on the clock of the samples. */
export interface Spans {
  readonly tasks: readonly TaskTally[];
  /** Task by its place in the list, begin, end. Tasks of one name that follow each other closely are one span. */
  readonly ran: readonly (readonly [task: number, begin: number, end: number])[];
  /** When it was blocked: begin, end. */
  readonly blocked: readonly (readonly [begin: number, end: number])[];
  readonly waits: readonly WaitTally[];
}

export interface TaskTally {
  readonly name: string;
  /** How many have ended. */
  readonly runs: number;
  readonly wall: number;
  /** Blocked or awaiting, in waits of this package. */
  readonly waited: number;
  /** The part of `waited` that is too short to be in `blocked`. */
  readonly shortly: number;
}

export interface WaitTally {
  /** The lock, or the method that waits. */
  readonly what: string;
  /** Where in the program, as `file:line`; '' when that is not known: short waits are not asked. */
  readonly where: string;
  /** The task that waited; '' outside of any. */
  readonly task: string;
  readonly times: number;
  readonly waited: number;
  readonly longest: number;
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
  /** How often it was called. */
  readonly calls: number;
  /** Milliseconds from call to end, summed over the calls: more than the program took, when they overlap. */
  readonly wall: number;
  /** Milliseconds that its calls were on the CPU, summed; the rest of `wall` they awaited. */
  readonly onCpu: number;
  /** The most calls that were under way at one moment. */
  readonly atOnceMax: number;
}
