import assert from 'node:assert/strict';
import { ControllerError, JobLostError, sbatch, scancel, scontrol, setCallBudget, squeue } from '../../src/slurm/index.ts';
import { budget } from '../../src/slurm/budget.ts';
import type { JobInfo } from '../../src/slurm/job/info.ts';
import { type Watched, watch as watchJob } from '../../src/slurm/job/watcher.ts';
import { Thread } from '../../src/threading/index.ts';
import { SlurmExecutor } from '../../src/slurm/executor/slurm-executor.ts';
import { clusterTests, workFolder } from '../support/slurm-cluster.ts';
import { until } from '../support/until.ts';
import { watch } from '../support/watchdog.ts';

/* Faults of the cluster, on one of its own: the controller is killed, numbers are given out again, jobs are forgotten and put back. */
const onCluster = clusterTests({ nodes: 2, onOneNode: true, conf: { MinJobAge: '5', MessageTimeout: '3' } });
setCallBudget({ burst: 1000, interval: 20 });
const SMALL = { nodes: 1, memory: 100, time: '10:00' } as const;

onCluster('while the controller is away, calls say so, jobs go on, and who waits for one hears of its end', async (cluster) => {
  const job = await sbatch(['sleep', '3'], { ...SMALL, cwd: workFolder(cluster, 'away') });
  for await (const state of job.states()) if (state === 'RUNNING') break;
  const end = job.wait();
  // It is down only once it has written down that the job runs.
  await new Promise((resolve) => setTimeout(resolve, 5500));
  cluster.killController();
  await assert.rejects(squeue(), ControllerError);
  assert.equal(await scontrol.ping(), false);
  await cluster.restart();
  assert.match((await end).state, /COMPLETED|NODE_FAIL/);
});

onCluster('a job that is put back begins again under its number', async (cluster) => {
  const job = await sbatch(
    { shell: 'echo "attempt ${SLURM_RESTART_COUNT:-0}"; [ "${SLURM_RESTART_COUNT:-0}" = 1 ] || sleep 60' },
    {
      ...SMALL,
      requeue: true,
      openMode: 'append',
      cwd: workFolder(cluster, 'back'),
    },
  );
  for await (const state of job.states()) if (state === 'RUNNING') break;
  await job.requeue();
  const end = await job.wait({ check: true });
  assert.equal(end.restarts, 1);
  const lines: string[] = [];
  for await (const line of job.logs()) lines.push(line);
  assert.equal(lines.at(-1), 'attempt 1');
});

onCluster('many waits for many jobs are few calls on the controller', async () => {
  setCallBudget({ burst: 5, interval: 200 });
  const jobs = await Promise.all(Array.from({ length: 20 }, () => sbatch(['sleep', '1'], { ...SMALL, memory: 50, output: '/dev/null' })));
  const before = budget.made;
  await Promise.all([...jobs, ...jobs].map((job) => job.wait({ check: true })));
  assert.ok(budget.made - before < 60, `${budget.made - before} calls`);
  setCallBudget({ burst: 1000, interval: 20 });
});

onCluster(
  'a job that Slurm has forgotten has neither failed nor ended well: who asks for its end is told that nobody knows [trap 7]',
  async () => {
    const job = await sbatch(['true'], { ...SMALL, output: '/dev/null' });
    // Nobody has waited for it here; MinJobAge is 5 s on this cluster.
    for (let i = 0; (await squeue({ jobs: job, states: 'all' })).length > 0; i++) {
      if (i % 50 === 0) watch('Slurm forgets the job');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.deepEqual(await squeue({ jobs: job }), []);
    await assert.rejects(
      job.wait(),
      (error: unknown) => error instanceof JobLostError && error.state === 'UNKNOWN' && error.jobId === job.id,
    );
  },
);

onCluster('one thread looks for the jobs of all threads, and all have one budget of calls', async () => {
  const [here, there] = await Promise.all([1, 2].map(() => sbatch(['true'], { ...SMALL, hold: true, output: '/dev/null' })));
  const rows: JobInfo[] = [];
  // This thread would look for itself only after days.
  const watched: Watched = { id: here!.id, first: 1e9, seen: (all) => (rows.push(...all), rows.length === 0), failed: assert.ifError };
  watchJob(watched);
  const before = budget.made;
  const thread = new Thread({
    target: async (id: string, url: string) => {
      const { Job } = (await import(url)) as typeof import('../../src/slurm/index.ts');
      await (await Job.attach(id)).wait();
    },
    args: [there!.id, new URL('../../src/slurm/index.js', import.meta.url).href],
  });
  thread.start();
  await until(() => rows.length > 0, 'what the other thread has seen of the job of this one');
  assert.deepEqual([rows[0]!.id, rows[0]!.state], [here!.id, 'PENDING']);
  assert.ok(budget.made > before, 'calls of other threads are counted');
  await scancel([here!.id, there!.id]);
  await thread.join();
});

onCluster('a job that was accepted though sbatch heard of it too late is found, and not submitted twice [trap 11]', async (cluster) => {
  const name = `late-${process.pid}`;
  // What sbatch has sent lies before the controller until it goes on; sbatch gives up meanwhile, after MessageTimeout, which is 3 s here.
  cluster.stopController();
  const submitting = sbatch(['true'], { ...SMALL, name, hold: true, output: '/dev/null' });
  await new Promise((resolve) => setTimeout(resolve, 4500));
  cluster.continueController();
  const job = await submitting;
  const rows = await squeue({ name, states: 'all' });
  assert.deepEqual(
    rows.map(({ id }) => id),
    [job.id],
  );
  await job.cancel();
});

onCluster(
  'an executor whose job the controller has forgotten, and whose number it has given to another, asks for another one [trap 1]',
  async (cluster) => {
    const cwd = workFolder(cluster, 'forgotten-pool');
    // Nothing is free, and the controller has written that down.
    const holder = await sbatch(['sleep', '600'], { nodes: cluster.nodes.length, exclusive: true, time: '20:00', cwd });
    for await (const state of holder.states()) if (state === 'RUNNING') break;
    watch('the controller writes its state down');
    await new Promise((resolve) => setTimeout(resolve, 6000));
    await using pool = new SlurmExecutor({ directory: cwd, workersPerNode: 1, memory: '300M' });
    const task = pool.submit(() => process.env['SLURM_JOB_ID']);
    await until(() => pool.jobs.length === 1, 'the job');
    const [first] = pool.jobs;
    cluster.killController();
    await cluster.restart();
    const other = await sbatch(['true'], { ...SMALL, cwd, hold: true });
    await holder.cancel();
    watch('another job of the executor');
    const job = await task;
    // Where it was written down in time, the number is still its own.
    if (other.id === first) assert.notEqual(job, first);
    else assert.equal(job, first);
    await other.cancel();
  },
);
