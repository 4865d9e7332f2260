import assert from 'node:assert/strict';
import { Future, gather, ThreadPoolExecutor } from '../../src/futures/index.ts';
import { NO_MORE } from '../../src/futures/fabric/layout.ts';
import { enumerate, Event, Thread } from '../../src/threading/index.ts';
import { collectGarbage } from '../support/garbage.ts';
import { programLines } from '../support/program-lines.ts';
import { runProgram } from '../support/program.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

type Task = (begun: Event) => unknown;
interface Way {
  readonly dies: Task;
  /** What somebody else does once it has begun. */
  readonly kill?: () => void;
  readonly reason: string;
  readonly heapMb?: number;
}

const PREFIX = 'lossy';

/** The ways in which a thread of a pool ends while it runs a task. */
const ways: Readonly<Record<string, Way>> = {
  'calls process.exit': { dies: () => process.exit(7), reason: 'exited' },
  'has an error in a timer': {
    dies: () => {
      setTimeout(() => {
        throw new Error('later');
      }, 1);
      return new Promise(() => {});
    },
    reason: 'exited',
  },
  'has a rejection that nobody handles': {
    dies: () => {
      void Promise.reject(new Error('nobody cares'));
      return new Promise(() => {});
    },
    reason: 'exited',
  },
  'fills its heap': {
    dies: () => {
      const all: unknown[] = [];
      for (;;) all.push(Array.from({ length: 1000 }, () => all));
    },
    reason: 'out of memory',
    heapMb: 64,
  },
  'is terminated from outside, in a loop': {
    dies: (begun) => {
      begun.set();
      for (;;);
    },
    kill: () =>
      void enumerate()
        .find(({ name }) => name.startsWith(PREFIX))!
        .terminate(),
    reason: 'terminated',
  },
  'is terminated from outside, while it sleeps': {
    dies: (begun) => {
      begun.set();
      new Event().waitSync();
    },
    kill: () =>
      void enumerate()
        .find(({ name }) => name.startsWith(PREFIX))!
        .terminate(),
    reason: 'terminated',
  },
};

for (const [what, { dies, kill, reason, heapMb }] of Object.entries(ways)) {
  for (const isBlocked of [false, true]) {
    test(`a thread that ${what} costs one task, the others run, and the pool goes on${isBlocked ? ', while the main thread is blocked' : ''} [EXE-22]`, async () => {
      await using pool = new ThreadPoolExecutor({
        maxWorkers: 1,
        threadNamePrefix: PREFIX,
        ...(heapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMb } }),
      });
      await pool.submit(() => 0);
      const begun = new Event();
      const lost = pool.submit(dies, begun);
      const others = Array.from({ length: 20 }, (_, i) => pool.submit((n: number) => n, i));
      const retried = pool.with({ retries: 1 }).submit((n: number) => n, 21);
      if (kill !== undefined) {
        await begun.wait();
        kill();
      }
      const error = (isBlocked ? lost.exceptionSync() : await lost.exception()) as { name: string; reason: string };
      assert.equal(error.name, 'BrokenWorkerError', String(error));
      // That memory was full is told by an event, which does not come while this thread is blocked.
      assert.ok(error.reason === reason || (isBlocked && reason === 'out of memory' && error.reason === 'lost'), String(error));
      const read = (future: Future<number>): number | Promise<number> => (isBlocked ? future.resultSync() : future.result());
      for (const [i, other] of others.entries()) assert.equal(await read(other as Future<number>), i);
      assert.equal(await read(retried as Future<number>), 21);
      assert.equal(await pool.submit(() => 'alive'), 'alive');
      assert.equal(pool.statistics.failed, 1);
    });
  }
}

test('a task that asks for more memory than there is fails alone', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const others = [1, 2].map((n) => pool.submit(() => n));
  const error = (await pool.submit(() => new ArrayBuffer(2 ** 52).byteLength).exception()) as Error;
  // Node 26 ends the whole thread.
  assert.match(error.name, /^(RangeError|BrokenWorkerError)$/);
  assert.deepEqual(await gather(others), [1, 2]);
  assert.equal(await pool.submit(() => 'alive'), 'alive');
});

test('a thread is replaced when its heap holds too much', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1, maxHeapMb: 40, threadNamePrefix: 'full' });
  await pool.submit(() => {
    (globalThis as { held?: unknown }).held = Array.from({ length: 2_000_000 }, (_, i) => ({ i }));
  });
  await until(() => pool.workers.length === 0 || pool.workers[0]!.name.endsWith('_1'));
  assert.equal(await pool.submit(() => (globalThis as { held?: unknown }).held === undefined), true);
});

test('what a thread has done that leaves is not lost, when the next task can not be sent to it any more [EXE-29]', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2, maxTasksPerWorker: 1 });
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const add = (to: Int32Array, n: number): number => {
    Atomics.add(to, 0, n);
    return n;
  };
  const futures = Array.from({ length: 30 }, (_, i) => pool.submit(add, shared, i));
  assert.deepEqual(await gather(futures), [...Array(30).keys()]);
  assert.equal(shared[0], (29 * 30) / 2);
  for (let i = 0; i < 20; i++) {
    const first = pool.submit(add, shared, i);
    const second = pool.submitToAll(add, shared, i);
    assert.equal(first.resultSync(), i);
    assert.ok((await gather(second)).every((n) => n === i));
  }
});

test('a thread that leaves, and is replaced before it is through with that, takes nothing of its successor with it [EXE-29]', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1, maxTasksPerWorker: 1 });
  const [leaves, go] = [new Event(), new Event()];
  await pool.submit(() => {
    const { compareExchange } = Atomics;
    // By this it says that it takes no more.
    Atomics.compareExchange = ((view: Int32Array<SharedArrayBuffer>, at: number, from: number, to: number): number => {
      const seen = compareExchange(view, at, from, to);
      if (to === NO_MORE && seen === from) {
        Atomics.compareExchange = compareExchange;
        leaves.set();
        go.waitSync();
      }
      return seen;
    }) as typeof compareExchange;
  });
  await leaves.wait();
  const shared = new Int32Array(new SharedArrayBuffer(4));
  // What goes with shared memory is for one thread alone. That one does not take it any more: so another one begins.
  const next = pool.submit((to: Int32Array) => Atomics.add(to, 0, 1), shared);
  go.set();
  assert.equal(await next, 0);
  assert.equal(await pool.submit((to: Int32Array) => Atomics.load(to, 0), shared), 1);
});

test('a pool whose first thread the system refuses is broken, and hands nothing over that nobody would run', async () => {
  const { lines, stderr } = await programLines(`
    import { createRequire, syncBuiltinESMExports } from 'node:module';
    import { ThreadPoolExecutor } from 'manycore/futures';
    createRequire(import.meta.url)('node:worker_threads').Worker = class { constructor() { throw new Error('no more threads'); } };
    syncBuiltinESMExports();
    const pool = new ThreadPoolExecutor();
    const told = (error) => console.log(error.code, error.message, '-', error.cause.message);
    try { pool.submit(() => 1); } catch (error) { told(error); }
    try { for await (const _ of pool.map((n) => n, [1])); } catch (error) { told(error); }
    await pool.shutdown();`);
  const line = 'ERR_BROKEN_EXECUTOR ThreadPoolExecutor-0 is broken: no thread can be started - cannot start a thread: no more threads';
  assert.deepEqual(lines, [line, line], stderr);
});

test('a pool goes on with the threads that it has where the system lets no other one begin, and grows again when it does', async () => {
  const { stdout, stderr } = await runProgram(
    `
    import { closeSync, openSync } from 'node:fs';
    import { createRequire, syncBuiltinESMExports } from 'node:module';
    import { ThreadPoolExecutor } from 'manycore/futures';
    import { Barrier, Event } from 'manycore/threading';
    const workerThreads = createRequire(import.meta.url)('node:worker_threads');
    let stillborn = 0;
    let enough;
    const threeStillborn = new Promise((resolve) => (enough = resolve));
    workerThreads.Worker = class extends workerThreads.Worker {
      constructor(...args) {
        super(...args);
        this.once('error', () => ++stillborn === 3 && setImmediate(enough));
      }
    };
    syncBuiltinESMExports();
    const [gate, both] = [new Event(), new Barrier(2)];
    const wait = () => gate.waitSync();
    const meet = () => both.waitSync();
    const double = (n) => n * 2;
    const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
    // All that the tasks need is read now.
    console.log(await pool.submit(double, 1), await pool.submit(() => [gate.isSet(), both.parties].join()));
    const taken = [];
    try { for (;;) taken.push(openSync('/dev/null')); } catch {}
    const blocked = pool.submit(wait);
    const doubles = [2, 3, 4].map((n) => pool.submit(double, n));
    await threeStillborn;
    gate.set();
    console.log(await blocked, (await Promise.all(doubles)).join());
    for (const fd of taken) closeSync(fd);
    // One alone would wait for the other for ever.
    console.log((await Promise.all([pool.submit(meet), pool.submit(meet)])).sort().join());
    await pool.shutdown();`,
    { under: ['sh', '-c', 'ulimit -n 200; exec "$0" "$@"'] },
  );
  assert.equal(stdout, '2 false,2\ntrue 4,6,8\n0,1\n', stderr);
});

test('a task that never ends keeps a shutdown waiting until it is broken off', async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const begun = new Event();
  const endless = pool.submit(() => {
    begun.set();
    for (;;);
  });
  await begun.wait();
  const ended = pool.shutdown();
  assert.equal(endless.cancel({ running: true }), true);
  await ended;
});

test('an initializer that rejects breaks the pool, also for who waits by blocking [EXE-20]', async () => {
  await using pool = new ThreadPoolExecutor({
    maxWorkers: 2,
    initializer: async () => {
      await Promise.resolve();
      throw new RangeError('not ready');
    },
  });
  const first = pool.submit(() => 1);
  assert.throws(() => first.resultSync(), { name: 'BrokenExecutorError' });
  assert.throws(() => pool.submit(() => 2), { name: 'BrokenExecutorError' });
  assert.equal(pool.isShutDown, false);
});

test('another thread is told of a broken pool that it is broken, and not that it was shut down [EXE-20]', async () => {
  await using pool = new ThreadPoolExecutor({
    maxWorkers: 1,
    initializer: () => {
      throw new RangeError('not ready');
    },
  });
  const go = new Event();
  const told = new Future<string>();
  const thread = new Thread({
    target: (given: ThreadPoolExecutor, begin: Event, tell: Future<string>) => {
      begin.waitSync();
      try {
        given.submit(() => 1);
      } catch (error) {
        tell.setResult(`${(error as Error).name}, ${given.isShutDown}`);
      }
    },
    args: [pool, go, told],
  });
  thread.start();
  await assert.rejects(async () => await pool.submit(() => 1), { name: 'BrokenExecutorError' });
  go.set();
  assert.equal(await told, 'BrokenExecutorError, false');
});

test('tasks that wait in the order of their priorities go on when threads have died, one after the other, that ran those before them', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const view = pool.with({ priority: 1 });
  const lost = [1, 2, 3].map(() => view.submit(() => process.exit(3)));
  const others = [1, 2, 3, 4, 5].map((n) => view.submit((m: number) => m, n));
  for (const one of lost) assert.equal(((await one.exception()) as Error).name, 'BrokenWorkerError');
  assert.deepEqual(await gather(others), [1, 2, 3, 4, 5]);
});

test('every task of a broken wave settles: some end, some exit, some cannot be sent back, some are taken back', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 3 });
  const mixed = (n: number): unknown => {
    if (n % 29 === 3) process.exit(n % 5);
    if (n % 7 === 1) return new WeakRef({});
    if (n % 7 === 2) throw new RangeError(`no ${n}`);
    return n % 7 === 3 ? Promise.resolve(n) : n;
  };
  const futures = Array.from({ length: 200 }, (_, i) => pool.submit(mixed, i));
  for (let i = 100; i < 200; i += 9) futures[i]!.cancel();
  const ends = await Promise.allSettled(futures);
  for (const [n, end] of ends.entries()) {
    const name = end.status === 'rejected' ? (end.reason as Error).name : '';
    if (name === 'CancelledError') assert.ok(n >= 100 && (n - 100) % 9 === 0);
    else if (n % 29 === 3) assert.equal(name, 'BrokenWorkerError');
    else if (n % 7 === 1) assert.equal(name, 'SendError');
    else if (n % 7 === 2) assert.equal(name, 'RangeError');
    else assert.equal(end.status === 'fulfilled' && end.value, n);
  }
  assert.deepEqual(await gather([pool.submit(() => 1), pool.submit(() => 2)]), [1, 2]);
});

test('a pool that nobody has any more lets its threads go, once everything has run [SHD-07]', async () => {
  const ran = new Event();
  const begin = (): void => {
    const pool = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: 'abandoned' });
    void pool.submit(() => ran.set());
  };
  begin();
  await ran.wait();
  await until(() => {
    collectGarbage();
    return !enumerate().some(({ name }) => name.startsWith('abandoned'));
  });
});
