import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dismissSpares } from '../../src/host/process/spares.ts';
import { BrokenProcessPool, Event, Lock, MaybeEncodingError, Pool, type PoolOptions, Queue } from '../../src/multiprocessing/index.ts';
import { MappedWord } from '../../src/word/mapped-word.ts';
import { processHeap } from '../../src/word/process-heap.ts';
import { sharedNames, zombies } from '../support/leftovers.ts';
import { LONG, MEDIUM } from '../support/patience.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { finish, testPool } from './pool-suite.ts';

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

const double = (n: number): number => n * 2;

testPool({ name: 'processes', withPool });

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
        assert.match(error.message, /the initializer failed in process PoolWorker-\d+ \(pid \d+\): TypeError: not today$/);
        assert.equal((error.cause as Error).message, 'not today');
        return true;
      });
      assert.throws(() => pool.applyAsync(double, [1]), BrokenProcessPool);
    },
  ));

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
