import { closeSync, fstatSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { isAlive } from '../../base/is-alive.ts';
import { foreign, hasLibrary } from '../../system/library.ts';

const LOCK_EXCLUSIVE_NOW = 2 | 4;

/**
 * Takes a journal for this process: gives what lets it go, or the number of the process that has it (`null`: nobody knows which). The system's own lock
 * ends with its holder, however that ends; where it can't be called, a file beside the journal names the holder.
 */
export function takeJournal(path: string, fd: number): { readonly release: () => void } | { readonly holder: number | null } {
  if (!hasLibrary()) return takeByFile(`${path}.lock`);
  const taken = foreign('int flock(int fd, int operation)')(fd, LOCK_EXCLUSIVE_NOW) === 0;
  // It goes with the descriptor.
  return taken ? { release: () => {} } : { holder: holderOf(fd) };
}

function holderOf(fd: number): number | null {
  try {
    const inode = fstatSync(fd).ino;
    const line = readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .find((one) => one.includes('FLOCK') && one.includes(`:${inode} `));
    const pid = Number(line?.trim().split(/\s+/)[4]);
    return pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

function takeByFile(lock: string): ReturnType<typeof takeJournal> {
  for (;;) {
    try {
      const fd = openSync(lock, 'wx');
      writeSync(fd, `${process.pid}\n`);
      closeSync(fd);
      return { release: () => rmSync(lock, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(readFileSync(lock, 'utf8'));
    if (!(holder > 0) || isAlive(holder)) return { holder: holder > 0 ? holder : null };
    rmSync(lock, { force: true });
  }
}
