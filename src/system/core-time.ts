import { readdirSync, readFileSync } from 'node:fs';

/** How much each thread of this process has wanted a core so far, by the system's numbers: how long it ran, and how long it stood in line for that, in milliseconds. */
export function coreTimes(): Map<number, number> {
  const times = new Map<number, number>();
  for (const native of readdirSync('/proc/self/task')) {
    const words = look(native, 'schedstat')?.split(' ');
    if (words !== undefined) times.set(Number(native), (Number(words[0]) + Number(words[1])) / 1e6);
  }
  return times;
}

/** Whether a thread runs, or stands in line: one that does so for long is seen in its time only when its turn comes. */
export function isInLine(native: number): boolean {
  const stat = look(String(native), 'stat');
  // Behind its name, which may hold anything.
  return stat !== null && stat.charAt(stat.lastIndexOf(')') + 2) === 'R';
}

let isTold: boolean | undefined;

/** Whether the system tells: Linux does, if it was built to. */
export function tellsCoreTimes(): boolean {
  isTold ??= process.platform === 'linux' && Number(look(String(process.pid), 'schedstat')?.split(' ')[0] ?? 0) > 0;
  return isTold;
}

function look(native: string, file: string): string | null {
  try {
    return readFileSync(`/proc/self/task/${native}/${file}`, 'latin1');
  } catch {
    return null; // It has ended.
  }
}
