import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { ArrayRun } from '../../../src/slurm/executor/array/array-run.ts';
import { loadCheckpoint, saveCheckpoint } from '../../../src/slurm/executor/array/checkpoint.ts';
import { rangesOf } from '../../../src/slurm/executor/array/element-launcher.ts';
import type { JobFailedError } from '../../../src/slurm/executor/errors.ts';
import { budget } from '../../../src/slurm/budget.ts';
import { sbatch } from '../../../src/slurm/index.ts';
import type { JobInfo } from '../../../src/slurm/job/info.ts';
import { watch as watchJob, type Watched } from '../../../src/slurm/job/watcher.ts';
import { Program } from '../../support/program.ts';
import { clusterTests, workFolder } from '../../support/slurm-cluster.ts';
import { test } from '../../support/test.ts';
import { until } from '../../support/until.ts';
import { watch } from '../../support/watchdog.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-arrays-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const local = { launcher: 'local', directory: folder } as const;

test('an array gives a future for each item; errors of items are those of the items', async () => {
  const factor = 2;
  const double = (n: number): number => {
    if (n === 3) throw new RangeError('not three');
    return n * factor;
  };
  const run = ArrayRun.start(double, Array(6).keys(), { ...local, elements: 2 });
  assert.equal(run.futures.length, 6);
  assert.equal(await run.futures[5], 10);
  await assert.rejects(async () => await run.futures[3], { name: 'RangeError', message: 'not three' });
  assert.equal(await run.futures[4], 8);
  await Promise.allSettled(run.futures);
  assert.deepEqual(readdirSync(join(run.folder, 'results')).length, 2);
  const again = ArrayRun.attach<number>(run.folder);
  assert.equal(again.done, 6);
  assert.equal(again.futures[1]!.resultSync(), 2);
  run.remove();
  assert.throws(() => ArrayRun.attach(run.folder), { code: 'ERR_NO_ARRAY' });
  assert.deepEqual(await ArrayRun.start(double, [], local).toArray(), []);
});

test('an element that is killed fails what it has not done, and says how; what it has done is kept, and the rest is done on request', async () => {
  const run = ArrayRun.start(
    async (n: number) => {
      const { existsSync } = await import('node:fs');
      if (n === 2 && !existsSync('/proc/self/nothing') && process.argv.length > 0 && process.env['MANYCORE_TEST_GO'] === undefined)
        process.kill(process.pid, 'SIGKILL');
      return n;
    },
    [0, 1, 2, 3],
    { ...local, elements: 1 },
  );
  const error = (await run.futures[2]!.exception()) as JobFailedError;
  assert.equal(error.name, 'JobFailedError', String(error));
  assert.deepEqual([error.exitCode, error.state], [-9, 'FAILED']);
  assert.match(error.message, /resume: true/);
  assert.deepEqual([await run.futures[0], await run.futures[1]], [0, 1]);
  process.env['MANYCORE_TEST_GO'] = '1';
  const again = ArrayRun.attach<number>(run.folder, { resume: true });
  assert.equal(again.done, 2);
  assert.deepEqual(await again.toArray(), [0, 1, 2, 3]);
});

test('a run outlives its program, and is found again by its folder', async () => {
  const program = new Program(`
    import { ArrayRun } from 'manycore/slurm/executor/array/array-run';
    const run = ArrayRun.start(async (n) => (await new Promise((done) => setTimeout(done, 300)), n + 1), [1, 2, 3], {
      launcher: 'local', directory: ${JSON.stringify(folder)}, elements: 1 });
    setTimeout(() => console.log('folder', run.folder, '.'), 50);
    run.detach();
    setTimeout(() => {}, 60_000);
  `);
  await program.printed(' .');
  const [, at] = /folder (\S+) /.exec(program.stdout)!;
  program.child.kill('SIGKILL');
  await program.ended;
  // Its process goes on; a second attempt would find what it has done.
  const run = ArrayRun.attach<number>(at!, { resume: true });
  assert.deepEqual(await run.toArray(), [2, 3, 4]);
});

test('what a task has kept is there at its next attempt, and gone with its result; elsewhere nothing is kept', async () => {
  const go = join(folder, 'go');
  const run = ArrayRun.start(
    async (file: string) => {
      const { existsSync } = await import('node:fs');
      const steps = loadCheckpoint<string[]>() ?? [];
      console.log(`begins after ${steps.length} steps`);
      saveCheckpoint([...steps, 'a']);
      saveCheckpoint([...steps, 'a', 'b']);
      if (!existsSync(file)) process.kill(process.pid, 'SIGKILL');
      return loadCheckpoint();
    },
    [go],
    { ...local, elements: 1 },
  );
  assert.equal(((await run.futures[0]!.exception()) as JobFailedError).exitCode, -9);
  writeFileSync(go, '');
  const again = ArrayRun.attach(run.folder, { resume: true });
  assert.deepEqual(await again.toArray(), [['a', 'b', 'a', 'b']]);
  assert.deepEqual(readdirSync(join(run.folder, 'checkpoints')), []);
  assert.equal(await again.log(0), 'begins after 0 steps\nbegins after 2 steps');
  await assert.rejects(again.log(1), RangeError);
  saveCheckpoint(1);
  assert.equal(loadCheckpoint(), null);
});

test('elements are named in ranges', () => {
  assert.equal(rangesOf([0, 1, 2, 3, 7]), '0-3,7');
  assert.equal(rangesOf([5]), '5');
  assert.equal(rangesOf([1, 3, 5, 6]), '1,3,5-6');
});

const onCluster = clusterTests();
onCluster('an array runs on Slurm, each element where it is told to, and is found again by another program', async (cluster, context) => {
  if (!process.version.startsWith('v20.')) return context.skip('it runs on Node 20 only: it is about Slurm');
  const directory = workFolder(cluster, 'array');
  const run = ArrayRun.start((n: number) => [n * n, process.env['SLURM_ARRAY_TASK_ID']] as const, Array(10).keys(), {
    directory,
    elements: 5,
    memory: '200M',
  });
  const all = await run.toArray();
  assert.deepEqual(
    all.map(([square]) => square),
    Array.from({ length: 10 }, (_, i) => i * i),
  );
  assert.deepEqual(new Set(all.map(([, task]) => task)), new Set(['0', '1', '2', '3', '4']));
  assert.match(run.jobs.join(), /^\d+$/);
  assert.equal(ArrayRun.attach(run.folder).done, 10);
});

onCluster(
  'an element that has to make room for others is put back by Slurm, and does what is left; no more run at once than may [trap 3]',
  async (cluster, context) => {
    if (!process.version.startsWith('v20.')) return context.skip('it runs on Node 20 only: it is about Slurm');
    const directory = workFolder(cluster, 'preempted');
    const began = join(directory, 'began');
    const node = cluster.nodes[0]!;
    const run = ArrayRun.start(
      async (n: number) => {
        const restarts = process.env['SLURM_RESTART_COUNT'] ?? '0';
        const { writeFileSync } = await import('node:fs');
        writeFileSync(began, '');
        if (n === 0 && restarts === '0') await new Promise((resolve) => setTimeout(resolve, 600_000));
        return [n, restarts] as const;
      },
      [0, 1],
      { directory, elements: 2, parallel: 1, partition: 'scavenge', directives: ['--exclusive', `--nodelist=${node}`] },
    );
    await until(() => existsSync(began), 'the first element to begin');
    const states = spawnSync('squeue', ['-h', '-r', '-j', run.jobs[0]!, '-o', '%T %r'], { encoding: 'utf8' }).stdout.trim().split('\n');
    assert.deepEqual(states.toSorted(), ['PENDING JobArrayTaskLimit', 'RUNNING None']);
    const words = ['--parsable', '-p', 'urgent', '--exclusive', '-w', node, '-o', '/dev/null', '--wrap', 'sleep 1'];
    assert.match(spawnSync('sbatch', words, { encoding: 'utf8' }).stdout, /^\d+$/m);
    for (let i = 0; !run.futures[0]!.done && i < 120; i++) {
      watch('the element is put back');
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    assert.deepEqual(await run.toArray(), [
      [0, '1'],
      [1, '0'],
    ]);
  },
);

onCluster('arrays are looked after with all other jobs of this process: one call for all, within the budget', async (cluster, context) => {
  if (!process.version.startsWith('v20.')) return context.skip('it runs on Node 20 only: it is about Slurm');
  const directory = workFolder(cluster, 'watched');
  const job = await sbatch(['sleep', '600'], { nodes: 1, memory: 50, time: '20:00', cwd: directory });
  const end = job.wait();
  const go = join(directory, 'go');
  const wait = async (path: string): Promise<number> => {
    const { existsSync: exists } = await import('node:fs');
    while (!exists(path)) await new Promise((resolve) => setTimeout(resolve, 50));
    return 1;
  };
  const runs = [1, 2, 3, 4].map(() => ArrayRun.start(wait, [go], { directory, memory: '100M' }));
  await until(() => runs.every(({ jobs }) => jobs.length === 1), 'the arrays');
  // This thread looks for all of them: what one of them shows, all have seen.
  const rows: JobInfo[] = [];
  const watched: Watched = {
    id: runs[3]!.jobs[0]!,
    first: 1e9,
    seen: (all) => (rows.push(...all), rows.length === 0),
    failed: assert.ifError,
  };
  watchJob(watched);
  const before = budget.made;
  const looked = performance.now();
  await until(() => rows.length > 0, 'a look');
  watch('a second look');
  const again: JobInfo[] = [];
  watchJob({ ...watched, seen: (all) => (again.push(...all), again.length === 0) });
  await until(() => again.length > 0, 'a second look');
  const looks = 2 + (performance.now() - looked) / 5000;
  assert.ok(budget.made - before <= looks, `${budget.made - before} calls for five jobs, twice`);
  writeFileSync(go, '');
  for (const run of runs) assert.deepEqual(await run.toArray(), [1]);
  await job.cancel();
  await end;
});
