import assert from 'node:assert/strict';
import { Barrier, BrokenBarrierError, Condition, Lock, RLock, Semaphore, Thread } from '../../src/threading/index.ts';
import { Queue } from '../../src/queue/index.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

/*
 * Several threads go through the same steps, and are counted after each: what Python's tests of locks do.
 */
const words = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(count * 4));

function bunch(count: number, target: () => unknown): Thread[] {
  const threads = Array.from({ length: count }, (_, i) => new Thread({ target, name: `worker-${i}` }));
  for (const thread of threads) thread.start();
  return threads;
}
async function joinAll(threads: readonly Thread[]): Promise<void> {
  for (const thread of threads) assert.equal(await thread.join(), true);
}

for (const [name, make] of [
  ['a lock', () => new Condition(new Lock())],
  ['a re-entrant lock', () => new Condition(new RLock())],
] as const) {
  test(`notify wakes as many as it says, of those that wait for the first and the second time, with ${name} [CND-04]`, async () => {
    const condition = make();
    for (let again = 0; again < 2; again++) {
      const [waiting, first, second] = [words(1), words(1), words(1)];
      const threads = bunch(5, () => {
        for (const count of [first, second]) {
          using _ = condition.acquireSync();
          Atomics.add(waiting, 0, 1);
          if (condition.waitSync()) Atomics.add(count, 0, 1);
        }
      });
      const notify = async (count: number): Promise<void> => {
        using _ = await condition.acquire();
        condition.notify(count);
      };
      // A thread that has announced itself gives up the lock only by waiting: who then holds it finds them all asleep.
      await until(() => Atomics.load(waiting, 0) === 5);
      await notify(3);
      await until(() => Atomics.load(first, 0) === 3 && Atomics.load(waiting, 0) === 8);
      assert.equal(second[0], 0);
      await notify(5);
      await until(() => 8 === (first[0] ?? 0) + (second[0] ?? 0) && Atomics.load(waiting, 0) === 10);
      assert.deepEqual([first[0], second[0]], [5, 3]);
      {
        using _ = await condition.acquire();
        condition.notifyAll();
      }
      await joinAll(threads);
      assert.deepEqual([first[0], second[0]], [5, 5]);
    }
  });
}

test('a semaphore lets exactly as many through as it is released, over several rounds [SEM-03 SEM-04]', async () => {
  const semaphore = new Semaphore(7);
  semaphore.acquireSync();
  const passed = words(1);
  const threads = bunch(10, () => {
    for (let i = 0; i < 2; i++) {
      semaphore.acquireSync();
      Atomics.add(passed, 0, 1);
    }
  });
  await until(() => Atomics.load(passed, 0) === 6);
  assert.equal(semaphore.tryAcquire(), null);
  for (let i = 0; i < 7; i++) semaphore.release();
  await until(() => Atomics.load(passed, 0) === 13);
  semaphore.release(6);
  await until(() => Atomics.load(passed, 0) === 19);
  assert.equal(semaphore.tryAcquire(), null);
  semaphore.release();
  await joinAll(threads);
});

test('of many tries at once as many succeed as there are permits [SEM-03]', async () => {
  const semaphore = new Semaphore(4);
  semaphore.acquireSync();
  const got = words(2);
  await joinAll(
    bunch(5, () => {
      for (let i = 0; i < 2; i++) Atomics.add(got, semaphore.tryAcquire() === null ? 0 : 1, 1);
    }),
  );
  assert.deepEqual([...got], [7, 3]);
});

test('each party of a barrier gets a number of its own, from 0 on, in every round [BAR-02]', async () => {
  const barrier = new Barrier(5);
  const numbers = new Queue<readonly [round: number, number: number]>();
  await joinAll(
    bunch(5, () => {
      for (let round = 0; round < 10; round++) numbers.putSync([round, barrier.waitSync()]);
    }),
  );
  const all = await numbers.getMany(50);
  for (let round = 0; round < 10; round++)
    assert.deepEqual(
      all
        .filter((one) => one[0] === round)
        .map((one) => one[1])
        .toSorted((a, b) => a - b),
      [0, 1, 2, 3, 4],
    );
});

test('a party that gives up breaks the barrier for those that wait and those that come [BAR-05]', async () => {
  const barrier = new Barrier(5);
  const [broken, passed] = [words(1), words(1)];
  await joinAll(
    bunch(5, () => {
      try {
        if (barrier.waitSync() === 2) return barrier.abort();
        barrier.waitSync();
        return void Atomics.add(passed, 0, 1);
      } catch (error) {
        if (!(error instanceof BrokenBarrierError)) throw error;
        return void Atomics.add(broken, 0, 1);
      }
    }),
  );
  assert.deepEqual([broken[0], passed[0], barrier.broken], [4, 0, true]);
});

test('a reset sends away those that wait, and the barrier serves all again at once [BAR-06]', async () => {
  const barrier = new Barrier(5);
  const [sentAway, again] = [words(1), words(1)];
  await joinAll(
    bunch(5, () => {
      if (barrier.waitSync() === 2) {
        while (barrier.nWaiting < 4);
        barrier.reset();
      } else {
        try {
          barrier.waitSync();
        } catch (error) {
          if (!(error instanceof BrokenBarrierError)) throw error;
          Atomics.add(sentAway, 0, 1);
        }
      }
      barrier.waitSync();
      Atomics.add(again, 0, 1);
    }),
  );
  assert.deepEqual([sentAway[0], again[0]], [4, 5]);
});

test('who looks late, when many more rounds have been broken, has passed with its own round [BAR-10]', async () => {
  const barrier = new Barrier(2);
  const mine = barrier.wait();
  const thread = new Thread({
    target: () => {
      barrier.waitSync();
      for (let i = 0; i < 100; i++) {
        try {
          barrier.waitSync({ timeout: 0 });
        } catch {
          barrier.reset();
        }
      }
    },
  });
  thread.start();
  thread.joinSync();
  assert.equal(await mine, 0);
  assert.deepEqual([barrier.broken, barrier.nWaiting], [false, 0]);
});

test('one that is cancelled, and one whose action fails, leave no place behind', async () => {
  const barrier = new Barrier(2, {
    action: () => {
      throw new Error('as it must');
    },
  });
  for (let i = 0; i < 50; i++) {
    const cancel = new AbortController();
    const waiting = barrier.wait({ signal: cancel.signal });
    cancel.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    assert.equal(barrier.broken, true);
    barrier.reset();
    const outcomes = await Promise.allSettled([barrier.wait(), barrier.wait()]);
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as Error).name : '')),
      ['BrokenBarrierError', 'Error'],
    );
    assert.deepEqual([barrier.broken, barrier.nWaiting], [true, 0]);
    barrier.reset();
  }
});
