import type { RawProfile } from '../raw-profile.ts';
import { type Frame, frameTree } from './frame-tree.ts';

/** Stacks with their time in microseconds, one a line: what flame graph tools read. */
export function collapsed(recordings: readonly RawProfile[]): string {
  const lines: string[] = [];
  const visit = (frame: Frame, above: string): void => {
    const stack = `${above}${above === '' ? '' : ';'}${frame.name.replaceAll(/[; ]/g, '_')}`;
    if (frame.self > 0) lines.push(`${stack} ${Math.round(frame.self)}`);
    for (const next of frame.children.values()) visit(next, stack);
  };
  for (const lane of frameTree(recordings).children.values()) visit(lane, '');
  return `${lines.join('\n')}\n`;
}
