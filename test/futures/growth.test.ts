import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, promises, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gather, ThreadPoolExecutor } from '../../src/futures/index.ts';
import { Barrier, currentThread, Event, int32, SharedValue } from '../../src/threading/index.ts';
import { tellsCoreTimes } from '../../src/system/core-time.ts';
import { programLines } from '../support/program-lines.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

const cores = availableParallelism();
/** More than are started at once, and fewer than there may be: so many are there only if the pool grows. */
const crowd = Math.min(32, cores + 2);

/** Other processes that want every core, several times over, until the block is left. */
async function others(): Promise<AsyncDisposable> {
  const loops = Array.from({ length: cores * 3 }, () =>
    spawn(process.execPath, ['-e', 'console.log(1); for (;;);'], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  await Promise.all(loops.map(({ stdout }) => new Promise((resolve) => stdout.once('data', resolve))));
  return {
    async [Symbol.asyncDispose]() {
      const ends = loops.map((loop) => new Promise((resolve) => loop.once('exit', resolve)));
      for (const loop of loops) loop.kill('SIGKILL');
      await Promise.all(ends);
    },
  };
}

test('a pool does not grow because other programs leave its threads little of the processor', async (context) => {
  if (!tellsCoreTimes()) return context.skip('the system does not tell how long threads stand in line for a core');
  await using _others = await others();
  await using pool = new ThreadPoolExecutor();
  const compute = (ms: number): number => {
    const before = process.cpuUsage();
    for (let n = 0; ; n++) {
      // Objects too: that has the garbage collector run.
      const all = Array.from({ length: 100 }, (_, i) => ({ i }));
      const { user, system } = process.cpuUsage(before);
      if (all.length === 0 || user + system > ms * 1000) return n;
    }
  };
  await gather(Array.from({ length: cores * 8 }, () => pool.submit(compute, 30)));
  assert.equal(pool.workers.length, cores);
});

for (const isBusy of [false, true]) {
  const beside = isBusy ? ', also beside programs that want every core' : '';

  test(`a pool grows while its threads wait for each other${beside}`, async () => {
    await using _others = isBusy ? await others() : null;
    await using pool = new ThreadPoolExecutor();
    const barrier = new Barrier(crowd);
    const all = Array.from({ length: crowd }, () => pool.submit(() => barrier.waitSync()));
    assert.equal(new Set(await gather(all)).size, crowd);
  });

  test(`a pool grows while its threads sleep again and again${beside}`, async () => {
    await using _others = isBusy ? await others() : null;
    await using pool = new ThreadPoolExecutor();
    const arrived = new SharedValue(int32, 0);
    const sleep = (): void => {
      arrived.add(1);
      while (arrived.value < crowd) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    };
    await gather(Array.from({ length: crowd }, () => pool.submit(sleep)));
  });
}

test('a pool grows while its threads are in a system call', async (context) => {
  if (process.platform === 'win32') return context.skip('named pipes are no files here');
  const folder = mkdtempSync(join(tmpdir(), 'growth-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  try {
    await using pool = new ThreadPoolExecutor();
    const arrived = new SharedValue(int32, 0);
    // Opening it to read takes until somebody opens it to write.
    const open = (): void => {
      arrived.add(1);
      closeSync(openSync(path, 'r'));
    };
    const all = Array.from({ length: crowd }, () => pool.submit(open));
    await until(() => arrived.value === crowd, 'there are as many threads as tasks');
    const writer = await promises.open(path, 'r+');
    await gather(all);
    await writer.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('another thread takes the place of one whose task was cancelled in native code, before that returns', async (context) => {
  if (process.platform === 'win32') return context.skip('named pipes are no files here');
  const folder = mkdtempSync(join(tmpdir(), 'growth-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  try {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const begun = new Event();
    const inNativeCode = pool.submit(() => {
      begun.set();
      closeSync(openSync(path, 'r'));
    });
    await begun.wait();
    assert.equal(inNativeCode.cancel({ running: true }), true);
    const shared = new Int32Array(new SharedArrayBuffer(4));
    const next = [pool.submit(() => currentThread().name), pool.submit((to: Int32Array) => Atomics.add(to, 0, 1), shared)];
    const [name, before] = await Promise.all(next);
    assert.match(String(name), /_1$/);
    assert.equal(before, 0);
    const writer = await promises.open(path, 'r+');
    await until(() => pool.workers.length === 1, 'the one that was cancelled ends');
    await writer.close();
    assert.equal(await pool.submit(() => currentThread().name), name);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a task does not wait for a thread that native code keeps, where there may be another one', async () => {
  // Where many wait for a core, a thread has long before it is ended for the sake of its task: longer than that takes here.
  const { lines, stderr } = await programLines(`
    import { createRequire, syncBuiltinESMExports } from 'node:module';
    import { spawnSync } from 'node:child_process';
    import { setTimeout as sleep } from 'node:timers/promises';
    createRequire(import.meta.url)('node:os').loadavg = () => [1e6, 1e6, 1e6];
    syncBuiltinESMExports();
    const { ThreadPoolExecutor } = await import('manycore/futures');
    const { currentThread, Event } = await import('manycore/threading');
    const pool = new ThreadPoolExecutor({ maxWorkers: 2, threadNamePrefix: 'pool' });
    const begun = new Event();
    const native = pool.submit((given) => { given.set(); return spawnSync('sleep', ['4']).status; }, begun);
    await begun.wait();
    console.log(native.cancel({ running: true }));
    console.log(await pool.submit(() => currentThread().name));
    await pool.shutdown();`);
  assert.deepEqual(lines, ['true', 'pool_1'], stderr);
});

test('a pool grows while the thread that made it is blocked', async () => {
  await using pool = new ThreadPoolExecutor();
  const barrier = new Barrier(crowd);
  const all = Array.from({ length: crowd }, () => pool.submit(() => barrier.waitSync()));
  assert.equal(new Set(all.map((future) => future.resultSync())).size, crowd);
});

test('a pool grows when another thread hands tasks over that block', async () => {
  await using pool = new ThreadPoolExecutor();
  const barrier = new Barrier(crowd);
  const enter = (): number => barrier.waitSync();
  const all = await pool.submit(() => gather(Array.from({ length: crowd }, () => pool.submit(enter))));
  assert.equal(new Set(all).size, crowd);
});

test('a pool does not grow for tasks that are done sooner than they are handed over', async () => {
  await using pool = new ThreadPoolExecutor();
  let left = 100_000;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await pool.submit((n: number) => n, left);
  };
  await Promise.all(Array.from({ length: 200 }, lane));
  assert.equal(pool.workers.length, cores);
});
