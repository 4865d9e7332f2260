import assert from 'node:assert/strict';
import { AbandonedLockError, Condition, Event, Lock, RLock, Thread } from '../../src/threading/index.ts';
import { test } from '../support/test.ts';

for (const [name, make] of [
  ['a lock', () => new Lock({ name: 'till' })],
  ['a re-entrant lock', () => new RLock({ name: 'till' })],
] as const) {
  for (const way of ['wait', 'waitSync'] as const) {
    test(`who waits for a condition of ${name} is told when the holder died, and holds the lock (${way})`, async () => {
      const condition = new Condition(make());
      const outcome = new Int32Array(new SharedArrayBuffer(4));
      const [waiting, held] = [new Event(), new Event()];
      const waiter = new Thread({
        args: [way],
        target: async (way: 'wait' | 'waitSync') => {
          condition.acquireSync();
          waiting.set();
          try {
            await condition[way]();
          } catch (error) {
            if (!(error instanceof Error && error.name === 'AbandonedLockError' && /till.* careless died/.test(error.message))) throw error;
            condition.notifyAll();
            outcome[0] = 1;
          }
          condition.release();
        },
      });
      waiter.start();
      await waiting.wait();
      const careless = new Thread({
        name: 'careless',
        target: () => {
          condition.acquireSync();
          condition.notify();
          held.set();
          new Event().waitSync();
        },
      });
      careless.start();
      await held.wait();
      await careless.terminate();
      await waiter.join();
      assert.equal(outcome[0], 1);
      assert.equal((await condition.acquire()) !== null, true);
      condition.release();
    });
  }
}

test('a notice goes to the next one when its waiter dies before it has the lock again', async () => {
  const condition = new Condition(new Lock());
  const [first, second] = [new Event(), new Event()];
  const wait = (here: Event): void => {
    condition.acquireSync();
    here.set();
    condition.waitSync();
    condition.release();
  };
  const threads = [first, second].map((here) => new Thread({ target: wait, args: [here] }));
  threads[0]!.start();
  await first.wait();
  threads[1]!.start();
  await second.wait();
  // Both have given up the lock, so both wait. The first one is notified, and dies while this thread has the lock.
  await condition.acquire();
  condition.notify();
  await threads[0]!.terminate();
  condition.release();
  assert.equal(await threads[1]!.join(), true);
  assert.equal(threads[1]!.death, null);
  await condition.acquire().catch((error: unknown) => assert.ok(error instanceof AbandonedLockError));
  condition.release();
});
