import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { emit, ProcessPoolExecutor, ThreadPoolExecutor } from '../../src/futures/index.ts';
import { int32, SharedValue } from '../../src/threading/index.ts';
import { Value } from '../../src/multiprocessing/index.ts';
import { canShareMemory } from '../../src/system/memory.ts';
import { doubled } from '../queue/awaited-module.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

/** A worker that has run nothing before. */
const fresh = { maxWorkers: 1, maxTasksPerWorker: 100 };

/* A worker that has not loaded the module of `doubled`, which uses top-level await, has to await it. Under tsx and other loaders that holds for all modules. */
const pools = [
  { place: 'thread', pool: () => new ThreadPoolExecutor(fresh), counter: () => new SharedValue(int32, 0) },
  ...(canShareMemory()
    ? [{ place: 'process', pool: () => new ProcessPoolExecutor({ maxWorkers: 1 }), counter: () => new Value(int32, 0) }]
    : []),
];

for (const { place, pool: make, counter } of pools) {
  test(`${place}: what a task says is heard, also when a module of it had to be awaited first`, async () => {
    await using pool = make();
    const heard: number[] = [];
    const listening = pool.with({ onMessage: (n: number) => void heard.push(n) });
    assert.equal(await listening.submit(() => emit(doubled(1)) && emit(doubled(2))), true);
    assert.deepEqual(heard, [2, 4]);
  });

  test(`${place}: a task may yield, also when a module of it had to be awaited first`, async () => {
    await using pool = make();
    const stream = await pool.submit(function* (n: number) {
      for (let i = 0; i < n; i++) yield doubled(i);
    }, 3);
    const read: number[] = [];
    for await (const one of stream) read.push(one);
    assert.deepEqual(read, [0, 2, 4]);
  });

  test(`${place}: a task that computes is broken off, also when a module of it had to be awaited first`, async () => {
    await using pool = make();
    const begun = counter();
    const endless = pool.submit(() => {
      Object.assign(globalThis, { kept: 5 });
      begun.value = doubled(1);
      for (;;);
    });
    await until(() => begun.value === 2);
    assert.equal(endless.cancel({ running: true }), true);
    await assert.rejects(endless.result(), { name: 'CancelledError' });
    assert.equal(await pool.submit(doubled, 4), 8);
    // A thread lives on, as after any other call.
    if (place === 'thread') assert.equal(await pool.submit(() => (globalThis as { kept?: number }).kept), 5);
  });
}

test('who waits by blocking for a result whose module has to be awaited is told so, and a blocking shutdown comes back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'awaited-'));
  try {
    const make = (name: string): string => {
      const path = join(folder, name);
      writeFileSync(path, 'await 1; export class Made { constructor(n) { this.n = n; } }');
      return pathToFileURL(path).href;
    };
    const task = async (url: string): Promise<{ readonly n: number }> => {
      const { Made } = (await import(url)) as { readonly Made: new (n: number) => { readonly n: number } };
      return new Made(5);
    };
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const first = pool.submit(task, make('first.mjs'));
    assert.throws(() => first.resultSync(), { code: 'ERR_MUST_AWAIT' });
    assert.equal((await first).n, 5);
    const results = pool.with({ priority: 1 }).map(task, [make('second.mjs')]);
    assert.throws(() => results.toArraySync(), { code: 'ERR_MUST_AWAIT' });
    assert.equal((await results.next()).value?.n, 5);
    const last = pool.submit(task, make('third.mjs'));
    pool.shutdownSync();
    assert.equal(last.done, false);
    assert.equal((await last).n, 5);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a task that is broken off while its module is awaited is never called', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const calls = new SharedValue(int32, 0);
  for (let i = 0; i < 20; i++) {
    await using other = new ThreadPoolExecutor(fresh);
    const task = other.submit(() => calls.add(doubled(1)));
    await until(() => task.running || task.done);
    task.cancel({ running: true });
    await task.exception().catch(() => {});
    assert.equal(await other.submit(doubled, i), 2 * i);
  }
  assert.equal(await pool.submit(() => 'goes on'), 'goes on');
});
