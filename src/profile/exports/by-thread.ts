import type { Profiler } from 'node:inspector';
import type { RawProfile } from '../raw-profile.ts';
import { threadKey } from '../thread-key.ts';

type Node = Profiler.ProfileNode;

/** The samples of each thread as one profile: the recording of a thread comes in pieces. The last piece knows its name best. */
export function byThread(recordings: readonly RawProfile[]): (RawProfile & { readonly profile: Profiler.Profile })[] {
  const threads = new Map<string, RawProfile[]>();
  for (const one of recordings) {
    const key = threadKey(one);
    const pieces = threads.get(key);
    if (pieces === undefined) threads.set(key, [one]);
    else pieces.push(one);
  }
  return [...threads.values()].flatMap((pieces) => {
    const profiles = pieces.flatMap(({ profile }) => profile ?? []).toSorted((a, b) => a.startTime - b.startTime);
    if (profiles.length === 0) return [];
    const profile = profiles.length === 1 ? profiles[0]! : joined(profiles);
    return [{ ...pieces.at(-1)!, profile, startUs: profile.startTime, endUs: profile.endTime }];
  });
}

/** Profiles that follow each other, as one: a function that was called in the same way is the same node. */
function joined(profiles: readonly Profiler.Profile[]): Profiler.Profile {
  const nodes: Node[] = [];
  const known = new Map<string, Node>();
  const samples: number[] = [];
  const timeDeltas: number[] = [];
  const startTime = profiles[0]!.startTime;
  let last = startTime;
  for (const profile of profiles) {
    const byId = new Map(profile.nodes.map((node) => [node.id, node]));
    const ids = new Map<number, number>();
    const visit = (node: Node, parent: Node | null): void => {
      const { scriptId, lineNumber, columnNumber, functionName, url } = node.callFrame;
      const key = [parent?.id ?? 0, scriptId, lineNumber, columnNumber, functionName, url].join(' ');
      let into = known.get(key);
      if (into === undefined) {
        into = { ...node, id: nodes.length + 1, hitCount: 0, children: [], positionTicks: [] };
        known.set(key, into);
        nodes.push(into);
        parent?.children!.push(into.id);
      }
      ids.set(node.id, into.id);
      into.hitCount = (into.hitCount ?? 0) + (node.hitCount ?? 0);
      addTicks(into.positionTicks!, node.positionTicks ?? []);
      for (const id of node.children ?? []) visit(byId.get(id)!, into);
    };
    visit(profile.nodes[0]!, null);
    let at = profile.startTime;
    profile.samples?.forEach((id, i) => {
      at += profile.timeDeltas?.[i] ?? 0;
      samples.push(ids.get(id)!);
      // A piece begins shortly before the one before it ends.
      timeDeltas.push(Math.max(0, at - last));
      last = Math.max(last, at);
    });
  }
  return { nodes, samples, timeDeltas, startTime, endTime: profiles.at(-1)!.endTime };
}

function addTicks(to: Profiler.PositionTickInfo[], ticks: readonly Profiler.PositionTickInfo[]): void {
  for (const tick of ticks) {
    const same = to.find(({ line }) => line === tick.line);
    if (same === undefined) to.push({ ...tick });
    else same.ticks += tick.ticks;
  }
}
