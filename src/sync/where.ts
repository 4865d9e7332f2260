/** The folder of the package's own code: its frames are not where a program waits. */
const OWN = new URL('../', import.meta.url).href;
const DEPTH = 40;

/**
 * "file:line:column" of the innermost frame of the program on the calling stack, '' when there is none.
 * Costs some microseconds: asked for only once a wait has become long.
 */
export function whereAmI(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = DEPTH;
  const { stack } = new Error();
  Error.stackTraceLimit = limit;
  if (typeof stack !== 'string') return '';
  for (const line of stack.split('\n').slice(1)) {
    if (line.includes(OWN) || line.includes('node:')) continue;
    const place = /\(?([^\s()]+:\d+:\d+)\)?$/.exec(line)?.[1];
    if (place !== undefined) return place.replace(/^file:\/\//, '');
  }
  return '';
}
