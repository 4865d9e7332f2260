import type { Profiler } from 'node:inspector';
import { findSourceMap, type SourceMap } from 'node:module';
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';
import type { AsyncCalls, LoadedMap, RawProfile, ScriptFunctions } from './raw-profile.ts';
import { isInternal } from './internals.ts';
import { withoutOwnFrames } from './own-frames.ts';
import { ask } from './session.ts';
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

let counting = false;
let spans: SpanRecorder | null = null;

/** Begins to record. Counting is exact, and keeps V8 from optimising: hot loops run up to forty times slower. */
export function startSampling(recording: Recording, intervalUs: number = DEFAULT_INTERVAL_US): void {
  ask('Profiler.setSamplingInterval', { interval: intervalUs });
  ask('Profiler.start');
  ask('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  counting = recording === 'counts';
  (spans ??= new SpanRecorder()).start();
  if (!counting) ask('Profiler.stopPreciseCoverage');
}

/** Ends the recording and gives it back, with what is needed to read it later. */
export function stopSampling(name: string, asyncCalls: Readonly<Record<string, AsyncCalls>> = {}): RawProfile {
  const profile = withoutOwnFrames((ask('Profiler.stop') as Profiler.StopReturnType).profile);
  const counted = counting ? functionsOf((ask('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType).result) : null;
  if (counting) ask('Profiler.stopPreciseCoverage');
  counting = false;
  const counts = counted?.filter(({ url }) => !isInternal(url)) ?? null;
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
    counts,
    ranges,
    asyncCalls,
    spans: spans?.stop(),
    // Scripts whose functions are collected by now have samples, but no ranges any more.
    maps: mapsOf(new Set([...ranges.map(({ url }) => url), ...profile.nodes.map(({ callFrame }) => callFrame.url)])),
  };
}

/** The names of the threads that this worker has carried since it was recorded first. */
export const threadsCarried = (): readonly string[] => spans?.carried ?? [];

/** A loader such as tsx compiles a file in memory; Node keeps its map, if it is run with source maps. */
function mapsOf(urls: ReadonlySet<string>): Record<string, LoadedMap> {
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
