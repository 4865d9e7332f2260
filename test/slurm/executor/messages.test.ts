import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { emit } from '../../../src/futures/index.ts';
import { SlurmExecutor, type SlurmExecutorOptions } from '../../../src/slurm/executor/slurm-executor.ts';
import { saysAndYields } from '../../futures/said-and-yielded.ts';
import { FileCounter } from '../../support/file-counter.ts';
import { test } from '../../support/test.ts';
import { until } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-messages-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const nodes = (options: SlurmExecutorOptions = {}): SlurmExecutor =>
  new SlurmExecutor({ launcher: 'local', workersPerNode: 1, directory: folder, ...options });
let counters = 0;
const counter = (): FileCounter => new FileCounter(join(folder, `counter-${counters++}`));

for (const workerType of ['threads', 'processes'] as const)
  saysAndYields({
    place: `node with ${workerType}`,
    pool: () => nodes({ workerType }),
    counter,
    // What the worker is ahead of its node, the node of the program, and what is confirmed together.
    ahead: { begun: 60, most: 100 },
    thrownIn: /thrown in a worker of node/,
  });

for (const workerType of ['threads', 'processes'] as const) {
  test(`a task that says more than the program hears waits, on a node with ${workerType}`, async () => {
    await using pool = nodes({ workerType });
    const said = counter();
    const seen: number[] = [];
    const view = pool.with({ onMessage: (n: number) => void seen.push(n) });
    const task = view.submit((n: number) => {
      for (let i = 0; i < n; i++) emit(said.add(1));
      return 'all';
    }, 5000);
    await until(() => seen.length > 0, 'the first message');
    // Nobody hears anything while this thread does something else: no more are said than may be under way.
    let before = -1;
    const end = performance.now() + 60_000;
    while (said.value !== before && performance.now() < end) {
      before = said.value;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    }
    assert.ok(before < 5000 && before - seen.length < 600, `${before} were said when ${seen.length} had been heard`);
    assert.equal(await task, 'all');
    assert.deepEqual(
      seen,
      Array.from({ length: 5000 }, (_, i) => i + 1),
    );
  });

  test(`the end of its worker ends a stream of a node with ${workerType}`, async () => {
    await using pool = nodes({ workerType });
    const dying = await pool.submit(function* () {
      yield 1;
      process.exit(5);
    });
    await assert.rejects(
      async () => {
        for await (const _ of dying);
      },
      { name: /BrokenWorkerError|BrokenProcessPool/ },
    );
    assert.equal(await pool.submit(() => 'goes on'), 'goes on');
  });
}

test('a node that is lost in the middle of a stream ends it with an error, and with what had come before; it is not run again', async () => {
  const pool = nodes({ nodeRetries: 5 });
  const begun = counter();
  const stream = await pool.submit(async function* () {
    begun.add(1);
    yield process.pid;
    yield 2;
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  });
  const pid = (await stream.next()).value!;
  assert.equal((await stream.next()).value, 2);
  process.kill(pid, 'SIGKILL');
  await assert.rejects(stream.next(), { name: 'NodeLostError' });
  assert.equal(await pool.submit(() => 'goes on'), 'goes on');
  assert.equal(begun.value, 1);
  await pool.shutdown();
});

test('what a task has said before its process was killed is heard before its end, and the others go on', async () => {
  await using pool = nodes({ workerType: 'processes' });
  for (let round = 0; round < 3; round++) {
    const heard: number[] = [];
    const killed = pool.with({ onMessage: (n: number) => void heard.push(n) }).submit(() => {
      for (let i = 0; i < 100; i++) emit(i);
      process.kill(process.pid, 'SIGKILL');
    });
    await assert.rejects(async () => await killed, { name: 'BrokenProcessPool' });
    assert.deepEqual(
      heard,
      Array.from({ length: 100 }, (_, i) => i),
    );
  }
  assert.equal(await pool.submit(() => 'goes on'), 'goes on');
});

test('a task that is cancelled, or out of time, while it waits for its messages to be heard, ends', async () => {
  await using pool = nodes();
  const talk = (): void => {
    for (;;) emit(1);
  };
  let heard = 0;
  const view = pool.with({ onMessage: () => void heard++ });
  const task = view.submit(talk);
  await until(() => heard > 1000 && task.running, 'it to talk');
  assert.equal(task.cancel({ running: true }), true);
  await assert.rejects(async () => await pool.with({ onMessage: () => {}, timeout: 300 }).submit(talk), { name: 'TimeoutError' });
  assert.equal(await view.submit(() => 'goes on'), 'goes on');
});

test('an executor that is ended by force ends its streams', async () => {
  const pool = nodes();
  const stream = await pool.submit(async function* () {
    yield 1;
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  });
  assert.equal((await stream.next()).value, 1);
  const next = stream.next();
  await Promise.all([assert.rejects(next, { name: 'BrokenWorkerError' }), pool.terminateWorkers()]);
});
