import type { ExactCalls } from './raw-profile.ts';

interface Calls {
  readonly id: number;
  readonly calls: number;
  /** Those that the function did not cause itself; `null` when that can't be told. */
  readonly primitive: number | null;
}

/**
 * How often each function was called. Where nobody watched which calls were primitive, the edges tell: all are, of a function that is in no
 * circle of callers; all but its calls of itself, where that is its only circle.
 */
export function callsByFunction({ edges, primitive }: ExactCalls): Calls[] {
  const calls = new Map<number, number>();
  const ofItself = new Map<number, number>();
  for (const [caller, callee, times] of edges) {
    calls.set(callee, (calls.get(callee) ?? 0) + times);
    if (caller === callee) ofItself.set(callee, times);
  }
  const circles = primitive === undefined ? inCircles(edges) : null;
  return [...calls].map(([id, times]) => {
    if (circles === null) return { id, calls: times, primitive: primitive?.[id] ?? null };
    return { id, calls: times, primitive: circles.has(id) ? null : times - (ofItself.get(id) ?? 0) };
  });
}

/** The functions that call themselves through others: the larger strong components of the graph of calls (Tarjan). */
function inCircles(edges: ExactCalls['edges']): Set<number> {
  const callees = new Map<number, number[]>();
  for (const [caller, callee] of edges) {
    const known = callees.get(caller);
    if (known === undefined) callees.set(caller, [callee]);
    else known.push(callee);
  }
  const found = new Set<number>();
  const order = new Map<number, number>();
  const path: number[] = [];
  const onPath = new Set<number>();
  const visit = (id: number): number => {
    let low = order.size;
    const own = low;
    order.set(id, own);
    path.push(id);
    onPath.add(id);
    for (const callee of callees.get(id) ?? []) {
      if (!order.has(callee)) low = Math.min(low, visit(callee));
      else if (onPath.has(callee)) low = Math.min(low, order.get(callee)!);
    }
    if (low === own) {
      const component = path.splice(path.lastIndexOf(id));
      for (const one of component) {
        onPath.delete(one);
        if (component.length > 1) found.add(one);
      }
    }
    return low;
  };
  for (const id of callees.keys()) if (!order.has(id)) visit(id);
  return found;
}
