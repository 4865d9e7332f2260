import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Job,
  JobCancelledError,
  JobExitError,
  JobOutOfMemoryError,
  NoSuchJobError,
  sacct,
  salloc,
  sbatch,
  scancel,
  scontrol,
  setCallBudget,
  sinfo,
  squeue,
  squeueJson,
  srun,
  SubmitError,
} from '../../src/slurm/index.ts';
import { TimeoutError } from '../../src/base/errors.ts';
import { LONG } from '../support/patience.ts';
import { clusterTests, workFolder } from '../support/slurm-cluster.ts';

const onCluster = clusterTests();
const SMALL = { nodes: 1, memory: 100, time: '10:00' } as const;
setCallBudget({ burst: 1000, interval: 20 });

onCluster('a job tells its states, its log, its nodes and its end', async (cluster) => {
  const folder = workFolder(cluster, 'jobs');
  const job = await sbatch(['bash', '-c', 'echo "begins on $(hostname)"; echo "$WORDS"'], {
    ...SMALL,
    partition: 'broadwell',
    cwd: folder,
    environment: { WORDS: "it's $(id)" },
  });
  const log: string[] = [];
  const reading = (async () => {
    for await (const line of job.logs({ follow: true })) log.push(line);
  })();
  const states: string[] = [];
  for await (const state of job.states()) states.push(state);
  await reading;
  assert.equal(states[0], 'PENDING');
  assert.ok(states.includes('RUNNING'), states.join(' '));
  assert.equal(states.at(-1), 'COMPLETED');
  const end = await job.wait({ check: true });
  assert.equal(end.exitCode, 0);
  assert.deepEqual(log, [`begins on ${end.nodes[0]}`, "it's $(id)"]);
  assert.deepEqual(await job.nodes(), end.nodes);
  assert.ok(existsSync(join(folder, `slurm-${job.id}.out`)));
  assert.equal((await job.info())?.partition, 'broadwell');
});

onCluster('names and comments with all kinds of characters arrive as they are', async (cluster) => {
  const folder = workFolder(cluster, 'names');
  const name = `a # "b" 'c' \\ $(touch ${folder}/pwned) | %`;
  const job = await sbatch(['true'], { ...SMALL, name, comment: name, cwd: folder, hold: true });
  const info = await job.info();
  assert.deepEqual([info?.name, info?.comment], [name, name]);
  assert.ok(!existsSync(join(folder, 'pwned')));
  await job.cancel();
  await assert.rejects(job.wait({ check: true }), JobCancelledError);
});

onCluster('a job that fails is told with its number, node, exit code and the end of its log', async (cluster) => {
  const job = await sbatch({ shell: 'echo oops >&2\nexit 3' }, { ...SMALL, cwd: workFolder(cluster, 'fails') });
  assert.equal((await job.wait()).state, 'FAILED');
  await assert.rejects(job.wait({ check: true }), (error: unknown) => {
    assert.ok(error instanceof JobExitError);
    assert.deepEqual([error.jobId, error.exitCode, error.nodes.length, error.logTail], [job.id, 3, 1, 'oops']);
    return true;
  });
});

onCluster('a job that takes more memory than it asked for is told so', async (cluster) => {
  const eat = 'const a=[];for(;;)a.push(Buffer.alloc(1e7,1))';
  const job = await sbatch([process.execPath, '-e', eat], { ...SMALL, memory: 80, cwd: workFolder(cluster, 'memory') });
  await assert.rejects(
    job.wait({ check: true }),
    (error: unknown) => error instanceof JobOutOfMemoryError && /Ask for more/.test(error.hint),
  );
});

onCluster('a wait for a job can end before the job, which goes on', async (cluster) => {
  const job = await sbatch(['sleep', '60'], { ...SMALL, cwd: workFolder(cluster, 'wait') });
  await assert.rejects(job.wait({ timeout: 1 }), TimeoutError);
  const stop = new AbortController();
  const waiting = job.wait({ signal: stop.signal });
  stop.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  for await (const state of job.states()) if (state === 'RUNNING') break;
  assert.equal((await job.info())?.state, 'RUNNING');
  await scancel(job.id);
  const end = await job.wait();
  assert.equal(end.state, 'CANCELLED');
  assert.match((await (await Job.attach(job.id)).wait()).state, /CANCELLED/);
});

onCluster('an array is one job that has ended when all its elements have; each can be looked at', async (cluster) => {
  const folder = workFolder(cluster, 'array');
  const job = await sbatch(['bash', '-c', 'echo element $SLURM_ARRAY_TASK_ID; exit $((SLURM_ARRAY_TASK_ID == 2))'], {
    ...SMALL,
    array: '0-3%2',
    cwd: folder,
  });
  assert.equal((await job.wait()).state, 'FAILED');
  const rows = await job.rows();
  assert.deepEqual(rows.map(({ id, state }) => `${id} ${state}`).toSorted(), [
    `${job.id}_0 COMPLETED`,
    `${job.id}_1 COMPLETED`,
    `${job.id}_2 FAILED`,
    `${job.id}_3 COMPLETED`,
  ]);
  const element = await Job.attach(`${job.id}_1`);
  assert.equal((await element.wait()).state, 'COMPLETED');
  const lines: string[] = [];
  for await (const line of element.logs()) lines.push(line);
  assert.deepEqual(lines, ['element 1']);
});

onCluster('a job that depends on one that failed ends, if it is asked to, and does not wait for ever', async (cluster) => {
  const cwd = workFolder(cluster, 'depends');
  const first = await sbatch(['false'], { ...SMALL, cwd });
  const [good, never] = await Promise.all([
    sbatch(['true'], { ...SMALL, cwd, dependency: { afterany: first } }),
    sbatch(['true'], { ...SMALL, cwd, dependency: { afterok: first }, endOnLostDependency: true }),
  ]);
  assert.equal((await good.wait()).state, 'COMPLETED');
  assert.equal((await never.wait()).state, 'CANCELLED');
});

onCluster('an environment module is loaded before the program starts', async (cluster) => {
  const job = await sbatch(['bash', '-c', 'echo loaded $LOADED_nodejs'], {
    ...SMALL,
    modules: ['nodejs/20'],
    cwd: workFolder(cluster, 'modules'),
  });
  await job.wait({ check: true });
  const lines: string[] = [];
  for await (const line of job.logs()) lines.push(line);
  assert.deepEqual(lines, ['loaded nodejs/20']);
  const bad = await sbatch(['echo', 'on'], { ...SMALL, modules: ['nosuch/1'], cwd: workFolder(cluster, 'modules') });
  await assert.rejects(bad.wait({ check: true }), /nosuch\/1/);
});

onCluster('srun runs a program once a node, bare or within an allocation, and gives its output and code', async () => {
  const { stdout, returnCode } = await srun(['hostname'], { nodes: 2, memory: 100, captureOutput: true });
  assert.equal(returnCode, 0);
  assert.equal(new Set(stdout.trim().split('\n')).size, 2);
  const fails = await srun(['bash', '-c', 'exit 7'], { ...SMALL, captureOutput: true });
  assert.equal(fails.returnCode, 7);
  const allocation = await salloc({ ...SMALL, partition: 'normal' });
  try {
    const [node] = await allocation.nodes();
    assert.equal((await allocation.run(['cat'], { input: 'through', captureOutput: true })).stdout, 'through');
    assert.equal((await allocation.run(['hostname'], { captureOutput: true })).stdout.trim(), node);
    assert.ok((await squeue({ user: 'me' })).some(({ id }) => id === allocation.id));
  } finally {
    await allocation.cancel();
  }
  await allocation.wait();
});

onCluster('a refused job says why, and what there is instead', async () => {
  for (const one of [
    () => sbatch(['true'], { partition: 'nope' }),
    () => srun(['true'], { partition: 'nope', captureOutput: true }),
    () => salloc({ partition: 'nope' }),
  ])
    await assert.rejects(one, (error: unknown) => error instanceof SubmitError && /normal, broadwell/.test(error.hint));
  await assert.rejects(sbatch(['true'], { memory: '999T' }), SubmitError);
  await assert.rejects(Job.attach(999_999), NoSuchJobError);
  await assert.rejects(scontrol.showJob(999_999), NoSuchJobError);
});

onCluster('submitting from within a job does not take over what that job asked for [trap 8]', async (cluster) => {
  const url = new URL('../../src/slurm/index.js', import.meta.url).href;
  const text = `const { sbatch } = await import(${JSON.stringify(url)}); const job = await sbatch(['true'], { memoryPerCpu: 50 }); console.log('number', job.id);`;
  const folder = workFolder(cluster, 'within');
  const outer = await sbatch([process.execPath, '--input-type=module', '-e', text], { ...SMALL, memory: 600, cwd: folder });
  await outer.wait({ check: true });
  const lines: string[] = [];
  for await (const line of outer.logs()) lines.push(line);
  assert.match(lines.join('\n'), /^number \d+$/m);
});

onCluster('partitions, nodes, configuration, and one job in full can be looked at', async (cluster) => {
  const groups = await sinfo({ partition: 'broadwell' });
  assert.deepEqual([...new Set(groups.flatMap(({ nodes }) => nodes))].toSorted(), cluster.nodes);
  assert.equal((await scontrol.showNode('tcn1'))[0]?.['NodeName'], 'tcn1');
  assert.ok(await scontrol.ping());
  assert.ok(Number((await scontrol.showConfig())['MaxArraySize']) > 1);
  const job = await sbatch(['true'], { ...SMALL, hold: true, output: '/dev/null' });
  await scontrol.updateJob(job, { TimeLimit: '5:00' });
  assert.equal((await scontrol.showJob(job))[0]?.['TimeLimit'], '00:05:00');
  await job.cancel();
  await job.wait({ timeout: 6 * LONG });
});

onCluster('the JSON of jobs has those that were asked for alone, whatever the version of Slurm [trap 5]', async () => {
  const jobs = await Promise.all([1, 2].map(() => sbatch(['true'], { ...SMALL, hold: true, output: '/dev/null' })));
  for (const job of jobs) {
    const json = await squeueJson({ jobs: job, user: 'me' });
    assert.deepEqual(
      json.map((one) => String(one['job_id'])),
      [job.id],
    );
    assert.deepEqual(await squeueJson({ jobs: job, user: 'nobody' }), []);
  }
  for (const job of jobs) await job.cancel();
});

onCluster('where no accounts are kept it is said, and what is known of the end of a job comes from elsewhere [trap 6]', async () => {
  const job = await sbatch({ shell: 'exit 2' }, { ...SMALL, output: '/dev/null' });
  assert.equal((await job.wait({ timeout: 6 * LONG })).exitCode, 2);
  await assert.rejects(sacct({ jobs: job }), { code: 'ERR_SLURM_NO_ACCOUNTING' });
});

onCluster(
  'a script lies in no folder that its program could miss: paths are those of the folder that it was sent from [trap 9]',
  async (cluster) => {
    const cwd = workFolder(cluster, 'relative');
    writeFileSync(
      join(cwd, 'program.mjs'),
      "import './part.mjs'; import fs from 'node:fs'; console.log(fs.readFileSync('input', 'utf8'));",
    );
    writeFileSync(join(cwd, 'part.mjs'), '');
    writeFileSync(join(cwd, 'input'), 'found');
    for (const command of [
      [process.execPath, 'program.mjs'],
      ['srun', process.execPath, 'program.mjs'],
    ]) {
      const job = await sbatch(command, { ...SMALL, memory: 300, cwd });
      await job.wait({ check: true });
      const lines: string[] = [];
      for await (const line of job.logs()) lines.push(line);
      assert.deepEqual(lines, ['found']);
    }
  },
);
