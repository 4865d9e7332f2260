import { basename } from 'node:path';
import type { RawProfile } from '../raw-profile.ts';
import { type Frame, frameTree } from './frame-tree.ts';
import { flamePage } from './flame-page.ts';

/** A block of the page: depth, start, total and self time in microseconds, name, place, and how it changed (-1 to 1). */
type Block = readonly [depth: number, start: number, total: number, self: number, name: number, place: number, change: number];

/** Which functions a flame graph shows. */
export interface FlameOptions {
  /** Those inside Node, manycore and the loader (tsx) too. */
  readonly all?: boolean | undefined;
}

/** A flame graph as one page that needs nothing else: searchable, zoomable, light and dark. */
export function flameGraph(recordings: readonly RawProfile[], title: string, { all = false }: FlameOptions = {}): string {
  return render(frameTree(recordings, { all }), title, () => 0);
}

/** The later of two profiles as a flame graph, in which what has become dearer is red and what has become cheaper is blue. */
export function flameDiff(
  before: readonly RawProfile[],
  after: readonly RawProfile[],
  title: string,
  { all = false }: FlameOptions = {},
): string {
  const old = sharesByFunction(frameTree(before, { all }));
  const tree = frameTree(after, { all });
  const now = sharesByFunction(tree);
  return render(tree, title, (frame) => {
    const [was, is] = [old.get(keyOf(frame)) ?? 0, now.get(keyOf(frame)) ?? 0];
    return was + is === 0 ? 0 : (is - was) / Math.max(was, is);
  });
}

const keyOf = ({ name, file }: Frame): string => `${name}@${file}`;

/** What part of all the time each function takes by itself. */
function sharesByFunction(root: Frame): Map<string, number> {
  const shares = new Map<string, number>();
  const visit = (frame: Frame): void => {
    shares.set(keyOf(frame), (shares.get(keyOf(frame)) ?? 0) + frame.self / (root.total || 1));
    for (const child of frame.children.values()) visit(child);
  };
  visit(root);
  return shares;
}

function render(root: Frame, title: string, changeOf: (frame: Frame) => number): string {
  const texts = new Map<string, number>();
  const text = (value: string): number => {
    let number = texts.get(value);
    if (number === undefined) texts.set(value, (number = texts.size));
    return number;
  };
  const blocks: Block[] = [];
  const place = ({ file, line }: Frame): string => (file === '' ? '' : `${basename(file)}:${line}`);
  const visit = (frame: Frame, depth: number, start: number): void => {
    const [total, self] = [Math.round(frame.total), Math.round(frame.self)];
    blocks.push([depth, Math.round(start), total, self, text(frame.name), text(place(frame)), Math.round(changeOf(frame) * 100) / 100]);
    let at = start;
    for (const child of [...frame.children.values()].toSorted((a, b) => b.total - a.total)) {
      visit(child, depth + 1, at);
      at += child.total;
    }
  };
  visit(root, 0, 0);
  return flamePage(title, { texts: [...texts.keys()], blocks });
}
