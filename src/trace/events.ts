import type { LanePart, Mark, Span } from './lane.ts';
import { packed } from './packed.ts';

/**
 * An event of the Trace Event Format, which Perfetto and Chrome's tracing page read. Times are microseconds from the beginning of the
 * recording. `X` lasts, `i` is a moment, `M` gives a name to a process or to a row of it.
 *
 * @see https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
export type TraceEvent =
  | {
      readonly ph: 'X';
      readonly name: string;
      readonly cat: string;
      readonly ts: number;
      readonly dur: number;
      readonly pid: number;
      readonly tid: number;
      readonly args: Readonly<Record<string, unknown>>;
    }
  | {
      readonly ph: 'i';
      readonly s: 't';
      readonly name: string;
      readonly cat: 'mark';
      readonly ts: number;
      readonly pid: number;
      readonly tid: number;
      readonly args: Readonly<Record<string, unknown>>;
    }
  | {
      readonly ph: 'M';
      readonly name: 'process_name' | 'process_sort_index' | 'thread_name' | 'thread_sort_index';
      readonly pid: number;
      readonly tid: number;
      readonly args: { readonly name: string } | { readonly sort_index: number };
    };

/** A file of that format. */
export interface TraceFile {
  /** How viewers show times. The times in the file are in microseconds, whichever it is. */
  readonly displayTimeUnit: 'ms';
  /** What happened, in no promised order: viewers sort it by time. */
  readonly traceEvents: readonly TraceEvent[];
  /** What is known of the recording as a whole: viewers show it among its properties. */
  readonly otherData?: {
    readonly processes: number;
    readonly threads: number;
    readonly spans: number;
    /** How many more spans and marks there were than are kept. */
    readonly left: number;
    readonly microseconds: number;
  };
}

/** Rows of a thread that its overlapping spans may take. */
const ROWS_MAX = 64;
/** Rows have numbers of their own: a thread has several. */
const ROWS_PER_THREAD = 1000;

/** What all threads have told, as one file. */
export function traceFile(parts: readonly LanePart[]): TraceFile {
  const lanes = lanesOf(parts);
  const start = lanes.reduce(
    (least, lane) => lane.spans.reduce((first, { begin }) => Math.min(first, begin), Math.min(least, lane.begin)),
    Infinity,
  );
  const events: TraceEvent[] = [];
  let left = 0;
  let spans = 0;
  const pids = [...new Set(lanes.map(({ pid }) => pid))];
  for (const [index, pid] of pids.entries()) {
    const main = lanes.find((lane) => lane.pid === pid && lane.threadId === 0);
    events.push({ ph: 'M', name: 'process_name', pid, tid: 0, args: { name: main?.name ?? `process ${pid}` } });
    events.push({ ph: 'M', name: 'process_sort_index', pid, tid: 0, args: { sort_index: index } });
  }
  for (const lane of lanes) {
    const { rows, left: unseen } = packed(lane.spans, ROWS_MAX);
    left += lane.left + unseen;
    rows.forEach(({ title, spans: shown }, index) => {
      const { pid } = lane;
      const tid = lane.threadId * ROWS_PER_THREAD + index;
      const name = lane.threadId === 0 ? 'MainThread' : lane.name;
      events.push({ ph: 'M', name: 'thread_name', pid, tid, args: { name: title === '' ? name : `${name}: ${title}` } });
      events.push({ ph: 'M', name: 'thread_sort_index', pid, tid, args: { sort_index: tid } });
      spans += shown.length;
      for (const span of shown) events.push(spanEvent(span, pid, tid, start));
      if (index === 0) for (const mark of lane.marks) events.push(markEvent(mark, pid, tid, start));
    });
  }
  const end = Math.max(...lanes.map((lane) => lane.end));
  return {
    displayTimeUnit: 'ms',
    traceEvents: events,
    otherData: {
      processes: pids.length,
      threads: lanes.length,
      spans,
      left,
      microseconds: lanes.length === 0 ? 0 : Math.round(end - start),
    },
  };
}

interface Lane {
  readonly pid: number;
  readonly threadId: number;
  readonly begin: number;
  name: string;
  end: number;
  left: number;
  readonly spans: Span[];
  readonly marks: Mark[];
}

/** The pieces of each thread put together, those that began first in front. */
function lanesOf(parts: readonly LanePart[]): Lane[] {
  const lanes = new Map<string, Lane>();
  const lastOpen = new Map<Lane, readonly Span[]>();
  for (const { pid, threadId, lane: name, begin, end, left, spans, marks, open } of parts.toSorted((a, b) => a.begin - b.begin)) {
    const key = `${pid} ${threadId}`;
    let lane = lanes.get(key);
    if (lane === undefined) lanes.set(key, (lane = { pid, threadId, begin, name, end, left: 0, spans: [], marks: [] }));
    for (const span of spans) lane.spans.push(span);
    for (const mark of marks) lane.marks.push(mark);
    Object.assign(lane, { name, end, left: lane.left + left });
    lastOpen.set(lane, open);
  }
  for (const [lane, open] of lastOpen) for (const span of open) lane.spans.push({ ...span, failure: 'has not ended' });
  return [...lanes.values()];
}

const round = (us: number): number => Math.round(us * 10) / 10;

function spanEvent({ kind, name, begin, end, where, failure, detail }: Span, pid: number, tid: number, start: number): TraceEvent {
  const args = { ...(where ? { where } : {}), ...(failure === undefined ? {} : { failure }), ...(detail === undefined ? {} : { detail }) };
  return { ph: 'X', name, cat: kind, ts: round(begin - start), dur: round(end - begin), pid, tid, args };
}

const markEvent = ({ name, at, detail }: Mark, pid: number, tid: number, start: number): TraceEvent => ({
  ph: 'i',
  s: 't',
  name,
  cat: 'mark',
  ts: round(at - start),
  pid,
  tid,
  args: detail === undefined ? {} : { detail },
});
