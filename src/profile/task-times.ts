import type { Profiler } from 'node:inspector';
import { isInternal } from './internals.ts';
import type { RawProfile, Spans } from './raw-profile.ts';

/** What became of the time of all runs of a task, in microseconds. */
export interface TaskTimes {
  readonly name: string;
  runs: number;
  wall: number;
  onCpu: number;
  waited: number;
  /** Time on the CPU by the function of the program that was innermost. */
  readonly functions: Map<Profiler.ProfileNode['callFrame'], number>;
}

/**
 * Which task used the time: the samples of a thread, joined by their time stamps with the tasks that it ran and with its waits.
 * A sample belongs to the task that began last among those that went on; what was sampled while the thread was blocked or its event
 * loop idle, to none.
 */
export function taskTimes(recordings: readonly RawProfile[]): TaskTimes[] {
  const byName = new Map<string, TaskTimes>();
  for (const { spans, profile } of recordings) {
    if (spans === undefined) continue;
    const tasks = spans.tasks.map(({ name, runs, wall, waited, shortly }) => {
      let times = byName.get(name);
      if (times === undefined) byName.set(name, (times = { name, runs: 0, wall: 0, onCpu: -0, waited: 0, functions: new Map() }));
      times.runs += runs;
      times.wall += wall;
      times.waited += waited;
      times.onCpu -= shortly;
      return times;
    });
    if (profile !== null) join(profile, spans, tasks);
  }
  for (const times of byName.values()) times.onCpu = Math.max(0, times.onCpu);
  return [...byName.values()].filter(({ wall }) => wall > 0).toSorted((a, b) => b.wall - a.wall);
}

function join({ nodes, samples = [], timeDeltas = [], startTime }: Profiler.Profile, spans: Spans, tasks: readonly TaskTimes[]): void {
  const functionOf = programFunctions(nodes);
  const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === '(idle)').map(({ id }) => id));
  const ran = spans.ran.toSorted((a, b) => a[1] - b[1]);
  const blocked = spans.blocked.toSorted((a, b) => a[0] - b[0]);
  let going: (readonly [task: number, begin: number, end: number])[] = [];
  let nextRan = 0;
  let nextBlocked = 0;
  let blockedUntil = 0;
  let at = startTime;
  samples.forEach((id, i) => {
    at += timeDeltas[i] ?? 0;
    while (nextRan < ran.length && ran[nextRan]![1] <= at) going.push(ran[nextRan++]!);
    while (nextBlocked < blocked.length && blocked[nextBlocked]![0] <= at)
      blockedUntil = Math.max(blockedUntil, blocked[nextBlocked++]![1]);
    if (going.length === 0) return;
    going = going.filter(([, , end]) => end >= at);
    const span = going.at(-1);
    if (span === undefined || at < blockedUntil || idle.has(id)) return;
    const times = tasks[span[0]]!;
    // A sample stands for the time until the next one.
    const time = Math.max(0, timeDeltas[i + 1] ?? 0);
    times.onCpu += time;
    const frame = functionOf.get(id);
    if (frame !== undefined) times.functions.set(frame, (times.functions.get(frame) ?? 0) + time);
  });
}

/** For each node, the innermost function of the program on its stack. */
function programFunctions(nodes: readonly Profiler.ProfileNode[]): Map<number, Profiler.ProfileNode['callFrame']> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const found = new Map<number, Profiler.ProfileNode['callFrame']>();
  const visit = (node: Profiler.ProfileNode, above: Profiler.ProfileNode['callFrame'] | undefined): void => {
    const { url } = node.callFrame;
    const own = url !== '' && !url.startsWith('node:') && !isInternal(url) ? node.callFrame : above;
    if (own !== undefined) found.set(node.id, own);
    for (const id of node.children ?? []) visit(byId.get(id)!, own);
  };
  visit(nodes[0]!, undefined);
  return found;
}
