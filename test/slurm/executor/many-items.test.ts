import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { SlurmExecutor } from '../../../src/slurm/executor/slurm-executor.ts';
import { test } from '../../support/test.ts';
import { watch } from '../../support/watchdog.ts';

/** How much memory a process has, in megabytes. */
const megabytes = (pid: number): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

test('a map over a million items is read as it goes, here and on its node, in memory that does not grow with them', async (context) => {
  if (!existsSync('/proc/self/status')) return context.skip('the memory of processes is looked for in /proc');
  await using pool = new SlurmExecutor({ launcher: 'local', workersPerNode: 2 });
  const node = await pool.submit(() => process.pid);
  let taken = 0;
  function* items(): Generator<number> {
    for (; taken < 1_000_000; taken++) yield taken;
  }
  let [seen, ahead, before, most] = [0, 0, 0, 0];
  for await (const n of pool.map((item: number) => item, items(), { bufferSize: 20_000 })) {
    assert.equal(n, seen++);
    if (seen % 10_000 !== 0) continue;
    watch(`${seen} items`);
    ahead = Math.max(ahead, taken - seen);
    const now = megabytes(process.pid) + megabytes(node);
    // What both need for any map is there by then.
    if (seen === 200_000) before = now;
    if (seen > 200_000) most = Math.max(most, now);
  }
  assert.equal(seen, 1_000_000);
  assert.ok(ahead <= 40_000, `the items were read ${ahead} ahead`);
  context.diagnostic(`${Math.round(before)} MB after 200,000 items, ${Math.round(most)} MB at most after that`);
  assert.ok(most - before < 400, `${Math.round(before)} MB became ${Math.round(most)} MB`);
});
