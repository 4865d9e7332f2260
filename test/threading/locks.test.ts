import assert from 'node:assert/strict';
import {
  AbandonedLockError,
  Barrier,
  BoundedSemaphore,
  BrokenBarrierError,
  Condition,
  DeadlockError,
  Event,
  Lock,
  RLock,
  RWLock,
  Semaphore,
  Thread,
  int32,
  SharedValue,
} from '../../src/threading/index.ts';
import { SHORT } from '../support/patience.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

/** Threads that all run one function; ended by `join`. */
function crew<A extends readonly unknown[]>(count: number, target: (...args: A) => unknown, ...args: A): { join(): Promise<void> } {
  const threads = Array.from({ length: count }, (_, i) => new Thread({ target, args: args as never, name: `worker-${i + 1}` }));
  for (const thread of threads) thread.start();
  return {
    async join() {
      for (const thread of threads) assert.equal(await thread.join(), true);
    },
  };
}
/** Has a thread take the lock and be terminated while it holds it. */
async function leaveHeld(lock: Lock | RLock, name?: string): Promise<void> {
  const held = new Event();
  const thread = new Thread({
    name,
    target: () => {
      lock.acquireSync();
      held.set();
      for (;;);
    },
  });
  thread.start();
  await held.wait();
  await thread.terminate();
}
const words = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(count * 4));

for (const [name, make] of [
  ['Lock', () => new Lock()],
  ['RLock', () => new RLock()],
] as const) {
  test(`${name}: acquire gives the lock, release frees it, a scope does both, on an error too [LCK-01 LCK-04 LCK-12 RLK-04]`, async () => {
    const lock = make();
    assert.equal(await lock.acquire(), lock);
    assert.equal(lock.locked, true);
    lock.release();
    assert.equal(lock.locked, false);
    assert.throws(() => {
      using held = lock.acquireSync();
      assert.equal(held, lock);
      throw new Error('inside');
    }, /inside/);
    assert.equal(lock.locked, false);
  });

  test(`${name}: of many threads one is inside at a time, and each gets in [LCK-03]`, async () => {
    const lock = make();
    const seen = words(2);
    await crew(4, () => {
      for (let i = 0; i < 2000; i++) {
        using held = lock.acquireSync();
        if (seen[0] !== 0 || held === null) seen[1]!++;
        seen[0] = 1;
        seen[0] = 0;
      }
    }).join();
    assert.equal(seen[1], 0);
    assert.equal(lock.locked, false);
  });

  test(`${name}: another thread cannot get it while it is held, with and without a time-out [LCK-02 LCK-06 LCK-07 RLK-05]`, async () => {
    const lock = make();
    lock.acquireSync();
    const seen = words(3);
    await crew(1, () => {
      seen[0] = lock.tryAcquire() === null ? 1 : 0;
      seen[1] = lock.acquireSync({ timeout: 5 }) === null ? 1 : 0;
      seen[2] = lock.locked ? 1 : 0;
    }).join();
    assert.deepEqual([...seen], [1, 1, 1]);
    lock.release();
    assert.equal(lock.acquireSync({ timeout: 5 }), lock);
  });

  test(`${name}: what nobody holds cannot be released [LCK-11]`, () => {
    assert.throws(() => make().release(), { name: 'StateError', message: /nobody holds it/ });
  });

  test(`${name}: a negative time-out and NaN are refused, and the lock stays usable`, async () => {
    const lock = make();
    for (const timeout of [-1, NaN]) {
      await assert.rejects(lock.acquire({ timeout }), RangeError);
      assert.throws(() => lock.acquireSync({ timeout }), RangeError);
    }
    assert.equal(lock.tryAcquire(), lock);
  });

  test(`${name}: a wait is broken off by a signal, with its reason, and nothing is lost`, async () => {
    const lock = make();
    const [held, go] = [new Event(), new Event()];
    const holder = crew(1, () => {
      using _ = lock.acquireSync();
      held.set();
      go.waitSync();
    });
    await held.wait();
    const controller = new AbortController();
    const waiting = lock.acquire({ signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);
    await assert.rejects(waiting, (error) => error === reason);
    go.set();
    await holder.join();
    assert.equal(await lock.acquire(), lock);
  });

  test(`${name}: the next one gets what a dead thread held, and is told so, once`, async () => {
    const lock = make();
    const [held, go] = [new Event(), new Event()];
    const thread = new Thread({
      name: 'careless',
      target: () => {
        lock.acquireSync();
        held.set();
        go.waitSync();
      },
    });
    thread.start();
    await held.wait();
    const told = assert.rejects(lock.acquire(), (error) => {
      assert.ok(error instanceof AbandonedLockError);
      assert.match(error.message, /careless died \(terminated\)/);
      assert.equal(error.held, lock);
      return true;
    });
    await thread.terminate();
    await told;
    assert.equal(lock.locked, true);
    lock.release();
    using again = await lock.acquire();
    assert.equal(again, lock);
  });

  test(`${name}: who tries for what a dead thread held is told who that was`, async () => {
    const lock = make();
    await leaveHeld(lock, 'careless');
    assert.throws(() => lock.tryAcquire(), { name: 'AbandonedLockError', message: /careless died \(terminated\)/ });
    lock.release();
  });
}

test('a wait for a lock outlasts a signal: its handler runs, and the wait goes on [LCK-13]', async () => {
  const lock = new Lock();
  const [held, waits, go] = [new Event(), new Event(), new Event()];
  const heard = words(1);
  const onSignal = (): void => void heard[0]!++;
  process.on('SIGUSR2', onSignal);
  try {
    const holder = new Thread({
      target: () => {
        using _ = lock.acquireSync();
        held.set();
        waits.waitSync();
        process.kill(process.pid, 'SIGUSR2');
        go.waitSync();
      },
    });
    holder.start();
    await held.wait();
    const waiting = lock.acquire();
    waits.set();
    await until(() => heard[0]! > 0);
    assert.equal(await lock.acquire({ timeout: 1 }), null);
    go.set();
    assert.equal(await waiting, lock);
    lock.release();
    await holder.join();

    // One that blocks is not woken by it: the handler runs when the event loop does.
    held.clear();
    const blocks = new Thread({
      target: () => {
        using _ = lock.acquireSync();
        held.set();
        process.kill(process.pid, 'SIGUSR2');
      },
    });
    const before = heard[0]!;
    blocks.start();
    held.waitSync();
    assert.equal(lock.acquireSync(), lock);
    lock.release();
    await until(() => heard[0]! > before);
    await blocks.join();
  } finally {
    process.off('SIGUSR2', onSignal);
  }
});

test('a lock may be released by another thread than its holder, which lives on [LCK-09]', async () => {
  const lock = new Lock();
  lock.acquireSync();
  await crew(1, () => lock.release()).join();
  assert.equal(lock.locked, false);
});

test('a thread that ends in good order keeps its lock, and another may release it [LCK-09]', async () => {
  const lock = new Lock();
  await crew(1, () => void lock.acquireSync()).join();
  assert.equal(lock.locked, true);
  lock.release();
  assert.equal(lock.tryAcquire(), lock);
});

test('a lock is not re-entrant; a re-entrant one is, and only for its owner [LCK-08 RLK-01 RLK-03 RLK-06]', async () => {
  const lock = new Lock();
  lock.acquireSync();
  assert.equal(lock.tryAcquire(), null);
  assert.equal(lock.acquireSync({ timeout: 1 }), null);
  const rlock = new RLock();
  rlock.acquireSync();
  rlock.acquireSync();
  assert.equal(rlock.recursionCount, 2);
  const seen = words(2);
  await crew(1, () => {
    seen[0] = rlock.recursionCount;
    try {
      rlock.release();
    } catch {
      seen[1] = 1;
    }
  }).join();
  assert.deepEqual([...seen], [0, 1]);
  rlock.release();
  assert.equal(rlock.locked, true);
  rlock.release();
  assert.equal(rlock.locked, false);
});

test('a lock that is not robust is handed on without a word', async () => {
  const lock = new Lock({ robust: false });
  await leaveHeld(lock);
  assert.equal(await lock.acquire(), lock);
});

test('a deadlock is told by name in one of its threads, and the others go on', async () => {
  const [a, b] = [new Lock({ name: 'A' }), new Lock({ name: 'B' })];
  const [one, two] = [new Event(), new Event()];
  const seen = words(2);
  const cross = (first: Lock, second: Lock, mine: Event, other: Event): void => {
    using _ = first.acquireSync();
    mine.set();
    other.waitSync();
    try {
      second.acquireSync();
      second.release();
      seen[0]!++;
    } catch (error) {
      if (error instanceof DeadlockError && /waits for lock [AB].*which worker-/.test(error.message)) seen[1]!++;
    }
  };
  const threads = [
    new Thread({ target: cross, args: [a, b, one, two], name: 'worker-1' }),
    new Thread({ target: cross, args: [b, a, two, one], name: 'worker-2' }),
  ];
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
  assert.deepEqual([...seen], [1, 1]);
});

test('two threads hand a turn to and fro by a condition, and no notice is lost [CND-04]', async () => {
  const condition = new Condition(new Lock());
  const turn = words(1);
  const play = (me: number, other: number): void => {
    condition.acquireSync();
    for (let i = 0; i < 5000; i++) {
      while (turn[0] !== me) condition.waitSync();
      turn[0] = other;
      condition.notify();
    }
    condition.release();
  };
  const threads = [new Thread({ target: play, args: [0, 1] }), new Thread({ target: play, args: [1, 0] })];
  for (const thread of threads) thread.start();
  for (const thread of threads) assert.equal(await thread.join(), true);
  assert.equal(turn[0], 0);
});

test('a condition has a re-entrant lock unless it is given one, and needs it held [CND-01 CND-02 CND-03]', async () => {
  assert.ok(new Condition().lock instanceof RLock);
  const lock = new Lock();
  const condition = new Condition(lock);
  assert.equal(condition.lock, lock);
  await assert.rejects(condition.wait(), { name: 'StateError' });
  assert.throws(() => condition.notify(), { name: 'StateError' });
});

test('notify wakes as many as asked for, notifyAll the rest [CND-04]', async () => {
  const condition = new Condition(new Lock());
  const [waiting, woken] = [words(1), words(1)];
  const all = crew(4, () => {
    using _ = condition.acquireSync();
    Atomics.add(waiting, 0, 1);
    condition.waitSync();
    Atomics.add(woken, 0, 1);
  });
  await until(() => Atomics.load(waiting, 0) === 4);
  {
    using _ = await condition.acquire();
    condition.notify(2);
  }
  await until(() => Atomics.load(woken, 0) === 2);
  {
    using _ = await condition.acquire();
    assert.equal(woken[0], 2);
    condition.notifyAll();
  }
  await all.join();
  assert.equal(woken[0], 4);
});

test('a wait that times out gives false, and the lock is held again, as deep as before [CND-06 CND-08 CND-09]', async () => {
  const condition = new Condition();
  condition.acquireSync();
  condition.acquireSync();
  assert.equal(condition.waitSync({ timeout: 1 }), false);
  assert.equal(await condition.wait({ timeout: 1 }), false);
  assert.equal((condition.lock as RLock).recursionCount, 2);
  assert.equal(
    condition.waitForSync(() => false, { timeout: 5 }),
    false,
  );
  condition.release();
  condition.release();
  // Notices do not prolong it: the time-out is that of the whole wait.
  const over = words(1);
  const notifier = crew(1, () => {
    while (over[0] === 0) {
      using _ = condition.acquireSync();
      condition.notifyAll();
    }
  });
  let asked = 0;
  {
    using _ = await condition.acquire();
    assert.equal(await condition.waitFor(() => ++asked < 0, { timeout: SHORT }), false);
  }
  assert.ok(asked >= 2);
  over[0] = 1;
  await notifier.join();
});

test('waitFor asks again at every notice, and gives what the predicate gave [CND-07]', async () => {
  const condition = new Condition(new Lock());
  const value = words(1);
  const result = words(1);
  const waiter = crew(1, () => {
    using _ = condition.acquireSync();
    result[0] = condition.waitForSync(() => (value[0]! >= 3 ? value[0]! : 0));
  });
  for (let i = 0; i < 3; i++) {
    using _ = await condition.acquire();
    value[0]!++;
    condition.notifyAll();
  }
  await waiter.join();
  assert.equal(result[0], 3);
});

test('a notice is not lost to a waiter that was cancelled or has died', async () => {
  const condition = new Condition(new Lock());
  const [waiting, woken] = [words(1), words(1)];
  const dies = new Thread({
    target: () => {
      condition.acquireSync();
      Atomics.add(waiting, 0, 1);
      condition.waitSync();
    },
  });
  dies.start();
  await until(() => Atomics.load(waiting, 0) === 1);
  const lives = crew(1, () => {
    using _ = condition.acquireSync();
    Atomics.add(waiting, 0, 1);
    condition.waitSync();
    woken[0] = 1;
  });
  await until(() => Atomics.load(waiting, 0) === 2);
  await dies.terminate();
  {
    using _ = await condition.acquire();
    condition.notify();
  }
  await lives.join();
  assert.equal(woken[0], 1);
});

test('a semaphore lets as many in as it has permits, one by default [SEM-02 SEM-03 SEM-04 SEM-07 SEM-08]', async () => {
  assert.equal(new Semaphore().value, 1);
  const semaphore = new Semaphore(2);
  const seen = words(2);
  await crew(4, () => {
    for (let i = 0; i < 200; i++) {
      using _ = semaphore.acquireSync();
      if (Atomics.add(seen, 0, 1) >= 2) Atomics.add(seen, 1, 1);
      Atomics.sub(seen, 0, 1);
    }
  }).join();
  assert.equal(seen[1], 0);
  assert.equal(semaphore.value, 2);
  assert.throws(() => {
    using _ = semaphore.acquireSync();
    throw new Error('inside');
  }, /inside/);
  assert.equal(semaphore.value, 2);
  semaphore.acquireSync();
  semaphore.acquireSync();
  assert.equal(semaphore.tryAcquire(), null);
  assert.equal(await semaphore.acquire({ timeout: 1 }), null);
});

test('a semaphore is released by any number, but not by less than one [SEM-05 SEM-09]', async () => {
  const semaphore = new Semaphore(0);
  const done = words(1);
  const all = crew(3, () => {
    semaphore.acquireSync();
    Atomics.add(done, 0, 1);
  });
  semaphore.release(3);
  await all.join();
  assert.equal(done[0], 3);
  for (const count of [0, -1, 1.5]) assert.throws(() => semaphore.release(count), RangeError);
  assert.throws(() => new Semaphore(-1), RangeError);
});

test('a bounded semaphore refuses more permits than it began with, as a whole [BSM-01 BSM-03]', () => {
  const semaphore = new BoundedSemaphore(2);
  assert.throws(() => semaphore.release(), RangeError);
  assert.equal(semaphore.value, 2);
  semaphore.acquireSync();
  assert.throws(() => semaphore.release(2), { name: 'RangeError', message: /too many/ });
  assert.equal(semaphore.value, 1);
  semaphore.release();
  assert.equal(semaphore.value, 2);
});

test('what a dead thread held of a semaphore comes back', async () => {
  const semaphore = new Semaphore(2);
  const held = new Event();
  const thread = new Thread({
    target: () => {
      semaphore.acquireSync();
      semaphore.acquireSync();
      held.set();
      for (;;);
    },
  });
  thread.start();
  await held.wait();
  const waiting = semaphore.acquire();
  await thread.terminate();
  assert.equal(await waiting, semaphore);
  assert.equal(semaphore.value, 1);
});

test('a thread that took a hundred signals leaves one at most when it dies: the others were answered', async () => {
  const [signal, answer, never] = [new Semaphore(0), new Semaphore(0), new Event()];
  const thread = new Thread({
    target: () => {
      for (let i = 0; i < 100; i++) {
        signal.acquireSync();
        answer.release();
      }
      never.waitSync();
    },
  });
  thread.start();
  for (let i = 0; i < 100; i++) {
    signal.release();
    await answer.acquire();
  }
  await thread.terminate();
  assert.equal(signal.value, 1);
});

test('a semaphore knows its holders, however many they are, and gives back what each of them held', async () => {
  const [semaphore, held] = [new Semaphore(16), new Semaphore(0)];
  const threads = Array.from(
    { length: 16 },
    () =>
      new Thread({
        target: () => {
          semaphore.acquireSync();
          held.release();
          return new Promise(() => {});
        },
      }),
  );
  for (const thread of threads) thread.start();
  for (const _ of threads) await held.acquire();
  assert.equal(semaphore.tryAcquire(), null);
  for (const thread of threads) await thread.terminate();
  assert.equal(semaphore.value, 16);
  for (const _ of threads) assert.equal(semaphore.tryAcquire(), semaphore);
  assert.equal(semaphore.tryAcquire(), null);
});

test('an event wakes all when it is set, polls with 0, and works again after clear [EVT-01 EVT-02 EVT-03 EVT-05]', async () => {
  const event = new Event();
  assert.equal(event.isSet(), false);
  assert.equal(event.waitSync({ timeout: 0 }), false);
  const woken = words(1);
  const all = crew(3, () => {
    if (event.waitSync()) Atomics.add(woken, 0, 1);
  });
  event.set();
  event.set();
  await all.join();
  assert.equal(woken[0], 3);
  assert.equal(await event.wait({ timeout: 0 }), true);
  event.clear();
  event.clear();
  assert.equal(await event.wait({ timeout: SHORT }), false);
});

test('a waiter that was woken by set gets true although clear follows at once [EVT-06]', async () => {
  const event = new Event();
  const waiting = [1, 2, 3].map(() => event.wait());
  event.set();
  event.clear();
  assert.deepEqual(await Promise.all(waiting), [true, true, true]);
});

test('nobody passes a barrier before all have come, round after round [BAR-01 BAR-02 BAR-10 BAR-11]', async () => {
  for (const parties of [0, -1, 1.5]) assert.throws(() => new Barrier(parties), RangeError);
  assert.equal(new Barrier(1).waitSync(), 0);
  const barrier = new Barrier(3);
  const [arrived, wrong] = [words(1), words(1)];
  await crew(3, () => {
    for (let round = 1; round <= 50; round++) {
      Atomics.add(arrived, 0, 1);
      barrier.waitSync();
      if (Atomics.load(arrived, 0) < round * 3) Atomics.add(wrong, 0, 1);
    }
  }).join();
  assert.equal(wrong[0], 0);
  assert.deepEqual([barrier.nWaiting, barrier.broken], [0, false]);
});

test('the action of a barrier runs once a round, before anybody goes on [BAR-04]', async () => {
  const [ran, wrong] = [words(1), words(1)];
  const barrier = new Barrier(2, { action: () => void Atomics.add(ran, 0, 1) });
  await crew(2, () => {
    for (let round = 1; round <= 20; round++) {
      barrier.waitSync();
      if (Atomics.load(ran, 0) < round) Atomics.add(wrong, 0, 1);
    }
  }).join();
  assert.deepEqual([ran[0], wrong[0]], [20, 0]);
});

test('a wait at a barrier that is cancelled when all have come gives its number, as the others get theirs', async () => {
  const barrier = new Barrier(2);
  const cancel = new AbortController();
  const first = barrier.wait({ signal: cancel.signal });
  assert.equal(barrier.waitSync(), 1);
  cancel.abort();
  assert.equal(await first, 0);
  assert.equal(barrier.broken, false);
  const alone = barrier.wait({ signal: cancel.signal });
  await assert.rejects(alone, { name: 'AbortError' });
});

test('abort and time-outs break a barrier for all; reset repairs it [BAR-05 BAR-06 BAR-07 BAR-09]', async () => {
  const barrier = new Barrier(2);
  const waiting = barrier.wait();
  barrier.abort();
  await assert.rejects(waiting, BrokenBarrierError);
  assert.equal(barrier.broken, true);
  assert.throws(() => barrier.waitSync(), BrokenBarrierError);
  barrier.reset();
  assert.equal(barrier.broken, false);
  const sentAway = barrier.wait();
  barrier.reset();
  await assert.rejects(sentAway, BrokenBarrierError);
  assert.deepEqual(
    (await Promise.all([barrier.wait(), barrier.wait()])).toSorted((a, b) => a - b),
    [0, 1],
  );
  const impatient = new Barrier(2, { timeout: 5 });
  await assert.rejects(impatient.wait(), BrokenBarrierError);
  assert.equal(impatient.broken, true);
});

test('a thread that dies in a barrier breaks it for those who wait there, and for who comes', async () => {
  const barrier = new Barrier(3);
  const dies = new Thread({ target: () => void barrier.waitSync() });
  dies.start();
  await until(() => barrier.nWaiting === 1);
  const sentAway = assert.rejects(barrier.wait(), BrokenBarrierError);
  await until(() => barrier.nWaiting === 2);
  await dies.terminate();
  await sentAway;
  assert.throws(() => barrier.waitSync(), BrokenBarrierError);
  barrier.reset();
  assert.deepEqual(new Set(await Promise.all([barrier.wait(), barrier.wait(), barrier.wait()])), new Set([0, 1, 2]));
});

for (const length of [2, 3]) {
  test(`a deadlock of ${length} re-entrant locks is told in one thread, with all of them`, async () => {
    const locks = Array.from({ length }, (_, i) => new RLock({ name: `R${i}` }));
    const all = new Barrier(length);
    const seen = words(2);
    const threads = locks.map(
      (mine, i) =>
        new Thread({
          name: `ring-${i}`,
          args: [mine, locks[(i + 1) % length]!, length] as const,
          target: (mine: RLock, next: RLock, length: number) => {
            using _ = mine.acquireSync();
            all.waitSync();
            try {
              next.acquireSync();
              next.release();
              Atomics.add(seen, 0, 1);
            } catch (error) {
              if (!(error instanceof DeadlockError) || error.cycle.length !== length) throw error;
              if (error.cycle[0]!.where !== '' && error.cycle.every(({ thread }) => /^ring-\d$/.test(thread))) Atomics.add(seen, 1, 1);
            }
          },
        }),
    );
    for (const thread of threads) thread.start();
    for (const thread of threads) await thread.join();
    assert.deepEqual([...seen], [length - 1, 1]);
  });
}

test('many read at once, one writes alone', async () => {
  const lock = new RWLock();
  const seen = words(3);
  await crew(4, () => {
    for (let i = 0; i < 300; i++) {
      if (i % 10 === 0) {
        using _ = lock.acquireWriteSync();
        if (Atomics.add(seen, 0, 1) !== 0 || Atomics.load(seen, 1) !== 0) seen[2]!++;
        Atomics.sub(seen, 0, 1);
      } else {
        using _ = lock.acquireReadSync();
        Atomics.add(seen, 1, 1);
        if (Atomics.load(seen, 0) !== 0) seen[2]!++;
        Atomics.sub(seen, 1, 1);
      }
    }
  }).join();
  assert.equal(seen[2], 0);
  assert.equal(lock.holders, 0);
  assert.throws(() => lock.releaseRead(), { name: 'StateError' });
});

test('a captured or sent lock arrives as the same lock', async () => {
  const lock = new Lock({ name: 'one' });
  const condition = new Condition(lock);
  const seen = words(2);
  const thread = new Thread({
    target: (sent: Lock, inObject: { readonly condition: Condition }) => {
      seen[0] = sent === lock ? 1 : 0;
      seen[1] = inObject.condition.lock === lock ? 1 : 0;
    },
    args: [lock, { condition }],
  });
  thread.start();
  await thread.join();
  assert.deepEqual([...seen], [1, 1]);
});

test('a value and the lock that lies at its beginning are two things in every thread', async () => {
  const value = new SharedValue(int32, 0);
  const { lock } = value;
  const add = (): void => {
    for (let i = 0; i < 500; i++) {
      using _held = lock.acquireSync();
      value.value += 1;
    }
  };
  const threads = Array.from({ length: 3 }, () => new Thread({ target: add }));
  for (const thread of threads) thread.start();
  for (const thread of threads) await thread.join();
  assert.equal(value.value, 1500);
});
