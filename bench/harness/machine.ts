import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { version } from '../../src/base/version.ts';
import { sources } from './outside.ts';

export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  /** The versions of what takes part; `null` for what is not here. */
  readonly versions: Readonly<Record<string, string | null>>;
}

export function describeMachine(node: string): Machine {
  const [cpu] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    versions: {
      manycore: version,
      node: versionOf(node, ['--version']),
      python3: versionOf('python3', ['--version']),
      java: versionOf('java', ['--version']),
      ...peerVersions(),
    },
  };
}

/** The load of the last minute: how many others want the cores. */
export const load = (): number => Math.round(loadavg()[0]! * 10) / 10;

function versionOf(command: string, args: readonly string[]): string | null {
  try {
    const text = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return /\d+(\.\d+)+/.exec(text)?.[0] ?? text.trim();
  } catch {
    return null;
  }
}

function peerVersions(): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(join(sources, 'peers/package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return Object.fromEntries(Object.entries(dependencies).filter(([name]) => existsSync(join(sources, 'peers/node_modules', name))));
}
