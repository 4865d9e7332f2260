import { callerOutside } from '../base/caller.ts';

/** The folder of the package's own code: its frames are not where a program waits. */
const OWN = new URL('../', import.meta.url).href;

/** "file:line:column" of the innermost frame of the program on the calling stack, '' when there is none: asked for only once a wait has become long. */
export function whereAmI(): string {
  const caller = callerOutside(OWN);
  return caller === null ? '' : `${caller.file}:${caller.line}:${caller.column}`;
}
