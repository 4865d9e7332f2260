/** What one thread has told of a stretch of time. Times are microseconds on the system's monotonic clock, the same for all processes. */
export interface LanePart {
  readonly version: 1;
  readonly host: string;
  readonly pid: number;
  readonly threadId: number;
  /** The program's, the process's or the thread's name. */
  readonly lane: string;
  readonly begin: number;
  readonly end: number;
  readonly spans: readonly Span[];
  readonly marks: readonly Mark[];
  /** What had not ended by `end`. */
  readonly open: readonly Span[];
  /** Spans and marks beyond those that are kept. */
  readonly left: number;
}

/**
 * `run`: a task of a pool, the main function of a thread, a `span` of the program. `block`: the thread sleeps. `await`: something of ours is
 * awaited. `task`: a task of asyncio. `command`: a command that runs. `gc`: the garbage collector. `request`: HTTP, served or asked for.
 * `measure`: of `performance.measure`.
 */
export type SpanKind = 'run' | 'block' | 'await' | 'task' | 'command' | 'gc' | 'request' | 'measure';

export interface Span {
  readonly kind: SpanKind;
  readonly name: string;
  readonly begin: number;
  readonly end: number;
  /** Where in the program, as `file:line`. */
  readonly where?: string | undefined;
  /** The error that it ended with. */
  readonly failure?: string | undefined;
  readonly detail?: unknown;
}

export interface Mark {
  readonly name: string;
  readonly at: number;
  readonly detail?: unknown;
}
