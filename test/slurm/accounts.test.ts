import assert from 'node:assert/strict';
import { type AccountRow, type Job, JobExitError, sacct, sbatch, setCallBudget, squeue } from '../../src/slurm/index.ts';
import { clusterTests, workFolder } from '../support/slurm-cluster.ts';
import { watch } from '../support/watchdog.ts';

/* A cluster that keeps accounts, in a database of its own, and soon forgets its jobs. */
const onCluster = clusterTests({ nodes: 1, db: true, onOneNode: true, conf: { MinJobAge: '2' } });
setCallBudget({ burst: 1000, interval: 20 });
const SMALL = { nodes: 1, memory: 100, time: '10:00' } as const;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Accounts lag behind: a job that has ended is called `allocation` at first, and has no partition. */
async function account(job: Job, filter: object = {}): Promise<AccountRow[]> {
  for (let i = 0; ; i++) {
    if (i % 20 === 0) watch('the accounts are written');
    const rows = await sacct({ jobs: job, ...filter });
    if (rows.length > 0 && rows.every(({ ended, name }) => ended !== null && name !== 'allocation')) return rows;
    await pause(100);
  }
}

onCluster('the accounts tell how a job has ended, where and when, with its steps if asked for [trap 6]', async (cluster) => {
  const cwd = workFolder(cluster, 'accounts');
  const job = await sbatch({ shell: 'srun --mem=50 hostname; exit 3' }, { ...SMALL, cwd, name: 'a | name', partition: 'broadwell' });
  const end = await job.wait();
  const [row, ...others] = await account(job);
  assert.deepEqual(others, []);
  assert.deepEqual(
    [row?.id, row?.name, row?.state, row?.exitCode, row?.partition, row?.nodes],
    [job.id, 'a | name', 'FAILED', 3, 'broadwell', end.nodes],
  );
  assert.ok(row!.submitted! <= row!.started! && row!.started! <= row!.ended!);
  const steps = await account(job, { steps: true });
  assert.deepEqual(
    steps.map(({ id, state }) => `${id} ${state}`),
    [`${job.id} FAILED`, `${job.id}.batch FAILED`, `${job.id}.0 COMPLETED`],
  );
  for (const since of ['now-1hour', undefined]) {
    assert.ok((await sacct({ states: 'FAILED', since })).some(({ id }) => id === job.id));
    assert.deepEqual(await sacct({ states: 'TIMEOUT', since }), []);
  }
});

onCluster('who waits for a job that Slurm has forgotten meanwhile hears from the accounts how it ended [trap 7]', async (cluster) => {
  const job = await sbatch({ shell: 'exit 4' }, { ...SMALL, cwd: workFolder(cluster, 'forgotten') });
  await account(job);
  for (let i = 0; (await squeue({ jobs: job, states: 'all' })).length > 0; i++) {
    if (i % 10 === 0) watch('Slurm forgets the job');
    await pause(500);
  }
  const end = await job.wait();
  assert.deepEqual([end.state, end.exitCode], ['FAILED', 4]);
  await assert.rejects(job.wait({ check: true }), JobExitError);
});
