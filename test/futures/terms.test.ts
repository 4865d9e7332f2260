import assert from 'node:assert/strict';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { cancellation, Future, gather, ThreadPoolExecutor } from '../../src/futures/index.ts';
import { Queue } from '../../src/queue/index.ts';
import { currentThread, Event, Lock, SharedArray, SharedValue, int32, Thread } from '../../src/threading/index.ts';
import { SHORT } from '../support/patience.ts';
import { programLines } from '../support/program-lines.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

/** Computes for ever. */
const spin = (begun: Event): void => {
  begun.set();
  for (;;);
};

test('cancel with running breaks off a loop, and the thread lives on', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  await pool.submit(() => void Object.assign(globalThis, { kept: 5 }));
  for (let i = 0; i < 5; i++) {
    const begun = new Event();
    const loop = pool.submit(spin, begun);
    await begun.wait();
    assert.equal(loop.cancel(), false);
    assert.equal(loop.cancel({ running: true }), true);
    assert.equal(loop.cancelled, true);
    await assert.rejects(async () => await loop, { name: 'CancelledError' });
    // The same thread: what it has set is still there.
    assert.equal(await pool.submit(() => (globalThis as { kept?: number }).kept), 5);
  }
  assert.equal(pool.workers.length, 1);
});

test('a task that sleeps in Atomics.wait, and one that waits for a lock, are broken off too', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const [begun, lock] = [new Event(), new Lock()];
  using _held = lock.acquireSync();
  const waiting = pool.submit(() => {
    begun.set();
    lock.acquireSync();
  });
  await begun.wait();
  assert.equal(waiting.cancel({ running: true }), true);
  assert.equal(await pool.submit(() => 'alive'), 'alive');
});

test('an async task that is broken off gets its signal, and the thread goes on at once', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const [begun, aborted] = [new Event(), new Event()];
  const task = pool.submit(async () => {
    cancellation().addEventListener('abort', () => aborted.set());
    begun.set();
    await new Promise(() => {});
  });
  await begun.wait();
  assert.equal(task.cancel({ running: true }), true);
  assert.equal(await pool.submit(() => 1), 1);
  assert.equal(await aborted.wait({ timeout: 5000 }), true);
  assert.equal(pool.workers.length, 1);
});

test('tasks are broken off at random moments, and none is lost', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const work = (n: number): number => {
    let sum = 0;
    for (let i = 0; i < n * 20_000; i++) sum += i;
    return sum >= 0 ? n : -1;
  };
  const futures = Array.from({ length: 120 }, (_, i) => pool.submit(work, i % 7));
  for (const [i, future] of futures.entries()) {
    if (i % 3 === 0) continue;
    if (i % 5 === 0) await new Promise(setImmediate);
    future.cancel({ running: true });
  }
  const outcomes = await Promise.allSettled(futures);
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') assert.equal(outcome.value, i % 7);
    else assert.equal((outcome.reason as Error).name, 'CancelledError');
  }
  assert.equal(await pool.submit(work, 3), 3);
});

test('a task that its thread ran while another one waited is broken off: the one that waited is told, and not lost', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const [begun, never] = [new Event(), new Future()];
  const waits = pool.submit(() => never.resultSync());
  const loop = pool.submit(spin, begun);
  await begun.wait();
  assert.equal(loop.cancel({ running: true }), true);
  await assert.rejects(async () => await waits, { name: 'BrokenExecutorError', message: /was interrupted/ });
  assert.equal(await pool.submit(() => 'alive'), 'alive');
});

test('an async task that ends while it is broken off does no harm to the next one in its place', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const once = async (n: number): Promise<number> => {
    await new Promise(setImmediate);
    return n;
  };
  for (let i = 0; i < 300; i++) {
    const first = pool.submit(once, i);
    // At another moment each time: before its start, while it awaits, as it ends.
    for (let k = 0; k < i % 7; k++) await new Promise(setImmediate);
    const isCancelled = first.cancel({ running: true });
    const second = pool.submit(once, -i);
    if (!isCancelled) assert.equal(await first, i);
    assert.equal(await second.result({ timeout: 60_000 }), -i);
  }
});

test('what a retry runs is what was handed over', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const tries = new SharedValue(int32, 0);
  let factor = 2;
  const list = ['as', 'it', 'was'];
  const flaky = (words: string[]): string => {
    if (tries.add(1) < 2) throw new RangeError('once more');
    return `${words.join(' ')} ${factor}`;
  };
  const future = pool.with({ retries: 3 }).submit(flaky, list);
  factor = 3;
  list.length = 0;
  assert.equal(await future, 'as it was 2');
});

test('a task to which something was given away is not tried again: there is nothing left to give', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const bytes = new ArrayBuffer(10);
  const fails = (given: ArrayBuffer): never => {
    throw new RangeError(`${given.byteLength} bytes`);
  };
  const error = await pool
    .with({ retries: 2, transfer: [bytes] })
    .submit(fails, bytes)
    .exception();
  assert.equal((error as Error).message, '10 bytes');
  assert.equal(pool.statistics.retried, 0);
});

test('a port that has been given away already is told at once, and the pool goes on', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const { port1 } = new MessageChannel();
  const view = pool.with({ transfer: [port1] });
  const close = (port: MessagePort): void => port.close();
  await view.submit(close, port1);
  assert.throws(() => view.submit(close, port1));
  assert.equal(pool.statistics.queued, 0);
  assert.equal(await pool.submit(() => 'alive'), 'alive');
});

test('the time of a task counts from its start, and ends it', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const [begun, free] = [new Event(), new Event()];
  const first = pool.submit(() => free.waitSync());
  const brief = pool.with({ timeout: SHORT }).submit(() => 'in time');
  await new Promise((resolve) => setTimeout(resolve, SHORT * 2));
  free.set();
  await first;
  // It had to wait for longer than it may run.
  assert.equal(await brief, 'in time');
  await assert.rejects(async () => await pool.with({ timeout: SHORT }).submit(spin, begun), { name: 'TimeoutError' });
  const asleep = pool.with({ timeout: SHORT }).submit(() => new Promise(() => {}));
  assert.throws(() => asleep.resultSync(), { name: 'TimeoutError', message: /from its start/ });
  assert.equal(await pool.submit(() => 'alive'), 'alive');
  await assert.rejects(
    pool
      .with({ timeout: SHORT })
      .map(
        (n: number) => {
          if (n === 2) for (;;);
          return n;
        },
        [1, 2],
      )
      .toArray(),
    { name: 'TimeoutError' },
  );
});

test('a signal ends what was handed over with it, whether it runs or waits', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const [begun, stop, reason] = [new Event(), new AbortController(), new Error('stop it')];
  const view = pool.with({ signal: stop.signal });
  const futures = [view.submit(spin, begun), view.submit(() => 1)];
  await begun.wait();
  stop.abort(reason);
  for (const future of futures)
    await assert.rejects(
      async () => await future,
      (error) => error === reason,
    );
  await assert.rejects(
    async () => await view.submit(() => 1),
    (error) => error === reason,
  );
  assert.equal(await pool.submit(() => 2), 2);
});

test('of what a signal ends, nothing begins that waits for a worker which it frees', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const calls = new SharedValue(int32, 0);
  for (let round = 0; round < 5; round++) {
    const [begun, stop] = [new Event(), new AbortController()];
    const view = pool.with({ signal: stop.signal });
    const futures = [view.submit(spin, begun), ...Array.from({ length: 300 }, () => view.submit(() => calls.add(1)))];
    await begun.wait();
    stop.abort();
    await Promise.allSettled(futures);
    assert.equal(await pool.submit(() => 2), 2);
  }
  assert.equal(calls.value, 0);
});

test('tasks with a greater priority begin earlier', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const [begun, go] = [new Event(), new Event()];
  const order = new SharedArray(int32, 8);
  const next = new SharedValue(int32, 0);
  const first = pool.submit(() => {
    begun.set();
    go.waitSync();
  });
  await begun.wait();
  const note = (n: number): void => {
    order.set(next.value++, n);
  };
  const futures = [0, 0, 5, -1, 5, 9, 0].map((priority, i) => pool.with({ priority }).submit(note, i));
  go.set();
  await gather([first, ...futures]);
  assert.deepEqual(
    Array.from({ length: 7 }, (_, i) => order.at(i)),
    [5, 2, 4, 0, 1, 6, 3],
  );
  assert.equal(await pool.submit(() => 1), 1);
});

test('a task that fails is tried again, as often and with such waits as asked', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const tries = new SharedValue(int32, 0);
  const flaky = (ends: number): number => {
    tries.value++;
    if (tries.value < ends) throw new RangeError(`try ${tries.value}`);
    return tries.value;
  };
  assert.equal(await pool.with({ retries: 3 }).submit(flaky, 3), 3);
  tries.value = 0;
  await assert.rejects(async () => await pool.with({ retries: { times: 2, delay: 5 } }).submit(flaky, 9), { message: 'try 3' });
  tries.value = 0;
  const never = { times: 5, when: (error: unknown) => !(error instanceof RangeError) };
  await assert.rejects(async () => await pool.with({ retries: never }).submit(flaky, 9), { message: 'try 1' });
  tries.value = 0;
  const fatal = (): number => {
    tries.value++;
    return tries.value === 1 ? process.exit(4) : tries.value;
  };
  assert.equal(await pool.with({ retries: 1 }).submit(fatal), 2);
  tries.value = 0;
  assert.deepEqual(
    (await pool.with({ retries: 1 }).map(flaky, [2, 2]).toArray()).toSorted((a, b) => a - b),
    [2, 3],
  );
  const waiting = pool.with({ retries: { times: 1, delay: 60_000 } }).submit(() => {
    throw new Error('once');
  });
  await until(() => pool.statistics.retried === 7);
  assert.equal(waiting.cancel(), true);
  assert.throws(() => pool.with({ retries: -1 }).submit(() => 1), RangeError);
});

test('every thread can be addressed', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2, minWorkers: 2 });
  const calls = pool.submitToAll((by: number) => ((globalThis as { sum?: number }).sum = by), 4);
  assert.deepEqual(await gather(calls), [4, 4]);
  const seen = await pool.map(() => (globalThis as { sum?: number }).sum, [1, 2, 3, 4], { chunkSize: 1 }).toArray();
  assert.deepEqual(seen, [4, 4, 4, 4]);
});

test('a thread is replaced after so many tasks [EXE-28 EXE-29]', async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1, maxTasksPerWorker: 2, threadNamePrefix: 't' });
  const name = (): string => currentThread().name;
  const names = await gather(Array.from({ length: 5 }, () => pool.submit(name)));
  assert.deepEqual(names, ['t_0', 't_0', 't_1', 't_1', 't_2']);
  const rest = Array.from({ length: 7 }, (_, i) => pool.submit((n: number) => n, i));
  await pool.shutdown();
  assert.ok(rest.every((future, i) => future.resultSync() === i));
});

test('a thread is replaced after so many tasks that are awaited, or that other threads hand over', async () => {
  const count = async (): Promise<number> => {
    await new Promise(setImmediate);
    const globals = globalThis as { count?: number };
    return (globals.count = (globals.count ?? 0) + 1);
  };
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1, maxTasksPerWorker: 2 });
  const counts: number[] = [];
  for (let i = 0; i < 4; i++) counts.push(await pool.submit(count));
  assert.deepEqual(counts, [1, 2, 1, 2]);
  const told = new Queue<number>();
  const other = new Thread({
    target: async () => {
      for (let i = 0; i < 4; i++) told.putSync(await pool.submit(count));
    },
  });
  other.start();
  await other.join();
  assert.deepEqual(told.getManySync(4), [1, 2, 1, 2]);
});

test('a thread is replaced when it holds too much', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1, maxBuffersMb: 20 });
  await pool.submit(() => void ((globalThis as { held?: unknown }).held = new ArrayBuffer(40 << 20)));
  await until(() => pool.workers.length === 0 || pool.workers[0]!.name.endsWith('_1'));
  assert.equal(await pool.submit(() => (globalThis as { held?: unknown }).held === undefined), true);
});

test('threads that have nothing to do end, but for the least number', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 3, minWorkers: 1, idleTimeout: SHORT });
  const go = new Event();
  const blocked = [1, 2, 3].map(() => pool.submit(() => go.waitSync()));
  await until(() => pool.statistics.running === 3);
  go.set();
  await gather(blocked);
  await until(() => pool.workers.length === 1);
  assert.equal(await pool.submit(() => 7), 7);
});

test('a bounded pool says when it is full, and when there is room', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1, maxQueued: 2 });
  const go = new Event();
  const futures = [1, 2, 3].map(() => pool.submit(() => go.waitSync()));
  assert.equal(pool.hasRoom, false);
  assert.throws(() => pool.submit(() => 1), { name: 'QueueFull' });
  assert.equal(await pool.whenRoom({ timeout: 1 }), false);
  const room = pool.whenRoom();
  go.set();
  assert.equal(await room, true);
  await gather(futures);
});

test('who waits for room in a bounded pool is told when a task was taken back, is out of time, or is read no more', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1, maxQueued: 1 });
  const never = (): boolean => new Event().waitSync();
  const running = pool.submit(spin, new Event());
  const waiting = pool.submit(never);
  let room = pool.whenRoom();
  waiting.cancel();
  assert.equal(await room, true);
  running.cancel({ running: true });

  const slow = pool.with({ timeout: SHORT }).submit(spin, new Event());
  const second = pool.submit(never);
  room = pool.whenRoom();
  assert.equal(((await slow.exception()) as Error).name, 'TimeoutError');
  assert.equal(await room, true);
  second.cancel({ running: true });

  const stream = await pool.submit(function* () {
    for (;;) yield 1;
  });
  const third = pool.submit(never);
  room = pool.whenRoom();
  await stream.return();
  assert.equal(await room, true);
  third.cancel({ running: true });
});

test('a when of retries that throws is reported, and the task ends with its error; what is no number is refused', async () => {
  const { lines, stderr } = await programLines(`
    import { ThreadPoolExecutor } from 'manycore/futures';
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const fails = () => { throw new RangeError('of the task'); };
    const when = () => { throw new TypeError('of when'); };
    console.log(String(await pool.with({ retries: { times: 2, when } }).submit(fails).exception()));
    for (const retries of [{ times: 1, delay: -1 }, { times: 1, factor: '2' }, { times: 1, when: true }])
      try { pool.with({ retries }).submit(fails); } catch (error) { console.log(String(error)); }
    await pool.shutdown();`);
  assert.deepEqual(lines, [
    'RangeError: of the task',
    'RangeError: delay of retries must be a number, 0 or more: got -1',
    'RangeError: factor of retries must be a number, 0 or more: got 2',
    'TypeError: when of retries must be a function: got boolean',
  ]);
  assert.match(stderr, /^when of retries failed: TypeError: of when/);
});

test('the statistics tell what the pool has done', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const busy = (ms: number): void => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };
  await gather(Array.from({ length: 20 }, () => pool.submit(busy, 3)));
  await pool.submit(() => JSON.parse('{')).exception();
  const { queued, running, completed, failed, workers, utilization, runTime, waitTime } = pool.statistics;
  assert.deepEqual([queued, running, completed, failed, workers], [0, 0, 20, 1, 2]);
  assert.ok(utilization > 0 && utilization <= 1);
  assert.ok(runTime.count >= 20 && runTime.p50 >= 3 && runTime.max >= runTime.p50);
  assert.ok(waitTime.count >= 1);
});
