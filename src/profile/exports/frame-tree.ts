import { selfTimes, STATES } from '../call-tree.ts';
import { isInternal } from '../internals.ts';
import type { RawProfile } from '../raw-profile.ts';
import { SourceText } from '../source-text.ts';
import { threadKey } from '../thread-key.ts';
import { byThread } from './by-thread.ts';

/** A function as it was called from its parent, with the time that it took there: microseconds. */
export interface Frame {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  self: number;
  total: number;
  readonly children: Map<string, Frame>;
}

const newFrame = (name: string, file = '', line = 0): Frame => ({ name, file, line, self: 0, total: 0, children: new Map() });

/** Which frames a tree holds. */
export interface FrameTreeOptions {
  /** What goes on inside Node, this package and the loader as well; otherwise its time is that of the function of the program which called it. */
  readonly all?: boolean | undefined;
}

/** One tree for all recordings: its first level are the threads. */
export function frameTree(recordings: readonly RawProfile[], { all = true }: FrameTreeOptions = {}): Frame {
  const root = newFrame('all');
  const threads = byThread(recordings);
  for (const recording of threads) {
    const title = threads.length > 1 ? `${recording.name} (${recording.pid}/${recording.threadId})` : recording.name;
    plant(
      recording.profile,
      child(root, threadKey(recording), () => newFrame(title)),
      all,
    );
  }
  addUp(root);
  return root;
}

function child(parent: Frame, key: string, make: () => Frame): Frame {
  let frame = parent.children.get(key);
  if (frame === undefined) parent.children.set(key, (frame = make()));
  return frame;
}

function plant(profile: NonNullable<RawProfile['profile']>, lane: Frame, all: boolean): void {
  const self = selfTimes(profile);
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const visit = (id: number, parent: Frame): void => {
    const node = nodes.get(id)!;
    const { functionName, url, lineNumber, columnNumber } = node.callFrame;
    let frame = parent;
    if (functionName === '(idle)') return;
    const isShown = all || STATES[functionName] !== undefined || !(isInternal(url) || (parent === lane && !isScript(url)));
    if (functionName !== '(root)' && isShown) {
      const place = isFile(url) ? SourceText.of(url).origin(lineNumber, columnNumber) : { file: url, line: lineNumber + 1 };
      const name = STATES[functionName] ?? (functionName || (lineNumber <= 0 ? '<module>' : '<anonymous>'));
      frame = child(parent, `${name}@${place.file}:${place.line}`, () => newFrame(name, place.file, place.line));
    }
    frame.self += self.get(id) ?? 0;
    for (const next of node.children ?? []) visit(next, frame);
  };
  visit(profile.nodes[0]!.id, lane);
}

const isFile = (url: string): boolean => url.startsWith('file:') || url.startsWith('/');
/** Code that somebody has written, and that is not Node's. */
const isScript = (url: string): boolean => url !== '' && !/^(?:node|wasm):/.test(url);

function addUp(frame: Frame): number {
  frame.total = frame.self;
  for (const next of frame.children.values()) frame.total += addUp(next);
  return frame.total;
}
