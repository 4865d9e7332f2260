import { performance } from 'node:perf_hooks';
import { AsyncTallies } from '../async-tallies.ts';
import type { ExactCalls } from '../raw-profile.ts';
import { functions, FUNCTIONS_MAX, idsInUse, makeRoom, placesOf, Recorder, recordWith, takeEdges } from './recorder.ts';

/*
 * Times each call, as cProfile does. The stack is that of the instrumented functions: for each level the function, the edge by which
 * it was called, and when. A function that awaits leaves the stack and comes back: what happens between is not its time.
 */
const LEVELS = 1 << 17;
const ids = new Int32Array(LEVELS);
const edges = new Int32Array(LEVELS);
const starts = new Float64Array(LEVELS);
let depth = 0;

/** How many calls of a function are on the stack, and how many began while none was. */
const active = new Int32Array(FUNCTIONS_MAX);
const primitive = new Float64Array(FUNCTIONS_MAX);
/** Time by edge, in milliseconds. The first edge is that of all other code. */
let cumulative = new Float64Array(0);
let self = new Float64Array(0);
/** When time was last booked. */
const booked = new Float64Array(1);
const now = performance.now.bind(performance);

const tallies = new AsyncTallies<number>();

/** A call of a function that can stop in the middle. */
interface Frame {
  readonly id: number;
  readonly edge: number;
  readonly began: number;
  /** Where it lies on the stack; 0 while it is stopped. */
  level: number;
  onCpu: number;
}

function push(id: number, edge: number, time: number): number {
  self[edges[depth]!]! += time - booked[0]!;
  booked[0] = time;
  const level = depth < LEVELS - 1 ? ++depth : depth;
  ids[level] = id;
  edges[level] = edge;
  starts[level] = time;
  active[id]!++;
  return level;
}

/** Takes what lies at `level` and above it off the stack: an error may have passed over functions that did not tell. */
function pop(level: number): number {
  const time = now();
  self[edges[depth]!]! += time - booked[0]!;
  booked[0] = time;
  let taken = 0;
  for (; depth >= level; depth--) {
    taken = time - starts[depth]!;
    // Within another call of the same function, its time is in that call's already.
    if (--active[ids[depth]!]! === 0) cumulative[edges[depth]!]! += taken;
  }
  return taken;
}

/** What `begin` gives is the level on the stack. */
class TimingRecorder extends Recorder {
  begin(number: number): number {
    const id = this.ids[number]! || this.enrol(number);
    const edge = ids[depth]! * FUNCTIONS_MAX + id;
    this.counts[edge]!++;
    if (active[id] === 0) primitive[id]!++;
    return push(id, edge, now());
  }

  end(level: number): void {
    pop(level);
  }

  beginStopping(number: number): Frame {
    const level = this.begin(number);
    const id = ids[level]!;
    if (functions[id]?.isAsync === true) tallies.begin(id);
    return { id, edge: edges[level]!, began: starts[level]!, level, onCpu: 0 };
  }

  stopped<T>(frame: Frame, value: T): T {
    if (frame.level > 0) {
      frame.onCpu += pop(frame.level);
      frame.level = 0;
    }
    return value;
  }

  goOn<T>(frame: Frame, value?: T): T | undefined {
    if (frame.level === 0) frame.level = push(frame.id, frame.edge, now());
    return value;
  }

  endStopping(frame: Frame): void {
    this.stopped(frame, undefined);
    if (functions[frame.id]?.isAsync === true) tallies.end(frame.id, now() - frame.began, frame.onCpu);
  }
}

export function beginTiming(): void {
  cumulative = makeRoom();
  self = makeRoom();
  booked[0] = now();
  recordWith(TimingRecorder);
}

/** What was recorded since the last call. */
export function takeTimes(): ExactCalls {
  const calls = {
    isTimed: true,
    edges: takeEdges({ cumulative, self }),
    functions: placesOf(),
    primitive: idsInUse().map((id) => primitive[id]!),
  };
  primitive.fill(0);
  return { ...calls, asyncCalls: tallies.take().map(([id, tally]) => ({ id, ...tally })) };
}
