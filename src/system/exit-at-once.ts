import { foreign } from './library.ts';

/** Ends this process, without anything that Node and the C library do at an end: waiting for threads, above all. Needs the library. */
export function exitAtOnce(code: number): never {
  foreign('void _exit(int code)')(code);
  throw new Error('unreachable');
}
