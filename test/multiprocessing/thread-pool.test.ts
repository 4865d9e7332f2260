import assert from 'node:assert/strict';
import { enumerate, Event, int32, Lock, SendError, SharedValue } from '../../src/threading/index.ts';
import {
  BrokenExecutorError,
  BrokenWorkerError,
  CancelledError,
  getContext,
  MaybeEncodingError,
  ThreadPool,
} from '../../src/multiprocessing/index.ts';
import { runProgram } from '../support/program.ts';
import { SHORT } from '../support/patience.ts';
import { test } from '../support/test.ts';
import { finish, type PoolBackend, testPool } from './pool-suite.ts';

/** A pool for one test; afterwards its threads have ended. */
const withPool: PoolBackend['withPool'] = async (options, body) => {
  const pool = new ThreadPool(options);
  try {
    await body(pool);
  } finally {
    pool.terminate();
    await pool.join();
  }
};

const double = (n: number): number => n * 2;

testPool({ name: 'threads', withPool });

/** How many threads of pools there are. */
const threads = (): number => enumerate().filter(({ name }) => name.startsWith('ThreadPool-')).length;

test('its workers are threads of this process, all there from the beginning, and gone when it has ended', async () => {
  const pool = new ThreadPool(3);
  assert.equal(threads(), 3);
  assert.deepEqual(new Set(await pool.map(() => process.pid, [1, 2, 3, 4])), new Set([process.pid]));
  await finish(pool);
  assert.equal(threads(), 0);
});

test('what is bound to this process travels too', () =>
  withPool(2, async (pool) => {
    const lock = new Lock();
    const total = new SharedValue(int32, 0);
    await pool.map(
      (n: number) => {
        using _held = lock.acquireSync();
        total.value += n;
      },
      Array.from({ length: 100 }, (_, i) => i),
    );
    assert.equal(total.value, 4950);
  }));

test('items and results that are numbers arrive as what they were', () =>
  withPool(2, async (pool) => {
    const numbers = [-0, 0.5, NaN, 2 ** 31, ...Array.from({ length: 100 }, (_, i) => i)];
    const identity = <T>(value: T): T => value;
    for (const chunkSize of [1, 50, 1000]) {
      assert.deepEqual(await pool.map(identity, numbers, { chunkSize }), numbers);
      assert.deepEqual([...pool.imap(identity, numbers, { chunkSize })], numbers);
    }
    assert.deepEqual(await pool.map(identity, ['a', null, undefined]), ['a', null, undefined]);
  }));

test('an error of a task is the error itself, with its stack in the worker: thread pools do not wrap [POO-14]', () =>
  withPool(1, async (pool) => {
    const failing = pool.apply(function explode() {
      throw new RangeError('boom');
    });
    await assert.rejects(failing, (error) => {
      assert.ok(error instanceof RangeError);
      assert.equal(error.cause, undefined);
      assert.match(error.stack!, /at explode/);
      return true;
    });
  }));

test('what cannot travel is refused at once as an argument, and fails its task as a result', () =>
  withPool(1, async (pool) => {
    assert.throws(() => pool.applyAsync((x: unknown) => x, [Promise.resolve()]), SendError);
    await assert.rejects(
      pool.apply(() => new WeakRef({})),
      (error) => error instanceof SendError && !(error instanceof MaybeEncodingError),
    );
    assert.equal(await pool.apply(double, [1]), 2);
  }));

test('a worker that dies fails the task that it ran, and no other, and is replaced', () =>
  withPool(2, async (pool) => {
    const others = Array.from({ length: 200 }, (_, i) => pool.applyAsync(double, [i]));
    await assert.rejects(
      pool.apply(() => process.exit(3)),
      (error) => error instanceof BrokenWorkerError && error.exitCode === 3,
    );
    for (const [i, other] of others.entries()) assert.equal(await other.get(), i * 2);
    assert.throws(() => pool.applySync(() => process.exit(4)), BrokenWorkerError);
    assert.deepEqual(await pool.map(double, [1, 2, 3]), [2, 4, 6]);
  }));

test('an initializer that fails breaks the pool, with its error as the cause; it can be joined then', async () => {
  const pool = new ThreadPool({
    processes: 2,
    initializer: () => {
      throw new TypeError('not today');
    },
  });
  const isBroken = (error: unknown): boolean => error instanceof BrokenExecutorError && (error.cause as Error).message === 'not today';
  await assert.rejects(pool.apply(double, [1]), isBroken);
  assert.throws(() => pool.applyAsync(double, [1]), isBroken);
  await assert.rejects(pool.map(double, [1]), isBroken);
  assert.equal(await pool.join(), true);
});

test('joinSync waits no longer than it may, after close and after terminate', () => {
  const pool = new ThreadPool(1);
  const [begun, go] = [new Event(), new Event()];
  const result = pool.applyAsync(() => {
    begun.set();
    return go.waitSync();
  });
  assert.throws(() => pool.joinSync(), { code: 'ERR_POOL_RUNNING' });
  begun.waitSync();
  pool.close();
  assert.equal(pool.joinSync({ timeout: SHORT }), false);
  go.set();
  assert.equal(pool.joinSync(), true);
  assert.equal(result.getSync(), true);
  assert.equal(pool.joinSync(), true);
});

test('terminate, and nothing awaited after it, ends threads in the middle of a loop', () => {
  const pool = new ThreadPool(2);
  const begun = new Event();
  const result = pool.applyAsync(() => {
    begun.set();
    for (;;);
  });
  begun.waitSync();
  pool.terminate();
  pool.terminate();
  assert.equal(pool.joinSync(), true);
  assert.throws(() => result.getSync(), CancelledError);
  assert.equal(threads(), 0);
});

test('a pool that was closed can be terminated, and one whose threads have not begun, too', async () => {
  const closed = new ThreadPool(1);
  const result = closed.applyAsync(() => new Event().waitSync());
  closed.close();
  closed.terminate();
  assert.equal(await closed.join(), true);
  await assert.rejects(result.get(), CancelledError);
  await new ThreadPool(2)[Symbol.asyncDispose]();
  assert.equal(threads(), 0);
});

test('numbers of threads must be positive integers, and an initializer a function [POO-18]', () => {
  for (const processes of [0, -1, 1.5]) assert.throws(() => new ThreadPool(processes), RangeError);
  assert.throws(() => new ThreadPool({ initializer: 1 as never }), TypeError);
});

test('a context has it as the module has', () => {
  assert.equal(getContext('spawn').ThreadPool, ThreadPool);
});

test('a pool that has nothing to do lets the program end, after all that was handed over', async () => {
  const { stdout, code } = await runProgram(`
    import { ThreadPool } from 'manycore/multiprocessing';
    const pool = new ThreadPool(2);
    pool.mapAsync((n) => n * 2, [1, 2, 3], { callback: (all) => console.log(all.join()) });`);
  assert.deepEqual([stdout, code], ['2,4,6\n', 0]);
});
