import type { ExactCalls } from '../raw-profile.ts';
import { FUNCTIONS_MAX, placesOf, Recorder, recordWith, takeEdges } from './recorder.ts';

/** The function that runs. In an array, its place in memory is constant. */
const current = new Int32Array(1);

/** A call of a function that can stop in the middle: itself, and who called it or made it go on. */
interface Frame {
  readonly id: number;
  before: number;
  runs: boolean;
}

/** Counts calls. What `begin` gives is the caller. */
class CountingRecorder extends Recorder {
  begin(number: number): number {
    const id = this.ids[number]! || this.enrol(number);
    const before = current[0]!;
    this.counts[before * FUNCTIONS_MAX + id]!++;
    current[0] = id;
    return before;
  }

  end(before: number): void {
    current[0] = before;
  }

  beginStopping(number: number): Frame {
    const before = this.begin(number);
    return { id: current[0]!, before, runs: true };
  }

  stopped<T>(frame: Frame, value: T): T {
    if (frame.runs) current[0] = frame.before;
    frame.runs = false;
    return value;
  }

  goOn<T>(frame: Frame, value?: T): T | undefined {
    if (!frame.runs) {
      frame.before = current[0]!;
      current[0] = frame.id;
      frame.runs = true;
    }
    return value;
  }

  endStopping(frame: Frame): void {
    this.stopped(frame, undefined);
  }
}

export function beginCounting(): void {
  recordWith(CountingRecorder);
}

/** What was counted since the last call. */
export function takeCounts(): ExactCalls {
  return { isTimed: false, edges: takeEdges(null), functions: placesOf(), asyncCalls: [] };
}
