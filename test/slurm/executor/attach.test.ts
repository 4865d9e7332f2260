import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { ArrayRun } from '../../../src/slurm/executor/array/array-run.ts';
import { SlurmExecutor, type SlurmExecutorOptions } from '../../../src/slurm/executor/slurm-executor.ts';
import { LONG } from '../../support/patience.ts';
import { managersIn } from '../../support/managers.ts';
import { Program } from '../../support/program.ts';
import { clusterTests, workFolder } from '../../support/slurm-cluster.ts';
import { test } from '../../support/test.ts';
import { until } from '../../support/until.ts';

/* A run whose program is killed is taken up by another one. */
const folder = mkdtempSync(join(tmpdir(), 'manycore-attach-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A program that hands over: one task that has ended, one that runs until `go` is there, and some that wait behind it; and is killed then. */
async function killed(directory: string, options: SlurmExecutorOptions): Promise<string> {
  const program = new Program(`
    import { SlurmExecutor } from 'manycore/slurm/executor/slurm-executor';
    const pool = new SlurmExecutor({ outlives: true, workersPerNode: 1, directory: ${JSON.stringify(directory)}, ...${JSON.stringify(options)} });
    const log = ${JSON.stringify(join(directory, 'log'))};
    const done = pool.submit(async (n, path) => {
      const fs = await import('node:fs');
      fs.appendFileSync(path, n + ' ');
      return new Map([['done', n]]);
    }, 1, log);
    await done;
    const failed = pool.submit(() => { throw new RangeError('too far'); });
    await failed.exception();
    const taken = pool.submit(() => 'never');
    const runs = pool.submit(async (n, path) => {
      const fs = await import('node:fs');
      fs.appendFileSync(path, n + ' ');
      while (!fs.existsSync(path + '-go')) await new Promise((resolve) => setTimeout(resolve, 10));
      return process.env['SLURM_JOB_ID'] ?? process.pid;
    }, 2, log);
    while (!runs.running) await new Promise((resolve) => setTimeout(resolve, 5));
    taken.cancel();
    for (let n = 3; n < 8; n++)
      pool.submit(async (m, path) => {
        const fs = await import('node:fs');
        fs.appendFileSync(path, m + ' ');
        return m;
      }, n, log);
    setTimeout(() => console.log('folder', pool.folder, 'jobs', pool.jobs.join(), '.'), 200);
    setTimeout(() => {}, 600_000);
  `);
  await program.printed(' .');
  const [, run = ''] = /folder (\S+) /.exec(program.stdout)!;
  assert.throws(() => SlurmExecutor.attach(run), { code: 'ERR_RUN_TAKEN' });
  program.child.kill('SIGKILL');
  await program.ended;
  return run;
}

/** What the other program finds. */
async function takeUp(directory: string, run: string): Promise<unknown> {
  // The task ends while it has no program.
  writeFileSync(join(directory, 'log-go'), '');
  const pool = SlurmExecutor.attach(run);
  const [done, failed, taken, runs, ...others] = pool.futures;
  assert.deepEqual(await done, new Map([['done', 1]]));
  await assert.rejects(async () => await failed, { name: 'RangeError', message: 'too far' });
  assert.ok(taken!.cancelled || (await taken) === 'never');
  const where = await runs;
  assert.deepEqual(await Promise.all(others), [3, 4, 5, 6, 7]);
  const factor = 3;
  assert.equal(await pool.submit((n: number) => n * factor, 14), 42);
  await pool.shutdown();
  assert.equal(existsSync(run), false);
  // Each has run once.
  assert.deepEqual(readFileSync(join(directory, 'log'), 'utf8').trim().split(' '), ['1', '2', '3', '4', '5', '6', '7']);
  return where;
}

for (const workerType of ['threads', 'processes'] as const)
  test(`a run that outlives its program is taken up: what was done is there, what runs goes on, what waits is done once; on ${workerType}`, async () => {
    const own = mkdtempSync(join(folder, 'own-'));
    const run = await killed(own, { launcher: 'local', workerType, orphanTimeout: LONG });
    await takeUp(own, run);
    assert.throws(() => SlurmExecutor.attach(run), { code: 'ERR_NO_RUN' });
  });

test('a run whose nodes have ended is done by others; a task that yielded says that it is lost', async () => {
  const own = mkdtempSync(join(folder, 'ended-'));
  const program = new Program(`
    import { SlurmExecutor } from 'manycore/slurm/executor/slurm-executor';
    const pool = new SlurmExecutor({ outlives: true, launcher: 'local', workersPerNode: 2, orphanTimeout: 60_000, directory: ${JSON.stringify(own)} });
    const stream = await pool.submit(async function* () {
      for (;;) { yield process.pid; await new Promise((resolve) => setTimeout(resolve, 10)); }
    });
    const pid = (await stream.next()).value;
    const task = pool.submit(async (path) => {
      const fs = await import('node:fs');
      while (!fs.existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 10));
      return 'done';
    }, ${JSON.stringify(join(own, 'go'))});
    while (!task.running) await new Promise((resolve) => setTimeout(resolve, 5));
    setTimeout(() => console.log('folder', pool.folder, 'pid', pid, '.'), 200);
  `);
  await program.printed(' .');
  const [, run = '', pid] = /folder (\S+) pid (\d+)/.exec(program.stdout)!;
  program.child.kill('SIGKILL');
  await program.ended;
  process.kill(Number(pid), 'SIGKILL');
  writeFileSync(join(own, 'go'), '');
  const pool = SlurmExecutor.attach(run);
  await assert.rejects(async () => await pool.futures[0], {
    name: 'BrokenExecutorError',
    message: /was yielding when its program was killed/,
  });
  assert.equal(await pool.futures[1], 'done');
  await pool.shutdown();
});

test('nodes that nobody takes up end after a while, and what they have not done is done when somebody does', async () => {
  const own = mkdtempSync(join(folder, 'nobody-'));
  const run = await killed(own, { launcher: 'local', orphanTimeout: 300 });
  await until(() => managersIn(run).length === 0, 'the nodes to end');
  writeFileSync(join(own, 'log-go'), '');
  const pool = SlurmExecutor.attach(run);
  assert.deepEqual(await Promise.all(pool.futures.slice(4)), [3, 4, 5, 6, 7]);
  await pool.futures[3];
  await pool.shutdown();
});

test('a folder without such a run is refused', () => {
  assert.throws(() => SlurmExecutor.attach(folder), { code: 'ERR_NO_RUN', message: /outlives/ });
});

const onCluster = clusterTests();
onCluster('on Slurm, a run whose program is killed keeps its job, and another program takes both up', async (cluster, context) => {
  if (!process.version.startsWith('v20.')) return context.skip('it runs on Node 20 only: it is about Slurm');
  const directory = workFolder(cluster, 'attach');
  const run = await killed(directory, { memory: '300M', partition: 'normal', orphanTimeout: LONG });
  assert.match(String(await takeUp(directory, run)), /^\d+$/);
});

onCluster('on Slurm, an array whose program is killed goes on, and is found again by another program', async (cluster, context) => {
  if (!process.version.startsWith('v20.')) return context.skip('it runs on Node 20 only: it is about Slurm');
  const directory = workFolder(cluster, 'attach-array');
  const go = join(directory, 'go');
  const program = new Program(`
    import { ArrayRun } from 'manycore/slurm/executor/array/array-run';
    const run = ArrayRun.start(async (n) => {
      const fs = await import('node:fs');
      fs.appendFileSync(${JSON.stringify(join(directory, 'log'))}, n + ' ');
      if (n > 2) while (!fs.existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 20));
      return n * n;
    }, [1, 2, 3, 4], { directory: ${JSON.stringify(directory)}, elements: 2, memory: '200M' });
    await Promise.all([run.futures[0], run.futures[1]]);
    console.log('folder', run.folder, 'job', run.jobs.join(), '.');
    setTimeout(() => {}, 600_000);
  `);
  await program.printed(' .');
  const [, folderOfRun = '', job] = /folder (\S+) job (\d+)/.exec(program.stdout)!;
  program.child.kill('SIGKILL');
  await program.ended;
  const run = ArrayRun.attach<number>(folderOfRun);
  assert.deepEqual([run.done, run.jobs], [2, [job]]);
  writeFileSync(go, '');
  assert.deepEqual(await run.toArray(), [1, 4, 9, 16]);
  // Each has run once, and no other job was asked for.
  assert.deepEqual(readFileSync(join(directory, 'log'), 'utf8').trim().split(' ').toSorted(), ['1', '2', '3', '4']);
  assert.deepEqual(run.jobs, [job]);
});
