import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { ThreadPoolExecutor } from '../../src/futures/index.ts';
import { Event } from '../../src/threading/index.ts';
import { after, test } from '../support/test.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-'));
after(() => rmSync(folder, { recursive: true }));

for (const kind of ['cjs', 'mjs'] as const) {
  test(`a task that is broken off while it loads a module leaves no half of it to the next one (${kind})`, async () => {
    const file = join(folder, `slow.${kind}`);
    // Stands still where it is loaded for the first time.
    const still = `if (globalThis.loads !== undefined) { globalThis.loads.set(); globalThis.go.waitSync(); }`;
    writeFileSync(file, kind === 'cjs' ? `${still} exports.answer = 42;` : `${still} export const answer = 42;`);
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const [loads, go] = [new Event(), new Event()];
    const url = import.meta.url;
    const load = (): [number, number] => {
      Object.assign(globalThis, { loads, go });
      return [(createRequire(url)(file) as { answer: number }).answer, threadId];
    };
    const first = await pool.submit(() => threadId);
    const task = pool.submit(load);
    await loads.wait();
    assert.equal(task.cancel({ running: true }), true);
    await assert.rejects(task.result(), { name: 'CancelledError' });
    // Its thread is there again.
    await pool.submit(() => 0);
    go.set();
    const [answer, second] = await pool.submit(load);
    assert.equal(answer, 42);
    assert.notEqual(second, first);
  });
}

test('a task that is broken off while it loads nothing leaves its thread to the next one', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const begun = new Event();
  const first = await pool.submit(() => threadId);
  const task = pool.submit(() => {
    begun.set();
    // Node loads its clock when a thread first looks at it.
    while (performance.now() > 0);
  });
  await begun.wait();
  assert.equal(task.cancel({ running: true }), true);
  await assert.rejects(task.result(), { name: 'CancelledError' });
  assert.equal(await pool.submit(() => threadId), first);
});

test('a task that is broken off while Node loads a module of its own leaves no half of it to the next one', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  for (let i = 0; i < 5; i++) {
    const begun = new Event();
    const task = pool.submit(() => {
      begun.set();
      // It takes some ten milliseconds to load what this is of.
      while (new Headers() instanceof Headers);
    });
    await begun.wait();
    assert.equal(task.cancel({ running: true }), true);
    await assert.rejects(task.result(), { name: 'CancelledError' });
    assert.equal(await pool.submit(() => new Headers([['a', 'b']]).get('a')), 'b');
  }
});
