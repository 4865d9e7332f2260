import assert from 'node:assert/strict';
import { emit, Future, ThreadPoolExecutor } from '../../src/futures/index.ts';
import { Barrier, enumerate, Event, Thread } from '../../src/threading/index.ts';
import { LONG, SHORT } from '../support/patience.ts';
import { test } from '../support/test.ts';
import { waitsElsewhere } from './waits-elsewhere.ts';

/* What a pool does while the thread that made it is blocked: in the pool itself, in a callback, or in something else. */

const twice = (n: number): number => n * 2;
const failsOnce = (hasFailed: Event): string => {
  if (hasFailed.isSet()) return 'at last';
  hasFailed.set();
  throw new RangeError('at first');
};
const exits = (begun: Event): void => {
  begun.set();
  process.exit(7);
};

test('a task is tried again while the thread that made its pool waits for it by blocking', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  for (const retries of [1, { times: 1, delay: SHORT / 5 }]) {
    const view = pool.with({ retries });
    assert.equal(view.submit(failsOnce, new Event()).resultSync(), 'at last');
    assert.deepEqual(view.map(failsOnce, [new Event(), new Event()]).toArraySync(), ['at last', 'at last']);
  }
});

test('a blocking shutdown waits for the tasks that are to be tried again', () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const soon = pool.with({ retries: 1 }).submit(failsOnce, new Event());
  const later = pool.with({ retries: { times: 1, delay: SHORT / 5 } }).submit(failsOnce, new Event());
  pool.shutdownSync();
  assert.deepEqual([soon.resultSync(), later.resultSync()], ['at last', 'at last']);
});

test('a callback that blocks while results are taken waits for what comes meanwhile', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const go = new Event();
  const slow = pool.submit((given: Event) => {
    given.waitSync();
    return 'slow';
  }, go);
  const seen: unknown[] = [];
  const blocks = (): void => {
    go.set();
    seen.push(slow.resultSync({ timeout: LONG }), pool.submit(twice, 4).resultSync({ timeout: LONG }));
  };
  const first = pool.submit(twice, 1);
  first.addDoneCallback(blocks);
  await first;
  await pool.with({ onMessage: blocks }).submit(() => emit('hear'));
  assert.deepEqual(seen, ['slow', 8, 'slow', 8]);
});

test('who is told that a task is lost may wait at once for those that its thread had not begun', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const lost = pool.submit(exits, new Event());
  const others = [1, 2, 3].map((n) => pool.submit(twice, n));
  const seen: unknown[] = [];
  lost.addDoneCallback(() => {
    for (const other of others) seen.push(other.resultSync({ timeout: LONG }));
  });
  await lost.exception();
  assert.deepEqual(seen, [2, 4, 6]);
  assert.deepEqual(await pool.map(twice, [1, 2, 3]).toArray(), [2, 4, 6]);
});

test('who is told that a pool has ended, or taken a task back, may wait at once for the others', async () => {
  for (const end of [
    (pool: ThreadPoolExecutor) => pool.terminateWorkers(),
    (pool: ThreadPoolExecutor) => pool.shutdown({ cancelFutures: true }),
  ]) {
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const begun = new Event();
    const running = pool.submit((given: Event) => {
      given.set();
      return 1;
    }, begun);
    await begun.wait();
    const waiting = [1, 2, 3].map((n) => pool.submit(twice, n));
    const told: boolean[] = [];
    waiting[0]!.addDoneCallback(() => {
      for (const other of waiting) told.push(other.done || other.exceptionSync({ timeout: LONG }) !== undefined);
    });
    await end(pool);
    await Promise.allSettled([running, ...waiting]);
    assert.deepEqual(told, [true, true, true]);
  }
});

test('who is told that a task is lost may wait at once for another one that is lost with it', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const never = new Future<number>();
  const [first, second] = [new Event(), new Event()];
  // What awaits a future of another thread leaves its thread to the next task.
  const awaits = async (given: Event, one: Future<number>): Promise<number> => {
    given.set();
    return await one;
  };
  const lost = pool.submit(awaits, first, never);
  await first.wait();
  const other = pool.submit(awaits, second, never);
  await second.wait();
  let seen: unknown;
  lost.addDoneCallback(() => (seen = other.exceptionSync({ timeout: LONG })));
  for (const { name } of pool.workers)
    void enumerate()
      .find((thread) => thread.name === name)!
      .terminate();
  assert.equal(((await lost.exception()) as Error).name, 'BrokenWorkerError');
  assert.equal((seen as Error).name, 'BrokenWorkerError');
  assert.deepEqual(await pool.map(twice, [1, 2, 3]).toArray(), [2, 4, 6]);
  const { running, queued, failed, cancelled } = pool.statistics;
  assert.deepEqual({ running, queued, failed, cancelled }, { running: 0, queued: 0, failed: 2, cancelled: 0 });
});

test('while its maker waits for something else, other threads hear of tasks whose thread has died, and whose time is up [EXE-22]', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const endless = pool.with({ timeout: SHORT }).submit(() => {
    for (;;);
  });
  for (const future of [pool.submit(exits, new Event()), endless]) {
    assert.equal(waitsElsewhere(future as Future).waitSync({ timeout: LONG }), true);
    assert.match((future.exceptionSync() as Error).name, /^(BrokenWorkerError|TimeoutError)$/);
  }
});

test('while its maker waits for something else, tasks go on that wait for a slot, for their turn, or for the next try', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const many = Array.from({ length: 9000 }, (_, n) => pool.submit(twice, n));
  const inOrder = Array.from({ length: 20 }, (_, n) => pool.with({ priority: n % 3 }).submit(twice, n));
  const retried = pool.with({ retries: { times: 1, delay: SHORT / 5 } }).submit(failsOnce, new Event());
  for (const future of [many.at(-1)!, inOrder[0]!, retried]) {
    assert.equal(waitsElsewhere(future as Future).waitSync({ timeout: LONG }), true);
    assert.equal(future.exceptionSync(), null);
  }
});

test('while its maker waits for something else, a pool grows for tasks of another thread that wait for each other', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 3 });
  const meet = new Barrier(3);
  const thread = new Thread({
    target: (given: ThreadPoolExecutor, all: Barrier) => {
      const futures = [1, 2, 3].map(() => given.submit((one: Barrier) => one.waitSync(), all));
      for (const future of futures) future.resultSync();
    },
    args: [pool, meet],
  });
  thread.start();
  assert.equal(thread.joinSync({ timeout: LONG }), true);
});

test('other threads that have a future are told how its last try ended, and not how its first did', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  for (const isBlocked of [false, true]) {
    const [hold, hasFailed, seen] = [new Event(), new Event(), new Event()];
    const future = pool.with({ retries: 1 }).submit(
      (given: Event, failed: Event) => {
        given.waitSync();
        if (failed.isSet()) return 'at last';
        failed.set();
        throw new RangeError('at first');
      },
      hold,
      hasFailed,
    );
    const thread = new Thread({
      target: (one: Future<string>, given: Event) => {
        const result = one.resultSync();
        given.set();
        return result;
      },
      args: [future as Future<string>, seen],
    });
    thread.start();
    hold.set();
    if (isBlocked) assert.equal(seen.waitSync({ timeout: LONG }), true);
    else assert.equal(await seen.wait({ timeout: LONG }), true);
    assert.equal(await future, 'at last');
  }
});

test('another thread ends one of a pool whose maker is blocked in a result of it', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: 'from-elsewhere' });
  await pool.submit(twice, 1);
  const begun = new Event();
  const endless = pool.submit((given: Event) => {
    given.set();
    for (;;);
  }, begun);
  const killer = new Thread({
    target: (given: Event) => {
      given.waitSync();
      void enumerate()
        .find(({ name }) => name.startsWith('from-elsewhere'))!
        .terminate();
    },
    args: [begun],
  });
  killer.start();
  const error = endless.exceptionSync() as { readonly name: string; readonly reason: string };
  assert.deepEqual([error.name, error.reason], ['BrokenWorkerError', 'terminated']);
});
