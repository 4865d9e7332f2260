import { writeFileSync } from 'node:fs';

/**
 * Has the system show a name for a thread of this process, by the number that the system gave it: in `top -H`, `ps -L` and debuggers. Linux keeps 15
 * bytes of it; elsewhere nothing happens.
 */
export function showName(nativeId: number, name: string): void {
  if (nativeId === 0 || process.platform !== 'linux') return;
  try {
    writeFileSync(`/proc/self/task/${nativeId}/comm`, name);
  } catch {
    // It has just ended, or there is no /proc.
  }
}
