import assert from 'node:assert/strict';
import { emit, ProcessPoolExecutor } from '../../src/futures/index.ts';
import { dismissSpares } from '../../src/host/process/spares.ts';
import { Event, int32, Value } from '../../src/multiprocessing/index.ts';
import { LONG } from '../support/patience.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { saysAndYields } from './said-and-yielded.ts';

after(dismissSpares);

saysAndYields({
  place: 'process',
  pool: () => new ProcessPoolExecutor({ maxWorkers: 1 }),
  counter: () => new Value(int32, 0),
  ahead: { begun: 16, most: 40 },
});

test('what a task has said is heard while it runs, and also when its process is killed', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const seen: unknown[] = [];
  const go = new Event();
  const view = pool.with({ onMessage: (message: unknown) => void seen.push(message) });
  const killed = view.submit(() => {
    emit('first');
    go.waitSync();
    for (let i = 0; i < 50; i++) emit(i);
    process.kill(process.pid, 'SIGKILL');
  });
  await until(() => seen.length === 1, 'the first is heard');
  go.set();
  await assert.rejects(async () => await killed, { name: 'BrokenProcessPool' });
  assert.deepEqual(seen, ['first', ...Array(50).keys()]);
});

test('leaving the loop ends a task that yields in a process, an error of it ends the stream, and so does a kill, after all that was yielded', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const ended = new Event();
  const endless = await pool.submit(async function* () {
    try {
      for (let i = 0; ; i++) {
        await new Promise(setImmediate);
        yield i;
      }
    } finally {
      ended.set();
    }
  });
  for await (const value of endless) if (value === 3) break;
  assert.equal(await ended.wait({ timeout: LONG }), true);
  const broken = await pool.submit(function* () {
    yield 1;
    throw new RangeError('in mid-stream');
  });
  assert.deepEqual(await broken.next(), { value: 1, done: false });
  await assert.rejects(broken.next(), (error) => {
    assert.ok(error instanceof RangeError && error.message === 'in mid-stream');
    assert.match(String((error.cause as Error).stack), /thrown in process .* \(pid \d+\)/);
    return true;
  });
  assert.equal((await broken.next()).done, true);
  const unsendable = await pool.submit(function* () {
    yield 1;
    yield Promise.resolve();
  });
  assert.equal((await unsendable.next()).value, 1);
  await assert.rejects(unsendable.next(), { name: 'SendError' });
  const dying = await pool.submit(function* () {
    for (let i = 0; ; i++) {
      if (i === 5) process.kill(process.pid, 'SIGKILL');
      yield i;
    }
  });
  const seen: number[] = [];
  await assert.rejects(
    async () => {
      for await (const value of dying) seen.push(value);
    },
    { name: 'BrokenProcessPool', message: /signal SIGKILL in the middle of a stream/ },
  );
  assert.deepEqual(seen, [0, 1, 2, 3, 4]);
  assert.equal(await pool.submit(() => 'goes on'), 'goes on');
});
