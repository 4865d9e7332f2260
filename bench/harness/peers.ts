import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sources } from './outside.ts';

const folder = join(sources, 'peers');

/** Installs the packages that are measured beside ours, as their lock file says, unless that is done. */
export function installPeers(): void {
  const lock = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  const stamp = join(folder, 'node_modules/.lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: 'inherit' });
  writeFileSync(stamp, lock);
}

/** A peer's module, as a program that has installed it would import it. */
export async function loadPeer<T>(name: string): Promise<T> {
  const { load } = (await import(pathToFileURL(join(folder, 'load.mjs')).href)) as { load(name: string): Promise<unknown> };
  return (await load(name)) as T;
}
