import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { test } from './test.ts';
import { watch } from './watchdog.ts';

/*
 * A real Slurm for the tests: scripts/slurm/up.sh, several nodes in namespaces of their own on this machine.
 *
 *   const onCluster = clusterTests();
 *   onCluster('a job says where it ran', async (cluster) => { ... });
 *
 * The first test that needs it starts the one cluster of the whole run (partitions normal, broadwell, scavenge, urgent; nodes tcn1 to tcn3);
 * it ends with the run, however that ends. While a test runs, `SLURM_CONF` names the cluster. Jobs of several test files run there at
 * once: a test cancels its own, and ends no daemon. A file that kills nodes or the controller, or needs another configuration, takes a
 * cluster of its own, one a file: `clusterTests({ nodes: 2 })`.
 *
 * On nodes, /tmp is another than here; `cluster.folder` is seen by all, and so is the project. Where there can be no cluster the tests are
 * skipped, and say why. Packages that are missing are installed in CI only, or with MANYCORE_SLURM=install.
 */

export interface ClusterOptions {
  readonly nodes?: number;
  readonly cpus?: number;
  /** MB that each node claims. */
  readonly mem?: number;
  /** slurmdbd, for `sacct`. Packages for it are installed as the others. */
  readonly db?: boolean;
  /** These tests are about Slurm and not about Node: they run on the Node that is installed, and not on the others of the project again. */
  readonly onOneNode?: boolean;
  /** Keys of slurm.conf: `{ MinJobAge: '5' }`. */
  readonly conf?: Readonly<Record<string, string>>;
}

export class SlurmCluster {
  /** Seen by all nodes under this name, and empty at first. */
  readonly folder: string;
  readonly nodes: readonly string[];
  /** Where the cluster lives: `log/slurmctld.log`, `etc/slurm.conf`. */
  readonly scratch: string;
  readonly #upOptions: readonly string[];

  constructor(scratch: string, nodes: number, upOptions: readonly string[]) {
    this.scratch = scratch;
    this.folder = join(scratch, 'shared');
    this.nodes = Array.from({ length: nodes }, (_, i) => `tcn${i + 1}`);
    this.#upOptions = upOptions;
  }

  /** Ends a node with all that runs there, as a power cut does. */
  killNode(name: string): void {
    process.kill(this.#pid(`node-${name}`), 'SIGKILL');
  }

  /** Ends a node's slurmd alone; what runs there goes on. `killNode` and `restart` give the node another one. */
  killSlurmd(name: string): void {
    const words = ['slurmd', '-D', '-N', name, '-f', join(this.scratch, 'etc/slurm.conf')].join('\0');
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      try {
        if (readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(words)) process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  /** A node loses its network; what runs there goes on. */
  cutOff(name: string): void {
    this.#link(name, 'down');
  }
  reconnect(name: string): void {
    this.#link(name, 'up');
  }

  /** Ends slurmctld at once: what it has not written down in the last seconds is forgotten. */
  killController(): void {
    process.kill(this.#pid('slurmctld'), 'SIGKILL');
  }

  /** The controller hears and says nothing until it may go on. */
  stopController(): void {
    process.kill(this.#pid('slurmctld'), 'SIGSTOP');
  }
  continueController(): void {
    process.kill(this.#pid('slurmctld'), 'SIGCONT');
  }

  /** Starts again what has been killed, and resumes drained nodes. */
  async restart(): Promise<void> {
    const child = spawn(script('up.sh'), [this.scratch, ...this.#upOptions], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => void (errors += text));
    watch('the cluster comes back');
    const code = await new Promise((resolve) => child.on('exit', resolve));
    watch('the cluster is back');
    child.stderr.destroy();
    if (code !== 0) throw new Error(`the cluster did not come back: ${errors}`);
  }

  #pid(of: string): number {
    return Number(readFileSync(join(this.scratch, 'pids', `${of}.pid`), 'utf8'));
  }

  #link(name: string, state: 'up' | 'down'): void {
    const id = readFileSync(join(this.scratch, 'netid'), 'utf8').trim();
    const { status, stderr } = spawnSync('ip', ['link', 'set', `mcv${id}-${name.slice('tcn'.length)}`, state], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`ip link set ${name} ${state}: ${stderr}`);
  }
}

const script = (name: string): string => fileURLToPath(new URL(`../../../scripts/slurm/${name}`, import.meta.url));

/** Names the cluster of a run, for the processes of its tests; the run calls it once, before it starts them. Nothing is started yet. */
export function announceCluster(): void {
  process.env['MANYCORE_TEST_CLUSTER'] = `${process.pid}:${join(tmpdir(), `manycore-slurm-${process.pid}-${Date.now().toString(36)}`)}`;
}

/** Ends the cluster of this run, if one was started; resolves when it is gone. */
export async function endCluster(): Promise<void> {
  const [, scratch] = /^\d+:(.*)$/.exec(process.env['MANYCORE_TEST_CLUSTER'] ?? '') ?? [];
  if (scratch === undefined || !existsSync(join(scratch, 'keeper.pid'))) return;
  process.kill(Number(readFileSync(join(scratch, 'keeper.pid'), 'utf8')), 'SIGTERM');
  for (let i = 0; existsSync(scratch) && i < 600; i++) await pause(50);
}

/** A way to write tests that run on a cluster: the run's, or with options one for this file alone. */
export function clusterTests(
  options?: ClusterOptions,
): (name: string, body: (cluster: SlurmCluster, context: TestContext) => Promise<void>) => void {
  let found: Promise<SlurmCluster | string> | null = null;
  return (name, body) => {
    test(name, async (context) => {
      if (options?.onOneNode === true && isOtherNode()) return context.skip(OTHER_NODE);
      found ??= clusterOfFile(options);
      const cluster = await found;
      if (typeof cluster === 'string') return context.skip(`no Slurm: ${cluster}`);
      watch(name);
      await body(cluster, context);
    });
  };
}

export const OTHER_NODE = 'it is about Slurm, and runs on one Node alone';
/** Whether this is one of the Nodes that the project brings along. */
export const isOtherNode = (): boolean => /[/]node_modules[/]node\d+[/]/.test(process.execPath);

/** The cluster of the run, or with options one for this file alone, for tests that are not written by `clusterTests`; or why there is none. */
export async function clusterOfFile(options?: ClusterOptions): Promise<SlurmCluster | string> {
  const cluster = await (options === undefined
    ? sharedCluster()
    : startCluster(process.pid, `${tmpdir()}/manycore-slurm-own-${process.pid}`, options));
  if (typeof cluster === 'string') return cluster;
  process.env['SLURM_CONF'] = join(cluster.scratch, 'etc/slurm.conf');
  process.env['MODULEPATH'] = join(cluster.scratch, 'modules');
  return cluster;
}

function sharedCluster(): Promise<SlurmCluster | string> {
  if (process.env['MANYCORE_TEST_CLUSTER'] === undefined) announceCluster();
  const [, owner, scratch] = /^(\d+):(.*)$/.exec(process.env['MANYCORE_TEST_CLUSTER']!)!;
  return startCluster(Number(owner), scratch!, {});
}

/** Starts it, unless another process of the run has; resolves with the reason if there can't be one. */
async function startCluster(owner: number, scratch: string, options: ClusterOptions): Promise<SlurmCluster | string> {
  const { nodes = 3, cpus = 4, mem = 4000, db = false, conf = {} } = options;
  const upOptions = ['--nodes', `${nodes}`, '--cpus', `${cpus}`, '--mem', `${mem}`];
  if (db) upOptions.push('--db');
  for (const [key, value] of Object.entries(conf)) upOptions.push('--conf', `${key}=${value}`);
  for (const folder of [fileURLToPath(new URL('../../../', import.meta.url)), join(process.execPath, '..')])
    if (folder.startsWith('/tmp/')) upOptions.push('--share', folder);
  if (process.platform !== 'linux') return `the nodes are made of Linux's namespaces: this is ${process.platform}`;
  if (isFirst(scratch)) {
    const install = process.env['CI'] !== undefined || process.env['MANYCORE_SLURM'] === 'install' ? ['--install'] : [];
    spawn(script('keep.sh'), [scratch, `${owner}`, ...upOptions, ...install], { stdio: 'ignore', detached: true }).unref();
  }
  for (let i = 0; ; i++) {
    // Installing packages may take longer than a test may stand still.
    if (i % 100 === 0) watch('starting Slurm');
    if (existsSync(join(scratch, 'ready'))) return new SlurmCluster(scratch, nodes, upOptions);
    if (existsSync(join(scratch, 'cannot'))) return readFileSync(join(scratch, 'cannot'), 'utf8').trim();
    if (existsSync(join(scratch, 'failed'))) throw new Error(`Slurm did not start: ${readFileSync(join(scratch, 'failed'), 'utf8')}`);
    if (i > 3600) throw new Error(`Slurm has not started in three minutes: ${scratch}`);
    await pause(50);
  }
}

/** Whether this process is the one that starts it. */
function isFirst(scratch: string): boolean {
  mkdirSync(scratch, { recursive: true });
  try {
    closeSync(openSync(join(scratch, 'starting'), 'wx'));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Where a test keeps what its nodes must see; gone when the cluster is. */
export function workFolder(cluster: SlurmCluster, name: string): string {
  const folder = join(cluster.folder, `${name}-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}
