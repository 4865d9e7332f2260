import assert from 'node:assert/strict';
import {
  type BasePool,
  CancelledError,
  Event,
  int32,
  Lock,
  type PoolOptions,
  Queue,
  Semaphore,
  TimeoutError,
  Value,
} from '../../src/multiprocessing/index.ts';
import { SHORT } from '../support/patience.ts';
import { test } from '../support/test.ts';

export type SuiteOptions = Pick<PoolOptions<never[]>, 'processes' | 'initializer' | 'initArgs'>;

/** What a kind of pool gives to be put to the test. */
export interface PoolBackend {
  readonly name: string;
  /** Gives a pool to a test; afterwards nothing is left of it. */
  withPool(options: number | SuiteOptions, body: (pool: BasePool) => Promise<void>): Promise<void>;
}

/** A pool that ends in order. */
export async function finish(pool: BasePool): Promise<void> {
  pool.close();
  assert.equal(await pool.join(), true);
}

const double = (n: number): number => n * 2;

/** The behaviours that every pool has, whether its workers are processes or threads. */
export function testPool({ name, withPool }: PoolBackend): void {
  test(`${name}: apply gives the value of the function for its arguments [POO-01]`, () =>
    withPool(2, async (pool) => {
      assert.equal(await pool.apply((a: number, b: string) => `${a}${b}`, [1, 'x']), '1x');
      assert.equal(pool.applySync(double, [21]), 42);
      assert.equal(await pool.apply(async () => 'async'), 'async');
    }));

  test(`${name}: map, starmap and their blocking twins keep the order, for any iterable [POO-03]`, () =>
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

  test(`${name}: a result that is not there yet says so, and a time-out leaves the work alone [POO-04] [POO-05]`, () =>
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

  test(`${name}: of the two callbacks exactly one is called, with the value or with the error [POO-06]`, () =>
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

  test(`${name}: imap gives the results in order and imapUnordered all of them, awaited or blocking [POO-08]`, () =>
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

  test(`${name}: an error in the input comes at its place, after the results before it, and the pool goes on [POO-09] [POO-10]`, () =>
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

  test(`${name}: empty input gives an empty result in every variant [POO-11]`, () =>
    withPool(1, async (pool) => {
      for (const chunkSize of [undefined, 1, 100]) {
        assert.deepEqual(await pool.map(double, [], { chunkSize }), []);
        assert.deepEqual(await pool.starmap(double, [], { chunkSize }), []);
        assert.deepEqual([...pool.imap(double, [], { chunkSize })], []);
        assert.deepEqual([...pool.imapUnordered(double, [], { chunkSize })], []);
      }
    }));

  test(`${name}: map does not fail before all its parts have ended [POO-15]`, () =>
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

  test(`${name}: terminate ends the workers though they are busy, and what was pending is cancelled [POO-16]`, () =>
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

  test(`${name}: close lets everything that was handed over end, and join waits for it`, () =>
    withPool(2, async (pool) => {
      await assert.rejects(pool.join(), { code: 'ERR_POOL_RUNNING' });
      const results = Array.from({ length: 3000 }, (_, i) => pool.applyAsync(double, [i]));
      pool.close();
      assert.throws(() => pool.applyAsync(double, [1]), { code: 'ERR_POOL_CLOSED' });
      assert.equal(await pool.join(), true);
      assert.deepEqual(
        await Promise.all(results.map((result) => result.get())),
        Array.from({ length: 3000 }, (_, i) => i * 2),
      );
    }));

  test(`${name}: the initializer runs once in every worker, before its first task [POO-21]`, () => {
    const ran = new Value(int32, 0);
    const initializer = (by: number): void => {
      ran.add(by);
      (globalThis as { ready?: boolean }).ready = true;
    };
    return withPool({ processes: 2, initializer, initArgs: [10] as never }, async (pool) => {
      const ready = await pool.map(() => (globalThis as { ready?: boolean }).ready, [1, 2, 3, 4], { chunkSize: 1 });
      assert.deepEqual(ready, [true, true, true, true]);
      await finish(pool);
      assert.equal(ran.value, 20);
    });
  });

  test(`${name}: memory that tasks and results have used is free again while the pool lives [POO-23]`, () =>
    withPool(1, async (pool) => {
      const megabyte = 'x'.repeat(1 << 20);
      // Ten times as much as the shared heap holds.
      for (let i = 0; i < 600; i++) assert.equal((await pool.apply((text: string) => text, [megabyte])).length, megabyte.length);
    }));

  test(`${name}: locks, queues and values of processes arrive in the workers as the same things`, () =>
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

  test(`${name}: a function is handed over as it is at that moment, with what it captures`, () =>
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

  test(`${name}: a timer that a task leaves behind rings, though the worker has nothing to do`, () =>
    withPool(1, async (pool) => {
      const rung = new Event();
      await pool.apply(() => void setTimeout(() => rung.set(), 1));
      await rung.wait();
    }));

  test(`${name}: an async task that waits leaves the worker to its own timers only, one task at a time`, () =>
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
}
