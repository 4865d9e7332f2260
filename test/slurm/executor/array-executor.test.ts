import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { ArrayExecutor, type ArrayExecutorOptions, ArrayRun } from '../../../src/slurm/index.ts';
import { toldFault } from '../../support/fault-told.ts';
import { clusterTests, workFolder } from '../../support/slurm-cluster.ts';
import { test } from '../../support/test.ts';
import { until } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-array-executor-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const local = (options: ArrayExecutorOptions = {}): ArrayExecutor =>
  new ArrayExecutor({ launcher: 'local', directory: folder, elements: 2, ...options });

test('tasks and maps run as arrays, with the futures of any executor: what is handed over in one turn is one array', async () => {
  const own = mkdtempSync(join(folder, 'own-'));
  const pool = local({ directory: own });
  const factor = 3;
  const times = (n: number): number => {
    if (n === 13) throw new RangeError('unlucky');
    return n * factor;
  };
  const futures = [1, 13, 2].map((n) => pool.submit(times, n));
  const sum = pool.submit((a: number, b: Map<string, number>) => a + b.get('b')!, 1, new Map([['b', 2]]));
  assert.deepEqual([await futures[0], await futures[2], await sum], [3, 6, 3]);
  await assert.rejects(async () => await futures[1], { name: 'RangeError', message: 'unlucky' });
  assert.equal(pool.folders.length, 2, 'one array for each function');
  assert.deepEqual(
    await pool
      .map(
        (a: number, b: string) => `${a}${b}`,
        [1, 2, 3],
        (function* () {
          yield* ['a', 'b', 'c'];
        })(),
      )
      .toArray(),
    ['1a', '2b', '3c'],
  );
  assert.equal(pool.folders.length, 3);
  assert.deepEqual(await pool.map((n: number) => n + 1, [1, 2, 3, 4, 5], { bufferSize: 2 }).toArray(), [2, 3, 4, 5, 6]);
  await pool.shutdown();
  assert.deepEqual(readdirSync(own), [], 'the folders go with the executor');
  assert.throws(() => pool.submit(times, 1), { code: 'ERR_EXECUTOR_SHUT_DOWN' });
});

test('what files can not give is refused by name; a task is taken back until its array has been submitted', async () => {
  const pool = local();
  assert.throws(() => pool.with({ timeout: 5 }).submit(() => 1), { code: 'ERR_TERMS', message: /^timeout needs a connection/ });
  assert.throws(() => pool.with({ retries: 1 }).map((n: number) => n, [1]), { code: 'ERR_TERMS' });
  assert.throws(() => pool.submit((x: unknown) => x, new WeakRef({})), { name: 'SendError' });
  const [first, second] = [pool.submit((n: number) => n, 1), pool.submit((n: number) => n, 2)];
  assert.throws(() => first.resultSync(), { code: 'ERR_ARRAY_WAIT' });
  assert.deepEqual([first.cancel(), first.cancelled], [true, true]);
  assert.equal(await second, 2);
  assert.equal(second.resultSync(), 2);
  const third = pool.submit(() => 3);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  assert.equal(third.cancel({ running: true }), false);
  const end = pool.shutdown();
  assert.equal(await third, 3);
  await end;
});

test('an array that is ended by force fails what has not ended, and one that is kept is found again', async () => {
  const pool = local({ keep: true });
  const done = await pool.submit((n: number) => n, 5);
  const [kept] = pool.folders;
  const stuck = pool.submit(() => new Promise((resolve) => setTimeout(resolve, 600_000)));
  await until(() => pool.folders.length === 2, 'the second array');
  await pool.terminateWorkers();
  await assert.rejects(async () => await stuck, { name: 'BrokenExecutorError', message: /terminated/ });
  assert.equal(existsSync(kept!), true);
  assert.deepEqual(await ArrayRun.attach(kept!).toArray(), [done]);
});

test('a program may hand over more in the place of what it gets, also while it shuts down', async () => {
  const pool = local();
  const results: number[] = [];
  for await (const n of pool.map((one: number) => one * 2, [1, 2, 3])) results.push(await pool.submit((one: number) => one + 1, n));
  assert.deepEqual(results, [3, 5, 7]);
  const last = pool.submit(() => 'last');
  await pool.shutdown();
  assert.equal(last.resultSync(), 'last');
});

test('the items of an array are read as they come, and one that can not be sent ends it before anything runs', () => {
  function* items(): Generator {
    yield 1;
    yield new WeakRef({});
  }
  assert.throws(() => ArrayRun.start((x: unknown) => x, items(), { launcher: 'local', directory: folder }), { name: 'SendError' });
});

const onEachNode = clusterTests();
const onCluster: typeof onEachNode = (name, body) =>
  onEachNode(name, async (cluster, context) => {
    if (!process.version.startsWith('v20.')) return context.skip('it runs on Node 20 only: it is about Slurm');
    await body(cluster, context);
  });

onCluster(
  'a map is one job array of the cluster; when that is cancelled by hand, all that has no result is told, with its state',
  async (cluster) => {
    const pool = new ArrayExecutor({ directory: workFolder(cluster, 'array-executor'), memory: '200M', elements: 4 });
    const where = await pool.map((n: number) => [n, process.env['SLURM_ARRAY_JOB_ID'] ?? ''] as const, Array(8).keys()).toArray();
    assert.deepEqual(
      where.map(([n]) => n),
      [0, 1, 2, 3, 4, 5, 6, 7],
    );
    assert.deepEqual([...new Set(where.map(([, job]) => job))], pool.jobs);
    const stuck = pool.submit(() => new Promise((resolve) => setTimeout(resolve, 600_000)));
    await until(() => pool.jobs.length === 2, 'the second job');
    const job = pool.jobs[1]!;
    await until(() => {
      const { stdout } = spawnSync('squeue', ['-h', '-j', job, '-o', '%T'], { encoding: 'utf8' });
      return stdout.includes('RUNNING');
    }, 'it to run');
    spawnSync('scancel', [job]);
    const error = await toldFault(stuck, { name: 'JobFailedError', job: `${job}_0`, state: /^CANCELLED$/, hint: /has cancelled it/ });
    assert.match(error.message, /resume: true/);
    await pool.shutdown();
  },
);
