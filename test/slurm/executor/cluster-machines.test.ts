import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SlurmExecutor, type SlurmExecutorOptions } from '../../../src/slurm/executor/slurm-executor.ts';
import { toldFault } from '../../support/fault-told.ts';
import { clusterTests, workFolder } from '../../support/slurm-cluster.ts';
import { watch } from '../../support/watchdog.ts';

/* What becomes of tasks when machines fail, on a real Slurm of this file's own: its nodes are killed, cut off, and lose their slurmd. */
const onCluster = clusterTests({ nodes: 2, onOneNode: true });
const executor = (folder: string, options: SlurmExecutorOptions = {}): SlurmExecutor =>
  new SlurmExecutor({ directory: folder, workersPerNode: 1, memory: '300M', partition: 'normal', ...options });

onCluster('a machine that dies loses no task that may run again; another node does it', async (cluster) => {
  const folder = workFolder(cluster, 'machine');
  const pool = executor(folder);
  const isDead = join(folder, 'dead');
  const first = await pool.submit(() => process.env['SLURMD_NODENAME']);
  const results = pool.map(
    async (n: number) => {
      const { existsSync } = await import('node:fs');
      // The first machine does not do all of them.
      if (n > 5) while (!existsSync(isDead)) await new Promise((resolve) => setTimeout(resolve, 20));
      return [n, process.env['SLURMD_NODENAME']] as const;
    },
    Array(60).keys(),
    { chunkSize: 1 },
  );
  await results.next();
  cluster.killNode(first!);
  writeFileSync(isDead, '');
  const all = await results.toArray();
  assert.deepEqual(
    all.map(([n]) => n),
    Array.from({ length: 59 }, (_, i) => i + 1),
  );
  assert.notEqual(all.at(-1)![1], first);
  await cluster.restart();
  await pool.shutdown();
  watch('the executor has ended');
});

onCluster('a node that is cut off from the network is replaced, and its tasks run on another one [trap 2]', async (cluster) => {
  const pool = executor(workFolder(cluster, 'cut-off'), { silence: 3000 });
  const first = await pool.submit(() => process.env['SLURMD_NODENAME']);
  cluster.cutOff(first!);
  try {
    assert.notEqual(await pool.submit(() => process.env['SLURMD_NODENAME']), first);
  } finally {
    cluster.reconnect(first!);
  }
  watch('another node has come');
  await pool.shutdown();
  await cluster.restart();
});

onCluster('while a slurmd is dead, and while the controller is, tasks go on', async (cluster) => {
  const pool = executor(workFolder(cluster, 'daemons'));
  const node = (await pool.submit(() => process.env['SLURMD_NODENAME']))!;
  await pool.submit(() => process.kill(process.ppid, 0));
  cluster.killSlurmd(node);
  assert.equal(await pool.submit((n: number) => n + 1, 1), 2);
  cluster.killController();
  assert.deepEqual(await pool.map((n: number) => n * 2, [1, 2, 3]).toArray(), [2, 4, 6]);
  await cluster.restart();
  await pool.shutdown();
  watch('the executor has ended');
  // The machine with the dead slurmd is made anew.
  cluster.killNode(node);
  await cluster.restart();
});

onCluster(
  'a job that waits because nodes were taken out of use is told with the reason, and is not waited for longer than wished [trap 12]',
  async (cluster) => {
    const nodes = cluster.nodes.join();
    const scontrol = (...words: string[]): void => void spawnSync('scontrol', ['update', `nodename=${nodes}`, ...words]);
    scontrol('state=drain', 'reason=Kill task failed');
    const pool = executor(workFolder(cluster, 'drained'), { queueTimeout: 8000 });
    await toldFault(
      pool.submit(() => 1),
      { name: 'JobFailedError', node: '', state: /^PENDING$/, reason: /ReqNodeNotAvail|Resources|drain/i, hint: /squeue --start/ },
    );
    await pool.shutdown();
    scontrol('state=resume');
    const next = executor(workFolder(cluster, 'resumed'));
    assert.equal(await next.submit(() => 2), 2);
    await next.shutdown();
  },
);
