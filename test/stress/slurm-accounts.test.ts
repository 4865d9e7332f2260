import assert from 'node:assert/strict';
import { type AccountRow, sacct, sbatch } from '../../src/slurm/index.ts';
import { LONG } from '../support/patience.ts';
import { clusterTests, workFolder } from '../support/slurm-cluster.ts';

/* A cluster that keeps accounts: slurmdbd and MariaDB. */
const onCluster = clusterTests({ nodes: 1, db: true });
const SMALL = { nodes: 1, memory: 100, time: '10:00' } as const;

/** The accounts lag behind the jobs. */
async function rowOf(job: string, isThere: (row: AccountRow) => boolean): Promise<AccountRow> {
  const end = performance.now() + LONG;
  for (;;) {
    const row = (await sacct({ jobs: job })).find((one) => one.id === job);
    if (row !== undefined && isThere(row)) return row;
    if (performance.now() > end) throw new Error(`the accounts do not have the end of job ${job}: ${JSON.stringify(row)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

onCluster('the accounts have how jobs have ended: well, with a code, and by hand', async (cluster) => {
  const cwd = workFolder(cluster, 'accounts');
  const well = await sbatch(['sleep', '2'], { ...SMALL, cwd, name: 'well' });
  const badly = await sbatch(['sh', '-c', 'exit 3'], { ...SMALL, cwd });
  const stopped = await sbatch(['sleep', '600'], { ...SMALL, cwd });
  for await (const state of stopped.states()) if (state === 'RUNNING') break;
  await stopped.cancel();
  const first = await rowOf(well.id, (row) => row.state === 'COMPLETED');
  // Slurm calls one that has ended before it was written down `allocation`.
  assert.deepEqual([/^(well|allocation)$/.test(first.name), first.exitCode], [true, 0]);
  assert.equal((await rowOf(badly.id, (row) => row.state === 'FAILED')).exitCode, 3);
  assert.equal((await rowOf(stopped.id, (row) => row.state === 'CANCELLED')).state, 'CANCELLED');
});
