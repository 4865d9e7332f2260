import assert from 'node:assert/strict';
import {
  Barrier,
  BoundedSemaphore,
  BrokenBarrierError,
  CancelledError,
  Condition,
  createTask,
  Event,
  gather,
  Lock,
  Semaphore,
  timeout,
  TimeoutError,
  wait,
} from '../../src/asyncio/index.ts';
import { SHORT } from '../support/patience.ts';
import { Boom, rejects, step, test } from './support.ts';

test('a lock is had by one at a time, in the order of their coming', async () => {
  const lock = new Lock();
  const order: number[] = [];
  await lock.acquire();
  const tasks = [1, 2, 3].map((n) =>
    createTask(async () => {
      using _ = await lock.acquire();
      order.push(n);
    }),
  );
  assert.equal(lock.tryAcquire(), null);
  lock.release();
  await gather(tasks);
  assert.deepEqual(order, [1, 2, 3]);
  assert.equal(lock.locked, false);
});

test('a wait for a lock that is cancelled leaves the line [ALK-02]', async () => {
  const lock = new Lock();
  await lock.acquire();
  const first = createTask(() => lock.acquire());
  const second = createTask(() => lock.acquire());
  first.cancel();
  lock.release();
  await rejects(first, CancelledError);
  assert.equal(await second, lock);
  assert.equal(lock.locked, true);
  lock.release();
});

test('when the first in line is cancelled as the lock is released, just one other gets it [ALK-03]', async () => {
  const lock = new Lock();
  let count = 0;
  const take = (): ReturnType<typeof createTask<void>> =>
    createTask(async () => {
      await lock.acquire();
      count++;
    });
  await lock.acquire();
  const [first, second, third] = [take(), take(), take()];
  first.cancel();
  lock.release();
  await rejects(first, CancelledError);
  await step();
  assert.deepEqual([count, second.done, third.done], [1, true, false]);
  third.cancel();
  await rejects(third, CancelledError);
  lock.release();
});

test('a grant stays granted when the task is cancelled in the same moment', async () => {
  const lock = new Lock();
  await lock.acquire();
  let held = false;
  const task = createTask(async () => {
    using _ = await lock.acquire();
    held = true;
    await step();
  });
  lock.release();
  task.cancel();
  await rejects(task, CancelledError);
  assert.deepEqual([held, lock.locked], [true, false]);
});

test('a lock that nobody holds is not released; one that nobody waits for becomes free [ALK-04]', async () => {
  const lock = new Lock();
  assert.throws(() => lock.release(), { name: 'StateError', code: 'ERR_NOT_HELD' });
  await lock.acquire();
  lock.release();
  assert.equal(lock.locked, false);
});

test('waits take a time and a signal', async () => {
  const lock = new Lock();
  assert.equal(await lock.acquire({ timeout: 0 }), lock);
  assert.equal(await lock.acquire({ timeout: 1 }), null);
  assert.equal(await lock.acquire({ timeout: 0 }), null);
  assert.throws(() => void lock.acquire({ timeout: -1 }), RangeError);
  const controller = new AbortController();
  const waiting = lock.acquire({ signal: controller.signal });
  controller.abort(new Boom());
  await rejects(waiting, Boom);
  const semaphore = new Semaphore(0);
  assert.equal(await semaphore.acquire({ timeout: 1 }), null);
  assert.equal(await new Event().wait({ timeout: 1 }), false);
  lock.release();
  assert.equal(lock.locked, false);
  semaphore.release();
  assert.equal(semaphore.value, 1);
});

test('an event lets those go on that waited when it was set, also if it is cleared at once [AEV-01]', async () => {
  const event = new Event();
  const waiter = createTask(() => event.wait());
  const cancelled = createTask(() => event.wait());
  cancelled.cancel();
  event.set();
  event.clear();
  assert.equal(await waiter, true);
  await rejects(cancelled, CancelledError);
  assert.equal(event.isSet(), false);
  event.set();
  assert.equal(await event.wait(), true);
});

test('wait of a condition gives up the lock and has it again, also when cancelled or out of time [ACN-01]', async () => {
  const condition = new Condition();
  assert.throws(() => condition.notify(), { code: 'ERR_NOT_HELD' });
  await rejects(condition.wait(), { code: 'ERR_NOT_HELD' });
  const task = createTask(async () => {
    using _ = await condition.acquire();
    try {
      await condition.wait();
    } finally {
      assert.equal(condition.locked, true);
    }
  });
  await step();
  assert.equal(condition.locked, false);
  task.cancel();
  await rejects(task, CancelledError);
  assert.equal(condition.locked, false);
  using _ = await condition.acquire();
  await rejects(
    timeout(1, () => condition.wait()),
    TimeoutError,
  );
  assert.equal(condition.locked, true);
  assert.equal(await condition.wait({ timeout: 1 }), false);
  assert.equal(condition.locked, true);
});

test('a cancellation that comes while the lock is had again is thrown as it is, afterwards [ACN-02]', async () => {
  const condition = new Condition();
  let raised: unknown;
  const task = createTask(async () => {
    using _ = await condition.acquire();
    try {
      await condition.wait();
    } catch (error) {
      assert.equal(condition.locked, true);
      raised = error;
      throw error;
    }
  });
  await step();
  await condition.acquire();
  condition.notify();
  await step();
  task.cancel('foo');
  condition.release();
  await rejects(task, (error: Error) => error === raised && error.message === 'foo');
  assert.equal(condition.locked, false);
});

test('a notice that hits somebody who is being cancelled goes to another [ACN-03]', async () => {
  const condition = new Condition();
  let state = 0;
  const consume = async (): Promise<void> => {
    using _ = await condition.acquire();
    for (;;) {
      await condition.waitFor(() => state !== 0);
      if (state < 0) return;
      state--;
    }
  };
  const [first, second] = [createTask(consume), createTask(consume)];
  await step();
  await condition.acquire();
  state++;
  condition.notify();
  await step();
  first.cancel();
  await condition.waitFor(() => state === 0, { timeout: SHORT });
  assert.equal(state, 0);
  state = -1;
  condition.notifyAll();
  condition.release();
  await wait([first, second]);
  await second;
});

test('notify lets so many go on, notifyAll all; waitFor gives what its predicate gives [ACN-04]', async () => {
  const condition = new Condition();
  let count = 0;
  const tasks = [1, 2, 3, 4].map(() =>
    createTask(async () => {
      using _ = await condition.acquire();
      await condition.wait();
      count++;
    }),
  );
  await step();
  for (const expected of [1, 3]) {
    {
      using _ = await condition.acquire();
      condition.notify(expected === 1 ? 1 : 2);
    }
    await step();
    assert.equal(count, expected);
  }
  {
    using _ = await condition.acquire();
    condition.notifyAll();
  }
  await gather(tasks);
  using _ = await condition.acquire();
  assert.equal(await condition.waitFor(() => 'text'), 'text');
  assert.equal(await condition.waitFor(() => '', { timeout: 1 }), '');
});

test('a condition on an orphan of a dead task ends, and does not spin', async () => {
  const condition = new Condition();
  let orphan: Promise<unknown> | undefined;
  const task = createTask(async () => {
    orphan = (async () => {
      using _ = await condition.acquire();
      await condition.wait();
    })();
    await step();
    throw new Boom();
  });
  await rejects(task, Boom);
  await rejects(orphan!, CancelledError);
  assert.equal(condition.locked, false);
});

test('a semaphore serves in order, and nobody overtakes [ASM-01 ASM-02]', async () => {
  const semaphore = new Semaphore(1);
  const order: string[] = [];
  const twice = (tag: string) => async (): Promise<void> => {
    for (const round of [1, 2]) {
      using _ = await semaphore.acquire();
      order.push(`${tag}${round}`);
      await step();
    }
  };
  await gather(['a', 'b', 'c'].map(twice));
  assert.deepEqual(order, ['a1', 'b1', 'c1', 'a2', 'b2', 'c2']);
  const empty = new Semaphore(0);
  const tasks = [1, 2, 3].map((n) =>
    createTask(async () => {
      await empty.acquire();
      order.push(String(n));
    }),
  );
  empty.release(3);
  await gather(tasks);
  assert.deepEqual(order.slice(6), ['1', '2', '3']);
});

test('those who are cancelled take no permit, and give way to the next [ASM-03 ASM-04]', async () => {
  const semaphore = new Semaphore(0);
  const tasks = [0, 1, 2, 3].map(() => createTask(() => semaphore.acquire()));
  tasks[0]!.cancel();
  tasks[1]!.cancel();
  semaphore.release();
  await step();
  assert.deepEqual(
    tasks.map((task) => task.done && !task.cancelled),
    [false, false, true, false],
  );
  tasks[3]!.cancel();
  await wait(tasks);
  semaphore.release();
  assert.equal(semaphore.value, 1);
});

test('bad numbers are refused; a bounded semaphore is not released too often', async () => {
  assert.throws(() => new Semaphore(-1), RangeError);
  assert.throws(() => new Semaphore(1.5), RangeError);
  assert.throws(() => new Semaphore().release(0), RangeError);
  const bounded = new BoundedSemaphore(2);
  assert.throws(() => bounded.release(), { code: 'ERR_RELEASED_TOO_OFTEN' });
  await bounded.acquire();
  assert.throws(() => bounded.release(2), RangeError);
  assert.ok(bounded.tryAcquire());
  assert.equal(bounded.tryAcquire(), null);
  bounded.release(2);
});

test('a barrier lets all go on when the last has come, round after round [ABR-02]', async () => {
  const barrier = new Barrier(3);
  for (let round = 0; round < 3; round++) {
    const arrivals = await gather([0, 1, 2].map(() => () => barrier.wait()));
    assert.deepEqual(new Set(arrivals), new Set([0, 1, 2]));
  }
  // One that comes while the others leave waits for the next round.
  const four = [0, 1, 2, 3].map(() => createTask(() => barrier.wait()));
  await step();
  assert.deepEqual([four.filter((task) => task.done).length, barrier.nWaiting], [3, 1]);
  const others = [0, 1].map(() => createTask(() => barrier.wait()));
  await gather([...four, ...others]);
  assert.throws(() => new Barrier(0), RangeError);
});

test('the numbers that a barrier gives are different, also when somebody has left', async () => {
  const barrier = new Barrier(3);
  const [first, second] = [createTask(() => barrier.wait()), createTask(() => barrier.wait())];
  first.cancel();
  await rejects(first, CancelledError);
  assert.deepEqual(
    await gather(
      second,
      () => barrier.wait(),
      () => barrier.wait(),
    ),
    [0, 1, 2],
  );
});

test('who is cancelled, or out of time, leaves the barrier whole [ABR-03]', async () => {
  const barrier = new Barrier(3);
  const first = createTask(() => barrier.wait());
  const second = createTask(() => barrier.wait());
  first.cancel();
  await rejects(first, CancelledError);
  assert.equal(barrier.nWaiting, 1);
  await rejects(barrier.wait({ timeout: 1 }), TimeoutError);
  await gather([second, () => barrier.wait(), () => barrier.wait()]);
  assert.equal(barrier.broken, false);
});

test('abort breaks the barrier for those who wait and come; reset makes it as new [ABR-04]', async () => {
  const barrier = new Barrier(3);
  const waiting = [0, 1].map(() => createTask(() => barrier.wait()));
  barrier.abort();
  for (const task of waiting) await rejects(task, BrokenBarrierError);
  await rejects(barrier.wait(), BrokenBarrierError);
  assert.equal(barrier.broken, true);
  barrier.reset();
  const again = [0, 1].map(() => createTask(() => barrier.wait()));
  barrier.reset();
  for (const task of again) await rejects(task, BrokenBarrierError);
  // Those who were let through are not held back by what comes after.
  const full = [0, 1, 2].map(() => createTask(() => barrier.wait()));
  barrier.abort();
  assert.deepEqual(new Set(await gather(full)), new Set([0, 1, 2]));
  barrier.reset();
  assert.equal((await gather([0, 1, 2].map(() => () => barrier.wait({ timeout: SHORT })))).length, 3);
});
