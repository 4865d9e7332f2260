import { type Plan, recordingsIn, type Recorder } from '../recording/plan.ts';
import { beginCounting, takeCounts } from './instrument/counting.ts';
import { instrumentLoads } from './instrument/loader.ts';
import { beginTiming, takeTimes } from './instrument/timing.ts';
import type { RawProfile } from './raw-profile.ts';
import { mapsOf, type Recording, Sampling } from './sampler.ts';

/** A sample costs some twenty microseconds of CPU. Of a whole program there are enough of them, so that half as many do as of a part. */
const INTERVAL_US = 2000;

/** How a whole program is profiled. */
export interface ProgramSettings {
  readonly mode: Recording | 'exact';
  /** Microseconds between two samples; 2000 when left out. */
  readonly interval?: number | undefined;
}

/** What the threads and processes of the program are told. */
export const planFor = (folder: string, settings: ProgramSettings): Plan => ({ folder, recorder: import.meta.url, options: settings });

/** What they have left, in the order in which it began. */
export const profilesIn = (folder: string): RawProfile[] =>
  (recordingsIn(folder) as RawProfile[]).toSorted((a, b) => a.startUs - b.startUs);

/** Profiles one thread of the program. */
export function recorderOf({ mode, interval = INTERVAL_US }: ProgramSettings): Recorder {
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
    take(lane, isLast) {
      const raw = isLast ? sampling!.stop(lane) : sampling!.cut(lane);
      if (!isInstrumented) return raw;
      const exact = mode === 'exact' ? takeTimes() : takeCounts();
      // V8 may have collected the functions of a script that no sample has met: it is counted all the same.
      return { ...raw, exact, maps: { ...raw.maps, ...mapsOf(new Set(exact.functions.map(({ url }) => url))) } };
    },
    get carried() {
      return sampling?.carried ?? [];
    },
  };
}
