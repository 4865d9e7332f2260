import assert from 'node:assert/strict';
import { emit, ProcessPoolExecutor } from '../../src/futures/index.ts';
import { dismissSpares } from '../../src/host/process/spares.ts';
import { Event, int32, Value } from '../../src/multiprocessing/index.ts';
import { LONG } from '../support/patience.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';

after(dismissSpares);

test('a task in a process sends messages while it runs, in order, before its result, for who awaits and for who blocks', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const seen: unknown[] = [];
  const view = pool.with({ onMessage: (message: unknown) => void seen.push(message) });
  const count = (n: number): number => {
    for (let i = 0; i < n; i++) emit({ at: i });
    return n;
  };
  assert.equal(await view.submit(count, 3), 3);
  assert.deepEqual(seen, [{ at: 0 }, { at: 1 }, { at: 2 }]);
  seen.length = 0;
  assert.equal(view.submit(count, 2).resultSync(), 2);
  assert.deepEqual(seen, [{ at: 0 }, { at: 1 }]);
  seen.length = 0;
  await view.submit(async () => {
    emit('before');
    await new Promise(setImmediate);
    emit('after');
  });
  assert.deepEqual(seen, ['before', 'after']);
  assert.equal(await pool.submit(() => emit('nobody')), false);
  seen.length = 0;
  assert.equal(await view.submit(count, 20_000), 20_000);
  assert.deepEqual(
    seen,
    Array.from({ length: 20_000 }, (_, at) => ({ at })),
  );
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

test('a listener that throws is reported, and a message that cannot travel fails its task in a process', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const deaf = pool.with({
    onMessage: () => {
      throw new Error('reported by a test');
    },
  });
  const done = deaf.submit(() => {
    emit(1);
    return 'done';
  });
  assert.equal(await done, 'done');
  await assert.rejects(async () => await deaf.submit(() => emit(Promise.resolve())), { name: 'SendError' });
});

test('a task in a process that yields is read as it comes', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const seen: number[] = [];
  const stream = await pool.submit(function* (n: number) {
    for (let i = 0; i < n; i++) yield i * i;
  }, 100);
  for await (const value of stream) seen.push(value);
  assert.deepEqual(
    seen,
    Array.from({ length: 100 }, (_, i) => i * i),
  );
  const words: string[] = [];
  for await (const word of await pool.submit(async function* () {
    yield 'a';
    await new Promise(setImmediate);
    yield 'b';
  }))
    words.push(word);
  assert.deepEqual(words, ['a', 'b']);
  assert.equal(await pool.submit(() => 'free again'), 'free again');
});

test('a stream of a process runs no more than some values ahead of its reader', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const made = new Value(int32, 0);
  const stream = await pool.submit(function* () {
    for (;;) yield made.add(1);
  });
  await stream.next();
  await until(() => made.value >= 16);
  for (let i = 0; i < 100; i++) {
    await stream.next();
    assert.ok(made.value <= i + 2 + 40, `${made.value} were made when ${i + 2} had been read`);
  }
  await stream.return();
  assert.equal(await pool.submit(() => 1), 1);
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
