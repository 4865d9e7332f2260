import type { Profiler } from 'node:inspector';
import { findSourceMap, type SourceMap } from 'node:module';
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';
import { observer } from '../base/observer.ts';
import type { LoadedMap, RawProfile, ScriptFunctions } from './raw-profile.ts';
import { isInternal } from './internals.ts';
import { withoutOwnFrames } from './own-frames.ts';
import { ask, beginProfile, endProfile } from './session.ts';
import { SpanRecorder } from './spans.ts';

/*
 * V8's sampling profiler, with two repairs without which its table is wrong.
 *
 * 1. Code that V8 had optimised before the profiler started is invisible to it: its time goes to the caller.
 *    Switching the coverage mode on and off throws all optimised code away, and V8 makes it anew while the
 *    profiler listens. It is a side effect, and not written down anywhere: a test pins it on every Node.
 * 2. Up to Node 24, the time of an inlined function is booked on the function that it was inlined into; the
 *    line is the true one. `inlined.ts` gives it back, and needs to know where functions lie.
 */
export const DEFAULT_INTERVAL_US = 1000;

/** What is recorded: samples alone, or also how often each function is called. */
export type Recording = 'sampling' | 'counts';

/** Recordings of this thread that are under way: a program that is profiled may profile a part of itself. */
let underWay = 0;

/** A recording of this thread, from when it is made until `stop`. */
export class Sampling {
  readonly #counts: boolean;
  readonly #spans: SpanRecorder | null;
  #title: string;

  /** Begins to record. Counting is exact, and keeps V8 from optimising: hot loops run up to forty times slower. */
  constructor(recording: Recording, intervalUs: number = DEFAULT_INTERVAL_US) {
    // V8 has one interval for all of them.
    if (underWay++ === 0) ask('Profiler.setSamplingInterval', { interval: intervalUs });
    this.#title = beginProfile();
    ask('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    this.#counts = recording === 'counts';
    // Whoever was first hears it.
    this.#spans = observer.current === null ? new SpanRecorder() : null;
    this.#spans?.start();
    if (!this.#counts) ask('Profiler.stopPreciseCoverage');
  }

  /** Ends the recording and gives it back, with what is needed to read it later. */
  stop(name: string, asyncCalls?: RawProfile['asyncCalls']): RawProfile {
    const recorded = endProfile(this.#title);
    underWay--;
    const raw = described(name, recorded, { asyncCalls, counts: this.#counts, spans: this.#spans });
    if (this.#counts) ask('Profiler.stopPreciseCoverage');
    return raw;
  }

  /** Gives back what was recorded so far, and goes on with the rest. The program is not slowed down by it, as it is by a new beginning. */
  cut(name: string, asyncCalls?: RawProfile['asyncCalls']): RawProfile {
    const earlier = this.#title;
    this.#title = beginProfile();
    const raw = described(name, endProfile(earlier), { asyncCalls, counts: this.#counts, spans: this.#spans });
    this.#spans?.start();
    return raw;
  }

  /** The names of the threads that this worker has carried meanwhile. */
  get carried(): readonly string[] {
    return this.#spans?.carried ?? [];
  }
}

interface Beside {
  readonly asyncCalls: RawProfile['asyncCalls'] | undefined;
  readonly counts: boolean;
  readonly spans: SpanRecorder | null;
}

function described(name: string, recorded: Profiler.Profile, { asyncCalls = {}, counts, spans }: Beside): RawProfile {
  const profile = withoutOwnFrames(recorded);
  const counted = counts ? functionsOf((ask('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType).result) : null;
  const ranges = counted ?? functionsOf((ask('Profiler.getBestEffortCoverage') as Profiler.GetBestEffortCoverageReturnType).result);
  return {
    version: 1,
    host: hostname(),
    pid: process.pid,
    threadId,
    name,
    startUs: profile.startTime,
    endUs: profile.endTime,
    profile,
    counts: counted?.filter(({ url }) => !isInternal(url)) ?? null,
    ranges,
    asyncCalls,
    spans: spans?.stop(),
    // Scripts whose functions are collected by now have samples, but no ranges any more.
    maps: mapsOf(new Set([...ranges.map(({ url }) => url), ...profile.nodes.map(({ callFrame }) => callFrame.url)])),
  };
}

/** A loader such as tsx compiles a file in memory; Node keeps its map, if it is run with source maps. */
export function mapsOf(urls: ReadonlySet<string>): Record<string, LoadedMap> {
  return Object.fromEntries(
    [...urls].flatMap((url): [string, LoadedMap][] => {
      const map = /\.[cm]?tsx?(\?.*)?$/.test(url)
        ? (findSourceMap(url) as (SourceMap & { lineLengths?: number[] }) | undefined)
        : undefined;
      if (map === undefined) return [];
      return [[url, { payload: { ...map.payload, sourcesContent: [] }, lineLengths: map.lineLengths ?? [] }]];
    }),
  );
}

function functionsOf(scripts: readonly Profiler.ScriptCoverage[]): ScriptFunctions[] {
  return scripts
    .filter(({ url }) => url.startsWith('file:') || url.startsWith('/'))
    .map(({ url, scriptId, functions }) => ({
      url,
      scriptId,
      functions: functions.map(({ functionName, ranges }) => ({
        name: functionName,
        start: ranges[0]!.startOffset,
        end: ranges[0]!.endOffset,
        count: ranges[0]!.count,
      })),
    }));
}
