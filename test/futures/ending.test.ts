import assert from 'node:assert/strict';
import { NEVER } from '../../src/base/deadline.ts';
import { PoolCore } from '../../src/futures/fabric/pool-core.ts';
import type { Future } from '../../src/futures/index.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

test('a thread that leaves just before it would have been ended leaves its results to the pool, and the pool has an end', async () => {
  const core = new PoolCore({ name: 'ending', maxWorkers: 1, minWorkers: 1, eagerWorkers: 1, idleTimeout: Infinity });
  const futures = [1, 2, 3].map((n) => core.submit((k: number) => k * 2, [n]));
  core.ending.close();
  // This thread hears of nothing before the other one is gone.
  for (const thread of core.crew.threads) assert.ok(thread.joinSync(NEVER));
  await core.terminate();
  assert.deepEqual(
    futures.map(({ done }) => done),
    [true, true, true],
  );
  assert.deepEqual(await Promise.all(futures.map((future) => future.result())), [2, 4, 6]);
  assert.ok(core.ending.isOver);
});

test('a pool that is ended while the module of a result is being loaded gives its memory back when that is there', async () => {
  const core = new PoolCore({ name: 'ending', maxWorkers: 1, minWorkers: 1, eagerWorkers: 1, idleTimeout: Infinity });
  const future = core.submit(async () => (await import('../queue/awaited-module.ts')).doubled, []) as Future<(n: number) => number>;
  core.ending.close();
  for (const thread of core.crew.threads) assert.ok(thread.joinSync(NEVER));
  await core.terminate();
  assert.deepEqual([future.done, core.ending.isOver], [false, false]);
  assert.equal((await future.result())(4), 8);
  await until(() => core.ending.isOver);
});
