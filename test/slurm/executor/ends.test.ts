import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { SlurmExecutor, type SlurmExecutorOptions } from '../../../src/slurm/executor/slurm-executor.ts';
import { Program } from '../../support/program.ts';
import { clusterTests, type SlurmCluster, workFolder } from '../../support/slurm-cluster.ts';
import { toldFault } from '../../support/fault-told.ts';
import { until } from '../../support/until.ts';

/* On the cluster: the program, or a job, is ended from outside: what was asked for has an outcome, and nothing stays behind. */
const runs = (directory: string): string[] => readdirSync(directory).filter((name) => name.startsWith('manycore-'));
const driver = (directory: string, options: object, body: string): Program =>
  new Program(`
    import { SlurmExecutor } from 'manycore/slurm/executor/slurm-executor';
    const pool = new SlurmExecutor({ workersPerNode: 1, memory: '300M', directory: ${JSON.stringify(directory)}, ...${JSON.stringify(options)} });
    ${body}
  `);
const BUSY = `
  console.log('node', await pool.submit(() => process.pid), 'jobs', pool.jobs.join(), '.');
  await pool.submit(() => new Promise((resolve) => setTimeout(resolve, 600_000)));
`;

const onEachNode = clusterTests();
const onCluster: typeof onEachNode = (name, body) =>
  onEachNode(name, async (cluster, context) => {
    if (!process.version.startsWith('v20.')) return context.skip('it runs on Node 20 only: it is about Slurm');
    await body(cluster, context);
  });
const slurm = (command: string, ...args: string[]): string => {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return `${stdout}${stderr}`.trim();
};
const stateOf = (job: string): string => slurm('squeue', '-h', '-j', job, '-o', '%T');
const executor = (cluster: SlurmCluster, options: SlurmExecutorOptions = {}): SlurmExecutor =>
  new SlurmExecutor({ directory: workFolder(cluster, 'ends'), workersPerNode: 1, memory: '300M', partition: 'normal', ...options });
/** A shared folder of a test's own. */
function ownFolder(cluster: SlurmCluster, name: string): string {
  const path = workFolder(cluster, name);
  mkdirSync(path, { recursive: true });
  return path;
}

onCluster('a program that is killed leaves neither its job nor the folder of its run', async (cluster) => {
  const own = ownFolder(cluster, 'killed');
  const program = driver(own, { nodes: 2 }, BUSY);
  await program.printed(' .');
  const [, job] = /jobs (\d+)/.exec(program.stdout)!;
  program.child.kill('SIGKILL');
  await program.ended;
  await until(() => !/RUNNING|PENDING|COMPLETING/.test(stateOf(job!)), 'the job to end');
  await until(() => runs(own).length === 0, 'the folder to go');
});

onCluster('a program that ends while its job waits takes the job back, and its folder with it', async (cluster) => {
  const own = ownFolder(cluster, 'waits');
  const program = driver(
    own,
    { directives: ['--begin=now+1hour'] },
    'pool.submit(() => 1); while (pool.jobs.length === 0) await new Promise((resolve) => setTimeout(resolve, 10)); console.log("jobs", pool.jobs.join(), "."); setTimeout(() => process.exit(0), 100);',
  );
  const { stdout } = await program.ended;
  const [, job] = /jobs (\d+)/.exec(stdout)!;
  await until(() => !/PENDING/.test(stateOf(job!)), 'the job to be cancelled');
  await until(() => runs(own).length === 0, 'the folder to go');
});

onCluster('a program that is killed while its job waits: the job is cancelled, and the folder goes', async (cluster) => {
  const own = ownFolder(cluster, 'killed-early');
  const program = driver(
    own,
    { directives: ['--begin=now+1hour'] },
    'pool.submit(() => 1); while (pool.jobs.length === 0) await new Promise((resolve) => setTimeout(resolve, 10)); console.log("jobs", pool.jobs.join(), ".");',
  );
  await program.printed(' .');
  const [, job] = /jobs (\d+)/.exec(program.stdout)!;
  program.child.kill('SIGKILL');
  await program.ended;
  await until(() => !/PENDING/.test(stateOf(job!)), 'the job to be cancelled');
  await until(() => runs(own).length === 0, 'the folder to go');
});

onCluster('scontrol requeue of a job of an executor is refused by Slurm, and its tasks go on', async (cluster) => {
  const pool = executor(cluster);
  const running = pool.submit(async () => {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    return process.env['SLURM_RESTART_COUNT'] ?? 'never';
  });
  await until(() => running.running, 'the task to begin');
  assert.match(slurm('scontrol', 'requeue', pool.jobs[0]!), /disabled|not/i);
  assert.equal(await running, 'never');
  await pool.shutdown();
});

onCluster('a job that is put back, though it was not to be, loses no task', async (cluster) => {
  const pool = executor(cluster);
  const first = await pool.submit(() => 1);
  const [job] = pool.jobs;
  slurm('scontrol', 'update', `jobid=${job!}`, 'requeue=1');
  const running = pool.submit(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return 2;
  });
  await until(() => running.running, 'the task to begin');
  slurm('scontrol', 'requeue', job!);
  assert.deepEqual([first, await running, await pool.submit(() => 3)], [1, 2, 3]);
  await pool.shutdown();
  await until(() => !/RUNNING|PENDING|REQUEUE/.test(stateOf(job!)), 'no job to stay');
});

onCluster('a job that is cancelled by hand while it waits fails what waits for it, within seconds', async (cluster) => {
  const pool = executor(cluster, { directives: ['--begin=now+1hour'] });
  const waiting = pool.submit(() => 1);
  await until(() => pool.jobs.length === 1, 'the job');
  const [job] = pool.jobs;
  slurm('scancel', job!);
  await toldFault(waiting, { name: 'JobFailedError', job: job!, node: '', state: /^CANCELLED$/, hint: /has cancelled it/ });
  await pool.shutdown();
});

onCluster('a job that gets no nodes is told by a warning with the reason, and bounded by queueTimeout [trap 12]', async (cluster) => {
  const pool = executor(cluster, { directives: ['--begin=now+1hour'], queueTimeout: 8000 });
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const waiting = pool.submit(() => 1);
  const warning = await warned;
  assert.equal(warning.name, 'SlurmWarning');
  assert.match(warning.message, /^job \d+ of SlurmExecutor-\d+ has waited for nodes for \d+ s: Slurm's reason is BeginTime/);
  await toldFault(waiting, { name: 'JobFailedError', node: '', state: /^PENDING$/, reason: /^BeginTime$/, hint: /squeue --start/ });
  const { jobs } = pool;
  await pool.shutdown();
  assert.doesNotMatch(stateOf(jobs.join()), /PENDING/);
});
