import { readdirSync, readFileSync } from 'node:fs';

/** The numbers of the processes, here or on nodes of this machine, that manage nodes of runs in this folder: by the words of their commands. */
export function managersIn(directory: string): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      // Node, its flags, the manager, the file of its run; srun has all of them behind words of its own.
      const at = words.findIndex((word) => word.endsWith('manager-main.js'));
      return at > 0 && words[at + 1]!.startsWith(directory) && !/(?:^|\/)srun$/.test(words[0]!) ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });
}
