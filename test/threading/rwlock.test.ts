import assert from 'node:assert/strict';
import { AbandonedLockError, DeadlockError, Event, Lock, RWLock, Thread } from '../../src/threading/index.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

/** A thread that does something, and is then terminated. */
async function dies(act: () => void): Promise<void> {
  const [done, never] = [new Event(), new Event()];
  const thread = new Thread({
    name: 'mortal',
    target: () => {
      act();
      done.set();
      never.waitSync();
    },
  });
  thread.start();
  await done.wait();
  await thread.terminate();
}

test('a writer that died is told to all who come, until one has written', async () => {
  const lock = new RWLock({ name: 'ledger' });
  await dies(() => void lock.acquireWriteSync());
  for (const read of [() => lock.acquireRead(), async () => lock.acquireReadSync(), async () => lock.tryAcquireRead()]) {
    await assert.rejects(read, (error) => {
      assert.ok(error instanceof AbandonedLockError);
      assert.match(error.message, /lock ledger was abandoned: .* died/);
      assert.equal(lock.holders, 1);
      error.held[Symbol.dispose]();
      return true;
    });
  }
  const known = await lock.acquireWrite().catch((error: unknown) => {
    assert.ok(error instanceof AbandonedLockError);
    assert.equal(lock.holders, -1);
    return lock.acquireWriteSync();
  });
  known!.release();
  for (const side of [await lock.acquireRead(), await lock.acquireRead()]) side!.release();
  (await lock.acquireWrite())!.release();
  assert.equal(lock.holders, 0);
});

test('a writer that dies is told to those that wait', async () => {
  const lock = new RWLock();
  const [held, never] = [new Event(), new Event()];
  const thread = new Thread({
    target: () => {
      lock.acquireWriteSync();
      held.set();
      never.waitSync();
    },
  });
  thread.start();
  await held.wait();
  const waiting = [lock.acquireRead(), lock.acquireRead()];
  await thread.terminate();
  for (const outcome of await Promise.allSettled(waiting)) {
    assert.ok(outcome.status === 'rejected' && outcome.reason instanceof AbandonedLockError);
    outcome.reason.held[Symbol.dispose]();
  }
  assert.equal(lock.holders, 0);
});

test('a lock that is not robust hands on what a dead writer held without a word', async () => {
  const lock = new RWLock({ robust: false });
  await dies(() => void lock.acquireWriteSync());
  (await lock.acquireRead())!.release();
  (await lock.acquireWrite())!.release();
});

test('a writer that dies while it waits keeps nobody out, and nobody is told: it changed nothing', async () => {
  const lock = new RWLock();
  const mine = (await lock.acquireRead())!;
  const begun = new Event();
  const thread = new Thread({
    target: () => {
      begun.set();
      lock.acquireWriteSync();
    },
  });
  thread.start();
  await begun.wait();
  // It waits: new readers are kept out.
  await until(() => {
    const other = lock.tryAcquireRead();
    other?.release();
    return other === null;
  });
  const reading = lock.acquireRead();
  await thread.terminate();
  (await reading)!.release();
  mine.release();
  (await lock.acquireWrite())!.release();
});

test('readers that died keep no writer out, however many they were', async () => {
  const lock = new RWLock();
  await dies(() => {
    for (let i = 0; i < 20; i++) lock.acquireReadSync();
  });
  assert.equal(lock.holders, 0);
  (await lock.acquireWrite())!.release();
});

test('a thread may read as often as it likes, and another may release it', async () => {
  const lock = new RWLock();
  for (let i = 0; i < 20; i++) lock.acquireReadSync();
  assert.equal(lock.holders, 20);
  const thread = new Thread({
    target: () => {
      for (let i = 0; i < 20; i++) lock.releaseRead();
    },
  });
  thread.start();
  await thread.join();
  assert.throws(() => lock.releaseRead(), { code: 'ERR_NOT_HELD' });
  assert.throws(() => lock.releaseWrite(), { code: 'ERR_NOT_HELD' });
  assert.equal(lock.holders, 0);
});

test('a reader and a writer that wait for each other are in a deadlock, and one of them is told', async () => {
  const [rwlock, lock] = [new RWLock({ name: 'pages' }), new Lock({ name: 'index' })];
  const [reads, locked] = [new Event(), new Event()];
  const told = new Int32Array(new SharedArrayBuffer(8));
  const names = [/reader waits for lock index.*which writer holds/, /writer waits for lock pages.*which reader holds/];
  const attempt = (act: () => Disposable | null): void => {
    try {
      using _ = act();
    } catch (error) {
      if (!(error instanceof DeadlockError)) throw error;
      Atomics.add(told, 0, 1);
      if (names.every((name) => name.test(error.message))) Atomics.add(told, 1, 1);
    }
  };
  const reader = new Thread({
    name: 'reader',
    target: () => {
      using _ = rwlock.acquireReadSync();
      reads.set();
      locked.waitSync();
      attempt(() => lock.acquireSync());
    },
  });
  const writer = new Thread({
    name: 'writer',
    target: () => {
      using _ = lock.acquireSync();
      locked.set();
      reads.waitSync();
      attempt(() => rwlock.acquireWriteSync());
    },
  });
  for (const thread of [reader, writer]) thread.start();
  for (const thread of [reader, writer]) assert.equal(await thread.join(), true);
  assert.deepEqual([...told], [1, 1]);
  assert.equal(rwlock.holders, 0);
});
