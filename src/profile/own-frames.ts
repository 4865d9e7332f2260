import type { Profiler } from 'node:inspector';

/*
 * The profiler's own frames are no part of the program. What they call, the profiled function, is where the profile begins: its
 * callers go, as far as they did nothing themselves. Frames that start and stop the recording go with everything below them,
 * and their time is nobody's.
 */
const HERE = new URL('.', import.meta.url).href;
const CALLS_THE_PROGRAM = new Set(['run', 'recorded', 'wrapper', 'tracked', 'get', 'set', '']);

type Node = Profiler.ProfileNode;

/** What Node does for us alone: it begins and ends to watch awaits. */
const isHook = ({ callFrame: { url, functionName } }: Node): boolean =>
  url === 'node:async_hooks' && (functionName === 'enable' || functionName === 'disable');

export function withoutOwnFrames(profile: Profiler.Profile): Profiler.Profile {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const root = profile.nodes[0]!;
  const kept: Node[] = [];
  const dropped = new Set<number>();

  const tops: number[] = [];
  const childrenOf = (node: Node): number[] => (node.children ?? []).flatMap((id) => place(nodes.get(id)!));
  const drop = (node: Node): void => {
    dropped.add(node.id);
    for (const id of node.children ?? []) drop(nodes.get(id)!);
  };
  /** What stands in the place of a node: itself, its children, or nothing. */
  const place = (node: Node): number[] => {
    if (!node.callFrame.url.startsWith(HERE)) {
      const tallest = tops.length;
      node.children = childrenOf(node);
      // It only led to what is profiled.
      if (tops.length > tallest && node.children.length === 0 && !node.hitCount) return [];
      kept.push(node);
      return [node.id];
    }
    if (!CALLS_THE_PROGRAM.has(node.callFrame.functionName)) {
      drop(node);
      return [];
    }
    dropped.add(node.id);
    for (const id of node.children ?? []) {
      const child = nodes.get(id)!;
      if (isHook(child)) drop(child);
      else tops.push(...place(child));
    }
    return [];
  };

  const children = [...childrenOf(root), ...tops];
  const samples = (profile.samples ?? []).map((id) => (dropped.has(id) ? root.id : id));
  return { ...profile, nodes: [{ ...root, children }, ...kept], samples };
}
