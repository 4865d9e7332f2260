import assert from 'node:assert/strict';
import { DeadlockError, Event, Lock, setDeadlockDetection, Thread } from '../../src/threading/index.ts';
import { MEDIUM } from '../support/patience.ts';
import { programLines } from '../support/program-lines.ts';
import { test } from '../support/test.ts';

test('a thread that joins one which waits for its lock is in a deadlock, and is told so', async () => {
  const lock = new Lock({ name: 'L' });
  const held = new Event();
  const joiner = new Thread({
    name: 'joiner',
    target: () => {
      const waiter = new Thread({
        name: 'waiter',
        target: () => {
          held.waitSync();
          try {
            lock.acquireSync();
            lock.release();
          } catch (error) {
            if (!(error instanceof DeadlockError)) throw error;
          }
        },
      });
      lock.acquireSync();
      waiter.start();
      held.set();
      try {
        waiter.joinSync();
      } catch (error) {
        if (!(error instanceof DeadlockError)) throw error;
      }
      lock.release();
      waiter.joinSync();
    },
  });
  joiner.start();
  assert.equal(await joiner.join(), true);
  assert.equal(lock.locked, false);
});

test('two threads that wait for each other with time-outs are in no deadlock, and neither is who waits for a slow holder', async () => {
  const [a, b, slow] = [new Lock(), new Lock(), new Lock()];
  const [one, two, held] = [new Event(), new Event(), new Event()];
  const failures = new Int32Array(new SharedArrayBuffer(4));
  const cross = (first: Lock, second: Lock, mine: Event, other: Event, timeout: number): void => {
    try {
      using _ = first.acquireSync();
      mine.set();
      other.waitSync();
      if (second.acquireSync({ timeout }) !== null) second.release();
    } catch {
      Atomics.add(failures, 0, 1);
    }
  };
  const holder = new Thread({
    args: [MEDIUM],
    target: (ms: number) => {
      using _ = slow.acquireSync();
      held.set();
      new Event().waitSync({ timeout: ms });
    },
  });
  const threads = [
    new Thread({ target: cross, args: [a, b, one, two, MEDIUM] }),
    new Thread({ target: cross, args: [b, a, two, one, MEDIUM] }),
    holder,
  ];
  for (const thread of threads) thread.start();
  await held.wait();
  assert.equal(await slow.acquire(), slow);
  slow.release();
  for (const thread of threads) await thread.join();
  assert.equal(failures[0], 0);
});

test('where the search for deadlocks is off, nobody is told', async () => {
  setDeadlockDetection(false);
  try {
    const lock = new Lock();
    lock.acquireSync();
    const waiter = new Thread({ daemon: true, target: () => lock.acquireSync() });
    waiter.start();
    assert.equal(await waiter.join({ timeout: MEDIUM }), false);
    lock.release();
    assert.equal(await waiter.join(), true);
  } finally {
    setDeadlockDetection(true);
  }
});

test('a deadlock with a thread that awaits is told where the output is a pipe, too, and not while a timer may end it', async () => {
  const source = (more: string): string => `
    import { Barrier, Lock, Thread } from 'manycore/threading';
    const [a, b, met] = [new Lock({ name: 'A' }), new Lock({ name: 'B' }), new Barrier(2)];
    console.log('begins');
    console.error('begins');
    ${more}
    const thread = new Thread({ name: 'T', target: () => {
      a.acquireSync();
      met.waitSync();
      try {
        b.acquireSync();
        console.log('released');
      } catch (error) {
        console.log(error.name);
      }
      a.release();
    } });
    b.acquireSync();
    thread.start();
    met.waitSync();
    await a.acquire();
    await thread.join();
    process.exit();`;
  assert.deepEqual((await programLines(source(''))).lines, ['begins', 'DeadlockError']);
  assert.deepEqual((await programLines(source(`setTimeout(() => b.release(), ${6 * MEDIUM});`))).lines, ['begins', 'released']);
});
