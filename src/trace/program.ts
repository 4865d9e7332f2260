import { type Plan, recordingsIn, type Recorder } from '../recording/plan.ts';
import type { LanePart } from './lane.ts';
import { LaneRecorder } from './lane-recorder.ts';

/** What the threads and processes of a program are told that is to be traced. */
export const planFor = (folder: string): Plan => ({ folder, recorder: import.meta.url, options: null });

/** What they have left. */
export const partsIn = (folder: string): LanePart[] => recordingsIn(folder) as LanePart[];

/** Records one thread of the program. */
export function recorderOf(): Recorder {
  const lane = new LaneRecorder();
  return {
    start: () => lane.start(),
    take(name, isLast) {
      const part = lane.stop(name, isLast);
      if (!isLast) lane.start();
      return part;
    },
    get carried() {
      return lane.carried;
    },
  };
}
