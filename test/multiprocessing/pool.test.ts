import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dismissSpares } from '../../src/host/process/spares.ts';
import {
  BrokenProcessPool,
  CancelledError,
  Event,
  int32,
  Lock,
  MaybeEncodingError,
  Pool,
  type PoolOptions,
  Queue,
  Semaphore,
  TimeoutError,
  Value,
} from '../../src/multiprocessing/index.ts';
import { MappedWord } from '../../src/word/mapped-word.ts';
import { processHeap } from '../../src/word/process-heap.ts';
import { sharedNames, zombies } from '../support/leftovers.ts';
import { LONG, MEDIUM, SHORT } from '../support/patience.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';

after(dismissSpares);

const isRunning = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** A pool for one test; afterwards its processes are gone, reaped, and no name is left in /dev/shm. */
async function withPool(options: number | PoolOptions<never[]>, body: (pool: Pool<never[]>) => Promise<void>): Promise<void> {
  const names = sharedNames();
  const pool = new Pool(options);
  const pids = new Set(pool.pids);
  try {
    await body(pool);
    for (const pid of pool.pids) pids.add(pid);
  } finally {
    pool.terminate();
    await pool.join();
  }
  assert.deepEqual([...pids].filter(isRunning), []);
  assert.deepEqual(zombies(), []);
  assert.deepEqual(
    sharedNames().filter((name) => !names.includes(name)),
    [],
  );
}

/** A pool that ends in order. */
async function finish(pool: Pool<never[]>): Promise<void> {
  pool.close();
  assert.equal(await pool.join(), true);
}

const double = (n: number): number => n * 2;

test('apply gives the value of the function for its arguments [POO-01]', () =>
  withPool(2, async (pool) => {
    assert.equal(await pool.apply((a: number, b: string) => `${a}${b}`, [1, 'x']), '1x');
    assert.equal(pool.applySync(double, [21]), 42);
    assert.equal(await pool.apply(async () => 'async'), 'async');
  }));

test('map, starmap and their blocking twins keep the order, for any iterable [POO-03]', () =>
  withPool(3, async (pool) => {
    assert.deepEqual(await pool.map(double, [5, 10, 20]), [10, 20, 40]);
    assert.deepEqual(pool.mapSync(double, new Set([1, 2, 3])), [2, 4, 6]);
    const many = Array.from({ length: 1000 }, (_, i) => i);
    for (const chunkSize of [1, 7, 1000, 5000]) assert.deepEqual(await pool.map(double, many, { chunkSize }), many.map(double));
    async function* slow(): AsyncGenerator<number> {
      for (const n of [1, 2, 3]) yield n;
    }
    assert.deepEqual(await pool.map(double, slow()), [2, 4, 6]);
    const pairs: [number, number][] = [
      [1, 2],
      [3, 4],
    ];
    assert.deepEqual(await pool.starmap((a, b) => a + b, pairs), [3, 7]);
    assert.deepEqual(
      pool.starmapSync((a, b) => a * b, pairs),
      [2, 12],
    );
    assert.deepEqual(await pool.starmapAsync((a, b) => a - b, pairs).get(), [-1, -1]);
  }));

test('a result that is not there yet says so, and a time-out leaves the work alone [POO-04] [POO-05]', () =>
  withPool(1, async (pool) => {
    const go = new Event();
    const result = pool.applyAsync(() => {
      go.waitSync();
      return 'done';
    });
    assert.equal(result.ready, false);
    assert.throws(() => result.successful, { code: 'ERR_NOT_READY' });
    assert.equal(await result.wait({ timeout: SHORT }), false);
    await assert.rejects(result.get({ timeout: SHORT }), TimeoutError);
    assert.throws(() => result.getSync({ timeout: SHORT }), { name: 'TimeoutError' });
    go.set();
    assert.equal(await result.get(), 'done');
    assert.equal(result.ready, true);
    assert.equal(result.successful, true);
  }));

test('of the two callbacks exactly one is called, with the value or with the error [POO-06]', () =>
  withPool(2, async (pool) => {
    const told: unknown[] = [];
    const callbacks = {
      callback: (value: unknown) => told.push(['value', value]),
      errorCallback: (error: unknown) => told.push(['error', String(error)]),
    };
    await pool.applyAsync(double, [4], callbacks).wait();
    await pool.mapAsync(double, [1, 2], callbacks).wait();
    await pool
      .applyAsync(
        () => {
          throw new RangeError('no');
        },
        [],
        callbacks,
      )
      .wait();
    assert.deepEqual(told, [
      ['value', 8],
      ['value', [2, 4]],
      ['error', 'RangeError: no'],
    ]);
  }));

test('imap gives the results in order and imapUnordered all of them, awaited or blocking [POO-08]', () =>
  withPool(2, async (pool) => {
    const numbers = Array.from({ length: 50 }, (_, i) => i);
    for (const chunkSize of [1, 8]) {
      const got: number[] = [];
      for await (const n of pool.imap(double, numbers, { chunkSize })) got.push(n);
      assert.deepEqual(got, numbers.map(double));
      assert.deepEqual([...pool.imap(double, numbers, { chunkSize })], numbers.map(double));
      assert.deepEqual(
        [...pool.imapUnordered(double, numbers, { chunkSize })].sort((a, b) => a - b),
        numbers.map(double),
      );
    }
    function* endless(): Generator<number> {
      for (let n = 0; ; n++) yield n;
    }
    const first = pool.imap(double, endless());
    assert.deepEqual(
      [await first.next(), await first.next()],
      [
        { done: false, value: 0 },
        { done: false, value: 2 },
      ],
    );
    await first.return();
  }));

test('an error in the input comes at its place, after the results before it, and the pool goes on [POO-09] [POO-10]', () =>
  withPool(2, async (pool) => {
    function* failing(): Generator<number> {
      yield 1;
      yield 2;
      throw new SyntaxError('the input broke');
    }
    assert.throws(() => pool.mapAsync(double, failing()), { message: 'the input broke' });
    await assert.rejects(pool.map(double, failing()), { message: 'the input broke' });
    const results = pool.imap(double, failing());
    assert.equal((await results.next()).value, 2);
    assert.equal((await results.next()).value, 4);
    await assert.rejects(results.next(), { message: 'the input broke' });
    assert.equal((await results.next()).done, true);
    assert.deepEqual(await pool.map(double, [3]), [6]);
  }));

test('empty input gives an empty result in every variant [POO-11]', () =>
  withPool(1, async (pool) => {
    for (const chunkSize of [undefined, 1, 100]) {
      assert.deepEqual(await pool.map(double, [], { chunkSize }), []);
      assert.deepEqual(await pool.starmap(double, [], { chunkSize }), []);
      assert.deepEqual([...pool.imap(double, [], { chunkSize })], []);
      assert.deepEqual([...pool.imapUnordered(double, [], { chunkSize })], []);
    }
  }));

test('an argument that cannot be sent is refused at once, a result that cannot is a MaybeEncodingError, and workers survive [POO-13]', () =>
  withPool(1, async (pool) => {
    const [pid] = pool.pids;
    assert.throws(() => pool.applyAsync((x: unknown) => x, [Promise.resolve()]), { name: 'SendError' });
    const result = pool.applyAsync(() => new WeakRef({}));
    await assert.rejects(result.get(), (error) => {
      assert.ok(error instanceof MaybeEncodingError);
      assert.match((error.exc as Error).message, /WeakRef/);
      assert.match(error.value, /WeakRef/);
      return true;
    });
    assert.equal(await pool.apply(double, [1]), 2);
    assert.deepEqual(pool.pids, [pid]);
  }));

test('an error keeps class and message, and its cause is the stack in the worker [POO-14]', () =>
  withPool(1, async (pool) => {
    const failing = pool.apply(function explode() {
      throw new RangeError('boom');
    });
    await assert.rejects(failing, (error) => {
      assert.ok(error instanceof RangeError);
      assert.equal(error.message, 'boom');
      assert.match(
        String((error.cause as Error).stack),
        /RemoteTraceback: thrown in process PoolWorker-\d+ \(pid \d+\):\nRangeError: boom\n\s+at explode/,
      );
      return true;
    });
    const thrown = pool.apply(() => {
      // oxlint-disable-next-line typescript/only-throw-error -- What is thrown need not be an error.
      throw 7;
    });
    await assert.rejects(thrown, (error) => error === 7);
  }));

test('map does not fail before all its parts have ended [POO-15]', () =>
  withPool(2, async (pool) => {
    const ran = new Value(int32, 0);
    const items = Array.from({ length: 20 }, (_, i) => i);
    const failing = pool.map(
      (n: number) => {
        ran.add(1);
        if (n === 0) throw new Error('the first');
        return n;
      },
      items,
      { chunkSize: 1 },
    );
    await assert.rejects(failing, { message: 'the first' });
    assert.equal(ran.value, 20);
    await finish(pool);
  }));

test('terminate ends the workers though they are busy, and what was pending is cancelled [POO-16]', () =>
  withPool(2, async (pool) => {
    const begun = new Semaphore(0);
    const results = Array.from({ length: 50 }, () =>
      pool.applyAsync(() => {
        begun.release();
        new Event().waitSync();
      }),
    );
    await begun.acquire();
    await begun.acquire();
    pool.terminate();
    await pool.join();
    for (const result of results) await assert.rejects(result.get(), CancelledError);
    assert.throws(() => pool.applyAsync(double, [1]), { code: 'ERR_POOL_CLOSED' });
    await assert.rejects(pool.map(double, [1]), { code: 'ERR_POOL_CLOSED' });
  }));

test('close lets everything that was handed over end, and join waits for it', () =>
  withPool(2, async (pool) => {
    await assert.rejects(pool.join(), { code: 'ERR_POOL_RUNNING' });
    const results = Array.from({ length: 3000 }, (_, i) => pool.applyAsync(double, [i]));
    pool.close();
    assert.throws(() => pool.applyAsync(double, [1]), { code: 'ERR_POOL_CLOSED' });
    assert.equal(await pool.join(), true);
    assert.deepEqual(pool.pids, []);
    assert.deepEqual(
      await Promise.all(results.map((result) => result.get())),
      Array.from({ length: 3000 }, (_, i) => i * 2),
    );
  }));

test('numbers of processes and of tasks must be positive integers [POO-18] [POO-19]', () => {
  for (const processes of [0, -1, 1.5]) assert.throws(() => new Pool(processes), RangeError);
  for (const maxTasksPerChild of [0, -1, 0.5]) assert.throws(() => new Pool({ processes: 1, maxTasksPerChild }), RangeError);
  assert.throws(() => new Pool({ initializer: 1 as never }), TypeError);
});

test('a worker is replaced after as many tasks as it may do, and close completes them all nevertheless [POO-19] [POO-20]', () =>
  withPool({ processes: 2, maxTasksPerChild: 3 }, async (pool) => {
    const pids = await pool.map(
      () => process.pid,
      Array.from({ length: 20 }, (_, i) => i),
      { chunkSize: 1 },
    );
    const counts = new Map<number, number>();
    for (const pid of pids) counts.set(pid, (counts.get(pid) ?? 0) + 1);
    assert.equal(Math.max(...counts.values()) <= 3, true, JSON.stringify([...counts]));
    const results = Array.from({ length: 20 }, (_, i) => pool.applyAsync(double, [i]));
    await finish(pool);
    for (const [i, result] of results.entries()) assert.equal(await result.get(), i * 2);
  }));

test('the initializer runs once in every worker, before its first task [POO-21]', () => {
  const ran = new Value(int32, 0);
  const initializer = (by: number): void => {
    ran.add(by);
    (globalThis as { ready?: boolean }).ready = true;
  };
  return withPool({ processes: 2, initializer, initArgs: [10] as never } as PoolOptions<never[]>, async (pool) => {
    const ready = await pool.map(() => (globalThis as { ready?: boolean }).ready, [1, 2, 3, 4], { chunkSize: 1 });
    assert.deepEqual(ready, [true, true, true, true]);
    await finish(pool);
    assert.equal(ran.value, 20);
  });
});

test('an initializer that fails breaks the pool, with its error as the cause', () =>
  withPool(
    {
      processes: 2,
      initializer: () => {
        throw new TypeError('not today');
      },
    },
    async (pool) => {
      await assert.rejects(pool.apply(double, [1]), (error) => {
        assert.ok(error instanceof BrokenProcessPool);
        assert.match(error.message, /the initializer failed in process PoolWorker-\d+ \(pid \d+\)/);
        assert.equal((error.cause as Error).message, 'not today');
        return true;
      });
      assert.throws(() => pool.applyAsync(double, [1]), BrokenProcessPool);
    },
  ));

test('memory that tasks and results have used is free again while the pool lives [POO-23]', () =>
  withPool(1, async (pool) => {
    const megabyte = 'x'.repeat(1 << 20);
    // Ten times as much as the shared heap holds.
    for (let i = 0; i < 600; i++) assert.equal((await pool.apply((text: string) => text, [megabyte])).length, megabyte.length);
  }));

test('locks, queues and values of processes arrive in the workers as the same things', () =>
  withPool(2, async (pool) => {
    const lock = new Lock();
    const total = new Value(int32, 0);
    const seen = new Queue<number>();
    await pool.map(
      (n: number) => {
        using _held = lock.acquireSync();
        total.value += n;
        seen.putSync(n);
      },
      Array.from({ length: 100 }, (_, i) => i),
      { chunkSize: 3 },
    );
    assert.equal(total.value, 4950);
    assert.equal(seen.size, 100);
  }));

test('a function is handed over as it is at that moment, with what it captures', () =>
  withPool(1, async (pool) => {
    const results: unknown[] = [];
    for (const factor of [2, 3]) {
      const times = (n: number): number => n * factor;
      results.push(await pool.map(times, [1, 2]));
    }
    assert.deepEqual(results, [
      [2, 4],
      [3, 6],
    ]);
  }));

test('a timer that a task leaves behind rings, though the worker has nothing to do', () =>
  withPool(1, async (pool) => {
    const rung = new Event();
    await pool.apply(() => void setTimeout(() => rung.set(), 1));
    await rung.wait();
  }));

test('an async task that waits leaves the worker to its own timers only, one task at a time', () =>
  withPool(1, async (pool) => {
    const order = new Queue<string>();
    const slow = pool.applyAsync(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.putSync('slow');
    });
    await pool.apply(() => order.putSync('quick'));
    await slow.get();
    assert.deepEqual([order.getSync(), order.getSync()], ['slow', 'quick']);
  }));

// ------------------------------------------------------------------ deaths

test('a worker that is killed in its task fails that task alone, by name, and is replaced', () =>
  withPool(2, async (pool) => {
    const others = Array.from({ length: 200 }, (_, i) => pool.applyAsync(double, [i]));
    const victim = pool.applyAsync(function lost() {
      console.error('these are my last words');
      process.kill(process.pid, 'SIGKILL');
    });
    await assert.rejects(victim.get(), (error) => {
      assert.ok(error instanceof BrokenProcessPool);
      assert.match(error.message, /process PoolWorker-\d+ \(pid \d+\) was ended by signal SIGKILL while it ran lost \(task 201\)/);
      assert.match(error.message, /these are my last words/);
      return true;
    });
    for (const [i, other] of others.entries()) assert.equal(await other.get(), i * 2);
    await until(() => pool.pids.length === 2, 'the worker is replaced');
  }));

test('a worker that is killed in the middle of handing over its result fails that task alone', () =>
  withPool(2, async (pool) => {
    const others = Array.from({ length: 50 }, (_, i) => pool.applyAsync(double, [i]));
    const victim = pool.applyAsync(() => {
      const die = (): never => {
        process.kill(process.pid, 'SIGKILL');
        throw new Error('unreachable');
      };
      // The next memory that it takes is for its result.
      Object.assign(processHeap(), { allocate: die, allocateAnyhow: die });
      return 'x'.repeat(100_000);
    });
    await assert.rejects(victim.get(), (error) => error instanceof BrokenProcessPool && error.exitCode === -9);
    for (const [i, other] of others.entries()) assert.equal(await other.get(), i * 2);
    assert.equal(await pool.apply(() => 'y'.repeat(100_000).length), 100_000);
    await until(() => pool.pids.length === 2, 'the worker is replaced');
  }));

test('a worker that is killed just before it wakes its owner loses nothing, and what others finish is heard', () =>
  withPool(2, async (pool) => {
    const [begun, go] = [new Event(), new Event()];
    const other = pool.applyAsync(() => {
      begun.set();
      go.waitSync();
      return 'heard';
    });
    await begun.wait();
    const victim = pool.applyAsync(() => {
      Object.assign(MappedWord.prototype, { wake: () => process.kill(process.pid, 'SIGKILL') });
      return 'finished';
    });
    assert.equal(await victim.get({ timeout: LONG }), 'finished');
    go.set();
    assert.equal(await other.get({ timeout: LONG / 2 }), 'heard');
  }));

test('a task that ends its process fails with the exit code', () =>
  withPool(1, async (pool) => {
    await assert.rejects(
      pool.apply(() => process.exit(3)),
      /ended with exit code 3 while it ran/,
    );
    assert.equal(await pool.apply(double, [1]), 2);
  }));

test('a blocked owner notices the death of a worker, too', () =>
  withPool(1, async (pool) => {
    assert.throws(() => pool.applySync(() => process.kill(process.pid, 'SIGKILL')), BrokenProcessPool);
    assert.equal(pool.applySync(double, [4]), 8);
  }));

test('an idle worker that is killed is replaced, and nothing is lost', () =>
  withPool(2, async (pool) => {
    await pool.map(double, [1, 2, 3, 4]);
    const [first, second] = pool.pids;
    process.kill(first!, 'SIGKILL');
    await until(() => pool.pids.length === 2 && !pool.pids.includes(first!), 'another takes its place');
    assert.ok(pool.pids.includes(second!));
    assert.deepEqual(await pool.map(double, [1, 2, 3, 4]), [2, 4, 6, 8]);
  }));

test('workers that are killed halfway through their start are replaced', () =>
  withPool(2, async (pool) => {
    for (const pid of pool.pids) process.kill(pid, 'SIGKILL');
    assert.deepEqual(await pool.map(double, [1, 2, 3]), [2, 4, 6]);
  }));

test('a worker that is killed while it holds a lock gives it up, and while it waits for one hinders nobody', () =>
  withPool(2, async (pool) => {
    const lock = new Lock();
    const held = new Event();
    const pids = new Queue<number>();
    const holder = pool.applyAsync(() => {
      lock.acquireSync();
      pids.putSync(process.pid);
      held.set();
      new Event().waitSync();
    });
    await held.wait();
    const waiter = pool.applyAsync(() => {
      pids.putSync(process.pid);
      lock.acquireSync();
    });
    const [holderPid, waiterPid] = [await pids.get(), await pids.get()];
    process.kill(waiterPid, 'SIGKILL');
    await assert.rejects(waiter.get(), BrokenProcessPool);
    process.kill(holderPid, 'SIGKILL');
    await assert.rejects(holder.get(), BrokenProcessPool);
    await assert.rejects(lock.acquire({ timeout: MEDIUM }), { name: 'AbandonedLockError' });
    assert.equal(await pool.apply(double, [1]), 2);
  }));

test('workers that are killed at any moment lose no task but the one that each ran', () =>
  withPool(2, async (pool) => {
    let broken = 0;
    const results = Array.from({ length: 20_000 }, (_, i) => pool.applyAsync(double, [i]));
    let kills = 0;
    const killer = setInterval(() => {
      const { pids } = pool;
      if (kills < 8 && pids.length > 0) process.kill(pids[kills++ % pids.length]!, 'SIGKILL');
    }, 5);
    for (const [i, result] of results.entries()) {
      try {
        assert.equal(await result.get(), i * 2);
      } catch (error) {
        if (!(error instanceof BrokenProcessPool)) throw error;
        broken++;
      }
    }
    clearInterval(killer);
    assert.ok(broken <= kills, `${broken} tasks failed by ${kills} deaths`);
  }));

test('a task that is too large for shared memory is refused, and the pool goes on', () =>
  withPool(1, async (pool) => {
    const huge = new Uint8Array(300 << 20);
    assert.throws(() => pool.applyAsync((bytes: Uint8Array) => bytes.length, [huge]), { code: 'ERR_SHARED_MEMORY_FULL' });
    await assert.rejects(
      pool.apply(() => new Uint8Array(300 << 20)),
      (error) => error instanceof MaybeEncodingError && /shared/.test(error.message),
    );
    assert.equal(await pool.apply(double, [2]), 4);
  }));
