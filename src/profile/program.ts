import { type Plan, recordingsIn, type Recorder } from '../recording/plan.ts';
import { beginCounting, takeCounts } from './instrument/counting.ts';
import { instrumentLoads } from './instrument/loader.ts';
import { beginTiming, takeTimes } from './instrument/timing.ts';
import type { RawProfile } from './raw-profile.ts';
import { type Recording, Sampling } from './sampler.ts';

/** How a whole program is profiled. */
export interface ProgramSettings {
  readonly mode: Recording | 'exact';
  /** Microseconds between two samples. */
  readonly interval?: number | undefined;
}

/** What the threads and processes of the program are told. */
export const planFor = (folder: string, settings: ProgramSettings): Plan => ({ folder, recorder: import.meta.url, options: settings });

/** What they have left, in the order in which it began. */
export const profilesIn = (folder: string): RawProfile[] =>
  (recordingsIn(folder) as RawProfile[]).toSorted((a, b) => a.startUs - b.startUs);

/** Profiles one thread of the program. */
export function recorderOf({ mode, interval }: ProgramSettings): Recorder {
  const isInstrumented = mode !== 'sampling';
  if (isInstrumented) {
    if (mode === 'exact') beginTiming();
    else beginCounting();
    instrumentLoads();
  }
  let sampling: Sampling | null = null;
  return {
    start() {
      sampling = new Sampling('sampling', interval);
    },
    take: (lane, isLast) => ({
      ...(isLast ? sampling!.stop(lane) : sampling!.cut(lane)),
      ...(isInstrumented ? { exact: mode === 'exact' ? takeTimes() : takeCounts() } : {}),
    }),
    get carried() {
      return sampling?.carried ?? [];
    },
  };
}
