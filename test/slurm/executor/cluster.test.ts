import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SlurmExecutor, type SlurmExecutorOptions } from '../../../src/slurm/executor/slurm-executor.ts';
import { clusterTests, type SlurmCluster, workFolder } from '../../support/slurm-cluster.ts';
import { until } from '../../support/until.ts';

/* The executor on a real Slurm: what a local process can't show. */
const onEachNode = clusterTests();
const onCluster: typeof onEachNode = (name, body) =>
  onEachNode(name, async (cluster, context) => {
    // What Slurm does does not depend on the version of Node.
    if (!process.version.startsWith('v20.')) return context.skip('it runs on Node 20 only: it is about Slurm');
    await body(cluster, context);
  });
const node = (): string => process.env['SLURMD_NODENAME'] ?? 'none';

const executor = (cluster: SlurmCluster, options: SlurmExecutorOptions = {}): SlurmExecutor =>
  new SlurmExecutor({ directory: workFolder(cluster, 'executor'), workersPerNode: 1, memory: '300M', partition: 'normal', ...options });

const slurm = (command: string, ...args: string[]): string => spawnSync(command, args, { encoding: 'utf8' }).stdout.trim();

onEachNode('tasks and maps run on nodes of a job, closures with them; the job ends with the executor', async (cluster) => {
  const pool = executor(cluster, { nodes: 2 });
  const factor = 3;
  assert.equal(await pool.submit((n: number) => n * factor, 14), 42);
  const [job] = pool.jobs;
  assert.match(slurm('squeue', '-h', '-j', job!, '-o', '%T %D'), /^RUNNING 2$/);
  const names = await pool
    .map(
      async (n: number) => {
        await new Promise((resolve) => setTimeout(resolve, 30 + (n % 3)));
        return process.env['SLURMD_NODENAME'];
      },
      Array(40).keys(),
      { chunkSize: 1 },
    )
    .toArray();
  assert.equal(new Set(names).size, 2);
  assert.ok(names.every((name) => cluster.nodes.includes(name!)));
  await pool.shutdown();
  await until(() => !/RUNNING|PENDING|COMPLETING/.test(slurm('squeue', '-h', '-j', job!, '-o', '%T')), 'the job to end');
});

onCluster('a job that is pre-empted gives its tasks back, and another one goes on with them [trap 3]', async (cluster) => {
  const pool = executor(cluster, { partition: 'scavenge', directives: ['--exclusive', `--nodelist=${cluster.nodes[0]!}`] });
  assert.equal(await pool.submit(node), cluster.nodes[0]);
  const [first] = pool.jobs;
  const results = pool.map(
    async (n: number) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return n;
    },
    Array(100).keys(),
    { chunkSize: 1 },
  );
  await results.next();
  const urgent = slurm(
    'sbatch',
    '--parsable',
    '-p',
    'urgent',
    '--exclusive',
    '-w',
    cluster.nodes[0]!,
    '-o',
    '/dev/null',
    '--wrap',
    'sleep 1',
  );
  assert.deepEqual(
    await results.toArray(),
    Array.from({ length: 99 }, (_, i) => i + 1),
  );
  assert.match(urgent, /^\d+$/);
  assert.notEqual(pool.jobs[0], first);
  await pool.shutdown();
});

onCluster(
  'a job that is told that its time will be up gives back what has not begun, and ends what has; no inspector opens [trap 10]',
  async (cluster) => {
    const pool = executor(cluster);
    assert.equal(await pool.submit(() => 1), 1);
    const [first] = pool.jobs;
    const began = pool.submit(async () => {
      const inspector = await import('node:inspector');
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return [process.env['SLURM_JOB_ID'], inspector.url()];
    });
    await until(() => began.running, 'the task to begin');
    const waiting = pool.submit(() => process.env['SLURM_JOB_ID']);
    assert.match(slurm('scontrol', 'show', 'job', first!), /JobState=RUNNING/);
    slurm('scancel', '--signal=USR2', first!);
    assert.deepEqual(await began, [first, undefined]);
    assert.notEqual(await waiting, first);
    await pool.shutdown();
  },
);

onCluster('the other Nodes of this machine run the tasks as well', async (cluster) => {
  const folder = workFolder(cluster, 'nodes');
  mkdirSync(folder, { recursive: true });
  const other = new URL('../../../../node_modules/node22/bin/node', import.meta.url).pathname;
  cpSync(other, join(folder, 'node'));
  const pool = executor(cluster, { nodePath: join(folder, 'node') });
  assert.match(await pool.submit(() => process.version), /^v22\./);
  assert.deepEqual(await pool.map((n: number) => ({ n, map: new Map([[n, 1n]]) }), [1, 2]).toArray(), [
    { n: 1, map: new Map([[1, 1n]]) },
    { n: 2, map: new Map([[2, 1n]]) },
  ]);
  await pool.shutdown();
});
