import { StateError } from '../base/errors.ts';
import { UsageError } from './usage-error.ts';

export function numberOfProcess(command: string, words: readonly string[]): number {
  const [word, ...more] = words;
  if (word === undefined || more.length > 0 || !/^\d+$/.test(word))
    throw new UsageError(`${command} needs the number of a process: manycore ${command} 1234`);
  return Number(word);
}

/** Runs what talks to another process; says in one line why that can't be done. */
export async function sayingWhyNot(run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    console.error(`manycore: ${error.message}`);
    return 1;
  }
}
