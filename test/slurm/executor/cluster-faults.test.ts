import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { JobFailedError, NodeLostError } from '../../../src/slurm/executor/errors.ts';
import { SlurmExecutor, type SlurmExecutorOptions } from '../../../src/slurm/executor/slurm-executor.ts';
import { LONG } from '../../support/patience.ts';
import { clusterTests, workFolder } from '../../support/slurm-cluster.ts';
import { until } from '../../support/until.ts';
import { watch } from '../../support/watchdog.ts';

/* What becomes of tasks when their job ends before them. */
const onEachNode = clusterTests();
const onCluster: typeof onEachNode = (name, body) =>
  onEachNode(name, async (cluster, context) => {
    if (!process.version.startsWith('v20.')) return context.skip('it runs on Node 20 only: it is about Slurm');
    await body(cluster, context);
  });

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const slurm = (command: string, ...args: string[]): string => spawnSync(command, args, { encoding: 'utf8' }).stdout.trim();
const stateOf = (job: string): string => slurm('squeue', '-h', '-t', 'all', '-j', job, '-o', '%T');
const hasEnded = (job: string): boolean => !/RUNNING|PENDING|COMPLETING|CONFIGURING/.test(stateOf(job));

const executor = (folder: string, options: SlurmExecutorOptions = {}): SlurmExecutor =>
  new SlurmExecutor({ directory: folder, workersPerNode: 1, memory: '300M', partition: 'normal', ...options });

/** A task that has begun on a node: its future, its job, and the node. */
async function begun(pool: SlurmExecutor): Promise<{ task: ReturnType<SlurmExecutor['submit']>; job: string; node: string }> {
  const node = await pool.submit(() => process.env['SLURMD_NODENAME'] ?? '');
  const task = pool.submit(sleep, 300_000);
  await until(() => task.running, 'the task to begin');
  return { task, job: pool.jobs[0]!, node };
}

/** The error of a task, once Slurm says that its job has ended: no later than the promised 15 s. */
async function errorAfter(task: ReturnType<SlurmExecutor['submit']>, job: string): Promise<NodeLostError> {
  const told = { at: Infinity };
  const error = task.exception().then((value) => {
    told.at = performance.now();
    return value as NodeLostError;
  });
  for (let i = 0; !hasEnded(job) && told.at === Infinity; i++) {
    if (i % 50 === 0) watch('the job is to end');
    await sleep(200);
  }
  const ended = performance.now();
  const found = await error;
  assert.ok(told.at - ended < LONG / 4, `the future was pending for ${Math.round(told.at - ended)} ms after its job's end`);
  return found;
}

onCluster('a job whose time is up fails the task that may not run again, with its state and what to do', async (cluster) => {
  const pool = executor(workFolder(cluster, 'time'), { nodeRetries: 0 });
  const { task, job, node } = await begun(pool);
  slurm('scontrol', 'update', `jobid=${job}`, 'EndTime=now+1');
  const error = await errorAfter(task, job);
  assert.equal(error.name, 'NodeLostError', String(error));
  assert.deepEqual([error.job, error.node, error.state], [job, node, 'TIMEOUT'], error.message);
  assert.match(error.hint, /`time` asks for more/);
  await pool.shutdown();
});

onCluster('a manager that is killed is replaced, and its task runs again', async (cluster) => {
  const pool = executor(workFolder(cluster, 'manager'));
  const tries = `${cluster.folder}/tries-${process.pid}`;
  const value = await pool.submit(async (path: string) => {
    const { existsSync, writeFileSync } = await import('node:fs');
    if (existsSync(path)) return 'the second time';
    writeFileSync(path, '');
    process.kill(process.pid, 'SIGKILL');
    return await new Promise<string>(() => {});
  }, tries);
  assert.equal(value, 'the second time');
  await pool.shutdown();
});

onCluster(
  'a job that is put back into the queue by hand is not waited for: another one is asked for, and runs its tasks [trap 4]',
  async (cluster) => {
    const pool = executor(workFolder(cluster, 'requeued'));
    await pool.submit(() => 1);
    const job = pool.jobs[0]!;
    const task = pool.submit(async (old: string) => {
      if (process.env['SLURM_JOB_ID'] === old) await new Promise(() => setTimeout(() => {}, 1e6));
      return process.env['SLURM_JOB_ID'];
    }, job);
    await until(() => task.running, 'the task to begin');
    // Jobs of an executor are not to be requeued: Slurm refuses it, and the task goes on.
    slurm('scontrol', 'requeue', job);
    assert.equal(stateOf(job), 'RUNNING');
    slurm('scontrol', 'update', `jobid=${job}`, 'Requeue=1');
    slurm('scontrol', 'requeue', job);
    assert.notEqual(await task, job);
    await until(() => hasEnded(job), 'the requeued job to be cancelled');
    await pool.shutdown();
  },
);

onCluster('a job that is cancelled by hand fails what it runs and what waits, within the promised time', async (cluster) => {
  const pool = executor(workFolder(cluster, 'cancelled'), { nodeRetries: 0 });
  const { task, job } = await begun(pool);
  const waiting = pool.submit(() => 1);
  slurm('scancel', job);
  const error = await errorAfter(task, job);
  assert.deepEqual([error.job, error.state], [job, 'CANCELLED'], error.message);
  assert.equal(((await waiting.exception()) as JobFailedError).state, 'CANCELLED');
  await pool.shutdown();
});
