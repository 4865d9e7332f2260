import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { ArrayRun, loadCheckpoint, saveCheckpoint } from '../../src/slurm/index.ts';
import { SlurmExecutor, type SlurmExecutorOptions } from '../../src/slurm/executor/slurm-executor.ts';
import { toldFault } from '../support/fault-told.ts';
import { clusterTests, type SlurmCluster, workFolder } from '../support/slurm-cluster.ts';
import { until } from '../support/until.ts';
import { watch } from '../support/watchdog.ts';

/* Machines and a controller that fail, on a cluster of this file's own. */
const onCluster = clusterTests({ nodes: 3 });
const executor = (cluster: SlurmCluster, options: SlurmExecutorOptions = {}): SlurmExecutor =>
  new SlurmExecutor({ directory: workFolder(cluster, 'executor'), workersPerNode: 2, memory: '400M', silence: 2000, ...options });
const slow = async (n: number): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 10));
  return n;
};
const inOrder = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const node = (): string | undefined => process.env['SLURMD_NODENAME'];

onCluster('a machine that loses its power, and one that loses its network, lose no result, and none comes twice', async (cluster) => {
  const dead: string[] = [];
  for (const hit of [(name: string) => cluster.killNode(name), (name: string) => cluster.cutOff(name)]) {
    const pool = executor(cluster, { nodes: 2, directives: dead.map((name) => `--exclude=${name}`) });
    const victim = (await pool.submit(node))!;
    const seen: number[] = [];
    for await (const n of pool.map(slow, Array(300).keys(), { chunkSize: 1 })) if (seen.push(n) === 40) hit(victim);
    assert.deepEqual(seen, inOrder(0, 300));
    dead.push(victim);
    await pool.terminateWorkers();
  }
  // Those behind need them.
  cluster.reconnect(dead[1]!);
  await cluster.restart();
});

onCluster(
  'a job whose time is up gives back what has not begun; what runs too long is told, with the state and what to do',
  async (cluster, context) => {
    const pool = executor(cluster, { nodeRetries: 0, time: '1:00', workersPerNode: 1 });
    const running = pool.submit(pause, 600_000);
    await until(() => running.running, 'the task to begin');
    const waiting = pool.submit(() => process.env['SLURM_JOB_ID']);
    const [job] = pool.jobs;
    // Slurm looks at the times of jobs twice a minute.
    const steps = setInterval(() => watch('the time limit'), 10_000);
    try {
      const other = await waiting;
      assert.notEqual(other, job);
      await toldFault(running, { name: 'NodeLostError', job: job!, state: /^TIMEOUT$/, hint: /`time` asks for more/ });
    } finally {
      clearInterval(steps);
    }
    context.diagnostic(`job ${job!} had a minute`);
    await pool.shutdown();
  },
);

onCluster('an element of an array whose time is up is submitted again, and goes on from what it had kept', async (cluster) => {
  const run = ArrayRun.start(
    async (n: number) => {
      const kept = loadCheckpoint<number>();
      if (kept !== null) return kept + n;
      saveCheckpoint(40);
      return await new Promise((resolve) => setTimeout(resolve, 600_000, 0));
    },
    [2],
    { directory: workFolder(cluster, 'array'), memory: '200M', time: '1:00', resubmits: 1 },
  );
  // Slurm looks at the times of jobs twice a minute.
  const steps = setInterval(() => watch('the time limit'), 10_000);
  try {
    assert.deepEqual(await run.toArray(), [42]);
  } finally {
    clearInterval(steps);
  }
  assert.equal(run.jobs.length, 2);
});

// The last one: a controller that has forgotten a job gives its number out again, and the node that still runs it is drained.
onCluster('the controller may be down: what runs goes on, and the executor ends when it is back', async (cluster) => {
  const pool = executor(cluster);
  const results = pool.map(slow, Array(400).keys(), { chunkSize: 1 });
  assert.equal((await results.next()).value, 0);
  cluster.killController();
  assert.deepEqual(await results.toArray(), inOrder(1, 400));
  await cluster.restart();
  const jobs = pool.jobs.join(',');
  await pool.shutdown();
  await until(() => !/RUNNING/.test(spawnSync('squeue', ['-h', '-j', jobs, '-o', '%T'], { encoding: 'utf8' }).stdout), 'the job to end');
});
