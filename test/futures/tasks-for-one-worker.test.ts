import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { gather, ThreadPoolExecutor } from '../../src/futures/index.ts';
import { currentThread, Event } from '../../src/threading/index.ts';
import { test } from '../support/test.ts';

/*
 * What bytes can't carry goes to one worker by its port: SharedArrayBuffers, and what is given away. A task with such a thing must not depend on that
 * one worker.
 */
const counter = (): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(4));

/** Waits by blocking until so many have come. */
const meet = (arrived: Int32Array<SharedArrayBuffer>, number: number): number => {
  Atomics.add(arrived, 0, 1);
  Atomics.notify(arrived, 0);
  for (;;) {
    const there = Atomics.load(arrived, 0);
    if (there >= number) return there;
    Atomics.wait(arrived, 0, there);
  }
};

const sum = (numbers: Float64Array): number => numbers.reduce((a, b) => a + b, 0);

/** One of two workers is blocked until the gate is opened. */
async function halfBlocked(): Promise<{ readonly pool: ThreadPoolExecutor; readonly gate: Event; readonly blocked: PromiseLike<unknown> }> {
  const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const both = counter();
  await gather([pool.submit(meet, both, 2), pool.submit(meet, both, 2)]);
  const [begun, gate] = [new Event(), new Event()];
  const blocked = pool.submit(() => {
    begun.set();
    gate.waitSync();
  });
  await begun.wait();
  return { pool, gate, blocked };
}

test('tasks that share a buffer and wait for each other are run at the same time, also when the second thread is not there yet', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const arrived = counter();
  assert.equal(await pool.submit(meet, arrived, 1), 1);
  assert.deepEqual(await gather([pool.submit(meet, arrived, 3), pool.submit(meet, arrived, 3)]), [3, 3]);
});

test('a pool grows for tasks that share a buffer, and wait for each other', async () => {
  await using pool = new ThreadPoolExecutor();
  const arrived = counter();
  const crowd = Math.min(32, availableParallelism() + 2);
  const all = Array.from({ length: crowd }, () => pool.submit(meet, arrived, crowd));
  assert.deepEqual(await gather(all), new Array<number>(crowd).fill(crowd));
});

test('tasks with a shared buffer do not wait for a blocked thread while another one is idle', async () => {
  const { pool, gate, blocked } = await halfBlocked();
  const shared = counter();
  const add = (to: Int32Array<SharedArrayBuffer>): number => Atomics.add(to, 0, 1);
  const all = await gather(Array.from({ length: 20 }, () => pool.submit(add, shared)));
  assert.deepEqual(
    all.sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, i) => i),
  );
  gate.set();
  await blocked;
  await pool.shutdown();
});

test('nor while the owner of the pool waits by blocking', async () => {
  const { pool, gate, blocked } = await halfBlocked();
  const shared = counter();
  const all = Array.from({ length: 6 }, () => pool.submit((to: Int32Array<SharedArrayBuffer>) => Atomics.add(to, 0, 1), shared));
  for (const future of all) future.resultSync();
  assert.equal(shared[0], 6);
  gate.set();
  await blocked;
  await pool.shutdown();
});

test('what is given away is gone at once, and reaches a thread that is idle while another one is blocked', async () => {
  const { pool, gate, blocked } = await halfBlocked();
  const given = Array.from({ length: 20 }, (_, i) => new Float64Array(1000).fill(i));
  const all = given.map((numbers) => pool.with({ transfer: [numbers.buffer] }).submit(sum, numbers));
  assert.ok(given.every(({ byteLength }) => byteLength === 0));
  assert.deepEqual(
    await gather(all),
    Array.from({ length: 20 }, (_, i) => i * 1000),
  );
  gate.set();
  await blocked;
  await pool.shutdown();
});

test('what is given away is gone at once also when more tasks wait than a pool has room for', async () => {
  const { pool, gate, blocked } = await halfBlocked();
  const given = Array.from({ length: 5000 }, (_, i) => new Float64Array([i, 1]));
  const all = given.map((numbers) => pool.with({ transfer: [numbers.buffer] }).submit(sum, numbers));
  assert.ok(given.every(({ byteLength }) => byteLength === 0));
  assert.deepEqual(
    await gather(all),
    Array.from({ length: 5000 }, (_, i) => i + 1),
  );
  gate.set();
  await blocked;
  await pool.shutdown();
});

test('what has been given away can not be given to a second task, though nobody has taken the first one', async () => {
  const { pool, gate, blocked } = await halfBlocked();
  const numbers = new Float64Array([1, 2, 3]);
  const first = pool.with({ transfer: [numbers.buffer] }).submit(sum, numbers);
  assert.throws(() => pool.with({ transfer: [numbers.buffer] }).submit(sum, numbers), { name: 'SendError', code: 'E_GIVEN_AWAY' });
  gate.set();
  await blocked;
  assert.equal(await first, 6);
  await pool.shutdown();
});

test('a task for which something was given away is cancelled while it waits for a thread, and the pool goes on', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const gate = new Event();
  const blocked = pool.submit(() => gate.waitSync());
  // More often than there are slots.
  for (let i = 0; i < 5000; i++) {
    const numbers = new Float64Array(1);
    assert.equal(
      pool
        .with({ transfer: [numbers.buffer] })
        .submit(sum, numbers)
        .cancel(),
      true,
    );
  }
  const last = new Float64Array([4, 5]);
  const kept = pool.with({ transfer: [last.buffer] }).submit(sum, last);
  gate.set();
  await blocked;
  assert.equal(await kept, 9);
});

test('what was given away for a task that has not begun is not lost with the thread that dies', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const [begun, gate] = [new Event(), new Event()];
  const dies = pool.submit(() => {
    begun.set();
    gate.waitSync();
    process.exit(3);
  });
  await begun.wait();
  const numbers = new Float64Array([1, 2, 3]);
  const waits = pool.with({ transfer: [numbers.buffer] }).submit(sum, numbers);
  gate.set();
  await assert.rejects(Promise.resolve(dies), { code: 'ERR_BROKEN_WORKER' });
  assert.equal(await waits, 6);
});

test('a pool that is terminated ends tasks that wait for a thread with what was given to them', async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const begun = new Event();
  const endless = pool.submit(() => {
    begun.set();
    new Event().waitSync();
  });
  await begun.wait();
  const numbers = new Float64Array(8);
  const waits = pool.with({ transfer: [numbers.buffer] }).submit(sum, numbers);
  const ended = Promise.allSettled([endless, waits]);
  await pool.terminateWorkers();
  for (const result of await ended) assert.equal(result.status, 'rejected');
});

test('what each thread is to run is run by each, also where one of them is busy', async () => {
  const { pool, gate, blocked } = await halfBlocked();
  const shared = counter();
  const each = pool.submitToAll((to: Int32Array<SharedArrayBuffer>) => {
    Atomics.add(to, 0, 1);
    return currentThread().name;
  }, shared);
  gate.set();
  await blocked;
  assert.equal(new Set(await gather(each)).size, 2);
  await pool.shutdown();
});
