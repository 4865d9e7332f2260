import type { RawFrame } from './stack-reader.ts';

const toUrl = (file: string): string => (file.startsWith('/') ? `file://${encodeURI(file)}` : file);

/**
 * The program's frames, and above them what it has called of this package, but not what that consists of. `own` is the address of
 * the package's code in that process.
 */
export function programFrames(raw: readonly RawFrame[], own: string): RawFrame[] {
  const isOwn = ([, , , , script]: RawFrame): boolean => toUrl(script).startsWith(own);
  const isProgram = (frame: RawFrame): boolean => isProgramFrame(frame, own);
  const outermost = raw.findLastIndex(isProgram);
  return raw.filter(
    (frame, i) => i <= outermost && frame[1] !== '' && (!isOwn(frame) || isProgram(raw[i + 1]!)) && !frame[1].startsWith('node:internal'),
  );
}

export function isProgramFrame(frame: RawFrame, own: string): boolean {
  return frame[1] !== '' && !frame[1].startsWith('node:') && !toUrl(frame[4]).startsWith(own);
}
