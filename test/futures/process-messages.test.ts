import assert from 'node:assert/strict';
import { emit, ProcessPoolExecutor } from '../../src/futures/index.ts';
import { dismissSpares } from '../../src/host/process/spares.ts';
import { Event, int32, Value } from '../../src/multiprocessing/index.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { saysAndYields, streamsOnTerms } from './said-and-yielded.ts';

after(dismissSpares);

saysAndYields({
  place: 'process',
  pool: () => new ProcessPoolExecutor({ maxWorkers: 1 }),
  counter: () => new Value(int32, 0),
  ahead: { begun: 16, most: 40 },
  thrownIn: /thrown in process .* \(pid \d+\)/,
});
streamsOnTerms({ place: 'process', pool: () => new ProcessPoolExecutor({ maxWorkers: 1 }) });

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

test('a kill of its process ends a stream, after all that was yielded', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
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
