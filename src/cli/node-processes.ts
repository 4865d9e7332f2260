import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

export interface NodeProcess {
  readonly pid: number;
  /** The words of its command line, without Node itself. */
  readonly command: string;
}

/** The Node processes of this user, but for this one and those that it was started by. None where the system has no /proc. */
export function nodeProcesses(): NodeProcess[] {
  const own = ancestors();
  return pids().flatMap((pid) => {
    if (own.has(pid)) return [];
    try {
      // Those of other users can't be looked at.
      if (!/^node(?:js)?(?:-?\d+)?(?: \(deleted\))?$/.test(basename(readlinkSync(`/proc/${pid}/exe`)))) return [];
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(1, -1);
      return words.length === 0 ? [{ pid, command: '(interactive)' }] : [{ pid, command: words.join(' ').replaceAll(/\s+/g, ' ') }];
    } catch {
      return [];
    }
  });
}

function pids(): number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

function ancestors(): Set<number> {
  const found = new Set<number>();
  for (let pid = process.pid; pid > 0 && !found.has(pid);) {
    found.add(pid);
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      pid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    } catch {
      return found;
    }
  }
  return found;
}
