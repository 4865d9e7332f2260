import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { atExit } from '../base/at-exit.ts';
import { startTimeOf } from '../system/child-exit.ts';
import { SOCKET_PATH_BYTES_MAX } from '../system/sockets.ts';
import { trackFolder } from './tracker.ts';

/*
 * A folder for sockets, which only this user can enter; its name says whose it is: manycore-PID-START-RANDOM. It goes when the process ends,
 * also when it is killed. One whose tracker was killed as well goes when the next one is made.
 */
const NAME = /^manycore-(\d+)-(\d+)-/;
let folder: string | undefined;
let last = 0;

/** A path for a new socket that other users can't reach. */
export function privateSocketPath(): string {
  folder ??= make();
  return join(folder, `socket-${++last}`);
}

function make(): string {
  // Room for the folder's own name and the socket's.
  const base = [tmpdir(), '/tmp'].find((name) => Buffer.byteLength(name) < SOCKET_PATH_BYTES_MAX - 60) ?? '/tmp';
  sweep(base);
  const made = mkdtempSync(join(base, `manycore-${process.pid}-${startTimeOf(process.pid) ?? 0}-`));
  chmodSync(made, 0o700);
  atExit(() => rmSync(made, { recursive: true, force: true }));
  trackFolder(resolve(made));
  return made;
}

function sweep(base: string): void {
  try {
    for (const name of readdirSync(base)) {
      const [, pid, started] = NAME.exec(name) ?? [];
      if (pid === undefined || startTimeOf(Number(pid)) === Number(started)) continue;
      rmSync(join(base, name), { recursive: true, force: true });
    }
  } catch {
    // Another user's.
  }
}
