import { readdirSync, readFileSync } from 'node:fs';

/** Children of this process that have ended and have not been reaped. */
export function zombies(): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return state === 'Z' && Number(parent) === process.pid;
    } catch {
      return false;
    }
  });
}

/** Names of shared memory, but for those that are given on purpose: other tests, which run beside this one, their cluster, and Python make such. */
export const sharedNames = (): string[] => readdirSync('/dev/shm').filter((name) => !/^(psm_|wnsm_|sem\.|manycore-slurm-)/.test(name));
