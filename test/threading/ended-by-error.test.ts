import assert from 'node:assert/strict';
import { AbandonedLockError, Barrier, Event, Lock, RLock, RWLock, Semaphore, setExcepthook, Thread } from '../../src/threading/index.ts';
import { test } from '../support/test.ts';

for (const [name, make] of [
  ['Lock', () => new Lock()],
  ['RLock', () => new RLock()],
] as const) {
  for (const [how, fail] of [
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ] as const) {
    test(`${name}: what a thread that ${how} still holds is abandoned, and the one that waits is told`, async () => {
      const lock = make();
      const [held, go] = [new Event(), new Event()];
      const thread = new Thread({
        name: 'careless',
        target: () => {
          setExcepthook(() => {});
          lock.acquireSync();
          held.set();
          go.waitSync();
          return fail();
        },
      });
      thread.start();
      await held.wait();
      const waiting = lock.acquire();
      go.set();
      await assert.rejects(waiting, (error) => {
        assert.ok(error instanceof AbandonedLockError);
        assert.match(error.message, /careless died \(ended by an error\) while it held it/);
        return true;
      });
      assert.equal(await thread.join(), true);
      assert.equal(thread.death, null);
      lock.release();
      assert.equal(lock.locked, false);
    });
  }
}

test('a thread that ends without an error hands what it holds to whoever releases it, as in Python', async () => {
  const lock = new Lock();
  const thread = new Thread({ target: () => void lock.acquireSync() });
  thread.start();
  await thread.join();
  assert.equal(lock.locked, true);
  assert.equal(lock.tryAcquire(), null);
  lock.release();
  assert.equal(await lock.acquire(), lock);
});

test('a reader that an error ends does not keep writers out, and the permits that it has come back', async () => {
  const [rwlock, permits] = [new RWLock(), new Semaphore(3)];
  const thread = new Thread({
    target: () => {
      setExcepthook(() => {});
      rwlock.acquireReadSync();
      permits.acquireSync();
      throw new Error('no');
    },
  });
  thread.start();
  await thread.join();
  const written = await rwlock.acquireWrite();
  assert.ok(written !== null);
  written.release();
  assert.equal(permits.value, 3);
});

test('of two threads in a deadlock one gets the error, and the other goes on although the first releases nothing', async () => {
  const [one, two, both] = [new Lock(), new Lock(), new Barrier(2)];
  const [deadlocked, told] = [new Event(), new Event()];
  const crew = [[one, two] as const, [two, one] as const].map(
    ([first, second]) =>
      new Thread({
        target: () => {
          setExcepthook(({ excValue }) => ((excValue as Error).name === 'DeadlockError' ? deadlocked : told).set());
          first.acquireSync();
          both.waitSync();
          second.acquireSync();
        },
      }),
  );
  for (const thread of crew) thread.start();
  for (const thread of crew) assert.equal(await thread.join(), true);
  assert.deepEqual([deadlocked.isSet(), told.isSet()], [true, true]);
});
