import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SlurmExecutor, type SlurmExecutorOptions } from '../../../src/slurm/executor/slurm-executor.ts';
import { toldFault } from '../../support/fault-told.ts';
import { clusterTests, workFolder } from '../../support/slurm-cluster.ts';
import { until } from '../../support/until.ts';
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

onCluster(
  'what a node has begun that is cut off runs twice to its end, there and on another one, and its result comes once [trap 2]',
  async (cluster) => {
    const folder = workFolder(cluster, 'cut-off');
    const pool = executor(folder, { silence: 3000 });
    const first = (await pool.submit(() => process.env['SLURMD_NODENAME']))!;
    // What the nodes share here is no network: it is seen on the node that is cut off, too.
    const [log, go] = [join(folder, 'log'), join(folder, 'go')];
    const task = pool.submit(
      async (path: string, mayEnd: string) => {
        const fs = await import('node:fs');
        const node = process.env['SLURMD_NODENAME']!;
        fs.appendFileSync(path, `${node} begins\n`);
        while (!fs.existsSync(mayEnd)) await new Promise((resolve) => setTimeout(resolve, 20));
        fs.appendFileSync(path, `${node} ends\n`);
        return node;
      },
      log,
      go,
    );
    let ends = 0;
    task.addDoneCallback(() => ends++);
    const lines = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
    await until(() => task.running && lines().length === 1, 'the task to begin');
    cluster.cutOff(first);
    try {
      await until(() => lines().length === 2, 'the task to begin on the other node');
      writeFileSync(go, '');
      const second = await task;
      assert.notEqual(second, first);
      await until(() => lines().length === 4, 'both to end');
      assert.deepEqual(lines().toSorted(), [`${first} begins`, `${first} ends`, `${second} begins`, `${second} ends`].toSorted());
    } finally {
      cluster.reconnect(first);
    }
    watch('another node has come');
    assert.equal(await pool.submit((n: number) => n + 1, 1), 2);
    assert.equal(ends, 1);
    await pool.shutdown();
    await cluster.restart();
  },
);

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
