import type { Profiler } from 'node:inspector';
import type { FunctionRange, ScriptFunctions } from './raw-profile.ts';
import { SourceText } from './source-text.ts';

/*
 * Up to Node 24, V8 books the time of an inlined function on the function that it was inlined into, and keeps the
 * true line in `positionTicks`. Ticks on a line outside the function's own text are given back to the innermost
 * function that holds that line, as a callee. Node 26 needs no repair, and gets none: its lines lie inside.
 *
 * It works within a script; frames between the two are not rebuilt.
 */
interface Placed extends FunctionRange {
  readonly first: number;
  readonly last: number;
}

/** Moves time in `self`, microseconds by node, and adds nodes to the profile for those it goes to. */
export function giveBackInlined(profile: Profiler.Profile, self: Map<number, number>, scripts: readonly ScriptFunctions[]): void {
  const placed = new Map(scripts.map((script) => [script.scriptId, script]));
  const known = new Map<string, Placed[]>();
  let nextId = 1 + profile.nodes.reduce((greatest, { id }) => Math.max(greatest, id), 0);
  const added: Profiler.ProfileNode[] = [];

  for (const node of profile.nodes) {
    const script = placed.get(node.callFrame.scriptId);
    if (script === undefined || node.positionTicks === undefined || !node.hitCount) continue;
    let functions = known.get(script.scriptId);
    if (functions === undefined) known.set(script.scriptId, (functions = placesOf(script)));
    for (const [callee, ticks] of foreignTicks(node, functions)) {
      const total = node.positionTicks.reduce((sum, tick) => sum + tick.ticks, 0);
      const time = ((self.get(node.id) ?? 0) * ticks) / total;
      const id = nextId++;
      self.set(id, time);
      self.set(node.id, (self.get(node.id) ?? 0) - time);
      added.push({ id, hitCount: ticks, callFrame: frameOf(callee, node.callFrame), children: [] });
      (node.children ??= []).push(id);
    }
  }
  profile.nodes.push(...added);
}

/** The functions of a script with the lines that they span, the innermost first. */
function placesOf(script: ScriptFunctions): Placed[] {
  const source = SourceText.of(script.url);
  if (source.isUnknown) return [];
  return script.functions
    .filter(({ name, start }) => name !== '' || start > 0)
    .map((range) => ({ ...range, first: source.lineAt(range.start), last: source.lineAt(range.end - 1) }))
    .toSorted((a, b) => a.end - a.start - (b.end - b.start));
}

function foreignTicks(node: Profiler.ProfileNode, functions: readonly Placed[]): Map<Placed, number> {
  const { lineNumber, functionName } = node.callFrame;
  const ticks = new Map<Placed, number>();
  const own = functions.find(({ first, last, name }) => first <= lineNumber && lineNumber <= last && name === functionName);
  if (own === undefined) return ticks;
  for (const tick of node.positionTicks!) {
    const line = tick.line - 1;
    if (own.first <= line && line <= own.last) continue;
    const callee = functions.find(({ first, last }) => first <= line && line <= last);
    if (callee !== undefined) ticks.set(callee, (ticks.get(callee) ?? 0) + tick.ticks);
  }
  return ticks;
}

function frameOf({ name, start, first }: Placed, caller: Profiler.ProfileNode['callFrame']): Profiler.ProfileNode['callFrame'] {
  const source = SourceText.of(caller.url);
  return { functionName: name, scriptId: caller.scriptId, url: caller.url, lineNumber: first, columnNumber: headColumn(source, start) };
}

/** The profiler names a function by the column of its parameter list; coverage by where its text begins. */
export function headColumn(source: SourceText, start: number): number {
  const text = source.text ?? '';
  const isArrow = /^(?:async\s*)?(?:\(|[\w$]+\s*=>)/.test(text.slice(start, start + 80));
  const paren = text.indexOf('(', start);
  const at = isArrow || paren < 0 || source.lineAt(paren) !== source.lineAt(start) ? start : paren;
  return source.columnAt(at);
}
