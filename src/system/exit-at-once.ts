import { type Foreign, foreign } from './library.ts';

/** What ends the process; whoever rehearses an end puts something else there for a while. `null`: the C library's. */
export const ending: { by: Foreign | null } = { by: null };

/** Ends this process, without anything that Node and the C library do at an end: waiting for threads, above all. Needs the library. */
export function exitAtOnce(code: number): never {
  ending.by ??= foreign('void _exit(int code)');
  return ending.by(code) as never;
}
