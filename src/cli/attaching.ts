import { spawnSync } from 'node:child_process';
import { StateError } from '../base/errors.ts';
import { UsageError } from './usage-error.ts';

export function numberOfProcess(command: string, words: readonly string[]): number {
  const [word, ...more] = words;
  if (word === undefined || more.length > 0 || !/^\d+$/.test(word))
    throw new UsageError(`${command} needs the number of a process: manycore ${command} 1234`);
  return Number(word);
}

/** Runs what talks to another process; says in one line why that can't be done. */
export async function withWebSocket(run: () => Promise<number>): Promise<number> {
  if (typeof WebSocket === 'undefined') {
    // Node 20 has it behind a flag.
    const { status } = spawnSync(process.execPath, ['--experimental-websocket', '--no-warnings', ...process.argv.slice(1)], {
      stdio: 'inherit',
    });
    return status ?? 1;
  }
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    console.error(`manycore: ${error.message}`);
    return 1;
  }
}
