import { basename } from 'node:path';
import { STATES } from '../call-tree.ts';
import type { RawProfile } from '../raw-profile.ts';
import { SourceText } from '../source-text.ts';
import { byThread } from './by-thread.ts';

/** The file format of speedscope: one sampled profile a thread. */
export function speedscope(recordings: readonly RawProfile[]): object {
  const frames: { name: string; file: string; line: number }[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (name: string, file: string, line: number): number => {
    const key = `${name}@${file}:${line}`;
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = frames.push({ name, file, line }) - 1));
    return number;
  };

  const profiles = byThread(recordings).map(({ profile, name, pid, threadId }) => {
    const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
    const parents = new Map(profile.nodes.flatMap((node) => (node.children ?? []).map((next): [number, number] => [next, node.id])));
    const stacks = new Map<number, number[]>();
    const stackOf = (id: number): number[] => {
      const known = stacks.get(id);
      if (known !== undefined) return known;
      const { functionName, url, lineNumber, columnNumber } = nodes.get(id)!.callFrame;
      const parent = parents.get(id);
      let stack: number[] = [];
      if (functionName !== '(root)') {
        const place = url.startsWith('file:') ? SourceText.of(url).origin(lineNumber, columnNumber) : { file: url, line: lineNumber + 1 };
        const title = STATES[functionName] ?? (functionName || (lineNumber <= 0 ? '<module>' : '<anonymous>'));
        stack = [...(parent === undefined ? [] : stackOf(parent)), numberOf(title, place.file, place.line)];
      }
      stacks.set(id, stack);
      return stack;
    };
    const samples = (profile.samples ?? []).map(stackOf);
    const weights = samples.map((_, i) => Math.max(0, profile.timeDeltas?.[i + 1] ?? 0));
    const end = weights.reduce((sum, weight) => sum + weight, 0);
    return { type: 'sampled', name: `${name} (${pid}/${threadId})`, unit: 'microseconds', startValue: 0, endValue: end, samples, weights };
  });
  return {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    exporter: 'manycore',
    name: basename(process.argv[1] ?? 'profile'),
    activeProfileIndex: 0,
    shared: { frames },
    profiles,
  };
}
