import assert from 'node:assert/strict';
import { dismissSpares } from '../../src/host/process/spares.ts';
import {
  AbandonedLockError,
  Array as SharedArray,
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  float64,
  int32,
  Lock,
  Process,
  Queue,
  SimpleQueue,
  RLock,
  Semaphore,
  SharedStruct,
  utf8,
  Value,
} from '../../src/multiprocessing/index.ts';
import * as threading from '../../src/threading/index.ts';
import { leavesNothing } from '../support/leaves-nothing.ts';
import { SHORT } from '../support/patience.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';

leavesNothing();
after(dismissSpares);

function start(target: () => unknown, count = 1): Process[] {
  const processes = Array.from({ length: count }, () => new Process({ target }));
  for (const process of processes) process.start();
  return processes;
}

async function joinAll(processes: readonly Process[]): Promise<void> {
  for (const process of processes) await process.join();
  assert.deepEqual(
    processes.map(({ exitCode }) => exitCode),
    processes.map(() => 0),
  );
}

test('a lock keeps processes apart: nothing that is counted under it is lost [MPS-01]', async () => {
  const lock = new Lock();
  const total = new Value(int32, 0);
  await joinAll(
    start(() => {
      for (let i = 0; i < 20_000; i++) {
        using _ = lock.acquireSync()!;
        total.value += 1;
      }
    }, 2),
  );
  assert.equal(total.value, 40_000);
});

test('whether a lock is held is seen from every process [LCK-12]', async () => {
  const locks = [new Lock(), new RLock()];
  const [seen, free] = [new Queue<boolean[]>(), new Event()];
  for (const lock of locks) await lock.acquire();
  const children = start(() => {
    seen.putSync(locks.map((lock) => lock.locked));
    free.waitSync();
    seen.putSync(locks.map((lock) => lock.locked));
  });
  assert.deepEqual(await seen.get(), [true, true]);
  for (const lock of locks) lock.release();
  free.set();
  assert.deepEqual(await seen.get(), [false, false]);
  await joinAll(children);
});

test('a re-entrant lock may be taken again by its owner, and by no other process [MPS-01]', async () => {
  const lock = new RLock();
  using _once = (await lock.acquire())!;
  using _twice = (await lock.acquire())!;
  const answers = new Queue<boolean>();
  await joinAll(start(() => answers.putSync(lock.tryAcquire() === null)));
  assert.equal(await answers.get(), true);
});

test('a semaphore lets so many processes in, a bounded one refuses too many releases [MPS-01]', async () => {
  const semaphore = new Semaphore(2);
  const inside = new Value(int32, 0);
  const most = new Value(int32, 0);
  await joinAll(
    start(() => {
      for (let i = 0; i < 200; i++) {
        using _ = semaphore.acquireSync()!;
        const now = inside.add(1) + 1;
        most.update((seen) => Math.max(seen, now));
        inside.add(-1);
      }
    }, 3),
  );
  assert.ok(most.value >= 1 && most.value <= 2, `${most.value} were inside at once`);
  assert.equal(semaphore.value, 2);
  assert.throws(() => new BoundedSemaphore(1).release(), { name: 'RangeError' });
});

test('an event wakes a process that blocks and one that awaits [MPS-01]', async () => {
  const go = new Event();
  const ready = new Semaphore(0);
  const blocking = start(() => {
    ready.release();
    if (!go.waitSync()) throw new Error('not set');
  });
  const awaiting = start(async () => {
    ready.release();
    if (!(await go.wait())) throw new Error('not set');
  });
  await ready.acquire();
  await ready.acquire();
  go.set();
  await joinAll([...blocking, ...awaiting]);
});

test('a condition hands over between processes [MPS-01]', async () => {
  const condition = new Condition();
  const turn = new Value(int32, 0);
  const children = start(() => {
    for (let i = 0; i < 50; i++) {
      using _ = condition.acquireSync()!;
      condition.waitForSync(() => turn.value === 1);
      turn.value = 0;
      condition.notifyAll();
    }
  });
  for (let i = 0; i < 50; i++) {
    using _ = (await condition.acquire())!;
    await condition.waitFor(() => turn.value === 0);
    turn.value = 1;
    condition.notifyAll();
  }
  await joinAll(children);
  assert.throws(() => new Condition(new threading.Lock() as never), { name: 'TypeError', message: /manycore\/multiprocessing/ });
});

test('a barrier keeps processes in step for a thousand rounds [MPS-02]', async () => {
  const barrier = new Barrier(2);
  const rounds = new SharedArray(int32, 2);
  const walk = (mine: number): void => {
    for (let round = 1; round <= 1000; round++) {
      rounds.view[mine] = round;
      barrier.waitSync();
      if (rounds.view[1 - mine]! < round || rounds.view[1 - mine]! > round + 1) throw new Error('out of step');
    }
  };
  const one = new Process({ target: walk, args: [0] });
  const other = new Process({ target: walk, args: [1] });
  one.start();
  other.start();
  await joinAll([one, other] as unknown as Process[]);
});

test('values, arrays and structs are the same memory in every process [MPV-01]', async () => {
  class Particle extends SharedStruct({ x: float64, name: utf8(16), lock: Lock }) {
    move(by: number): void {
      using _ = this.lock.acquireSync()!;
      this.x += by;
    }
  }
  const particle = new Particle({ x: 1, name: 'electron' });
  const grid = new SharedArray(float64, [1, 2, 3]);
  await joinAll(
    start(() => {
      particle.move(41);
      for (let i = 0; i < grid.length; i++) grid.view[i]! *= 2;
    }),
  );
  assert.equal(particle.x, 42);
  assert.equal(particle.name, 'electron');
  assert.deepEqual([...grid], [2, 4, 6]);
});

test('what processes share works among the threads of those processes as well', async () => {
  const lock = new Lock();
  const total = new Value(int32, 0);
  const children = start(async () => {
    const { Thread } = await import('../../src/threading/index.ts');
    const count = (): void => {
      for (let i = 0; i < 2000; i++) {
        using _ = lock.acquireSync()!;
        total.value += 1;
      }
    };
    const threads = [new Thread({ target: count }), new Thread({ target: count })];
    for (const thread of threads) thread.start();
    for (const thread of threads) await thread.join();
  });
  const here = new threading.Thread({
    target: () => {
      for (let i = 0; i < 2000; i++) {
        using _ = lock.acquireSync()!;
        total.value += 1;
      }
    },
  });
  here.start();
  await here.join();
  await joinAll(children);
  assert.equal(total.value, 6000);
});

for (const way of ['acquire', 'acquireSync'] as const) {
  test(`a lock whose holder was killed goes to the next one, who is told (${way})`, async () => {
    const lock = new Lock({ name: 'ledger' });
    const held = new Event();
    const [child] = start(() => {
      lock.acquireSync();
      held.set();
      new Event().waitSync();
    });
    await held.wait();
    child!.kill();
    const acquiring = async (): Promise<unknown> => lock[way]();
    await assert.rejects(acquiring, (error) => {
      assert.ok(error instanceof AbandonedLockError);
      assert.match(error.message, /ledger/);
      assert.equal(error.held, lock);
      return true;
    });
    lock.release();
    assert.equal(lock.tryAcquire(), lock);
    lock.release();
    await child!.join();
  });
}

test('permits of a process that was killed come back', async () => {
  const semaphore = new Semaphore(1);
  const held = new Event();
  const [child] = start(() => {
    semaphore.acquireSync();
    held.set();
    new Event().waitSync();
  });
  await held.wait();
  child!.kill();
  assert.equal(await semaphore.acquire(), semaphore);
  await child!.join();
});

test('a notice is not swallowed by a waiter that was killed', async () => {
  const condition = new Condition();
  const waiting = new Semaphore(0);
  const wait = (): void => {
    using _ = condition.acquireSync()!;
    waiting.release();
    condition.waitSync();
  };
  const [first] = start(wait);
  await waiting.acquire();
  const [second] = start(wait);
  await waiting.acquire();
  // Both sleep, or are about to: they have given up the lock.
  (await condition.acquire())!.release();
  first!.kill();
  await first!.join();
  {
    using _ = (await condition.acquire())!;
    condition.notify();
  }
  assert.equal(await second!.join(), true);
  assert.equal(second!.exitCode, 0);
});

test('a process that is killed in a barrier breaks it for the others', async () => {
  const barrier = new Barrier(3);
  const [child] = start(() => void barrier.waitSync());
  const sentAway = assert.rejects(barrier.wait(), { name: 'BrokenBarrierError' });
  await until(() => barrier.nWaiting === 2);
  child!.kill();
  await sentAway;
  assert.equal(barrier.broken, true);
  await child!.join();
});

test('an instance is told by where it lies', async () => {
  assert.ok(new Lock() instanceof Lock);
  assert.ok(!(new threading.Lock() instanceof Lock));
  const answers = new Queue<boolean[]>();
  const lock = new Lock();
  const event = new Event();
  await joinAll(start(() => answers.putSync([lock instanceof Lock, event instanceof Event, answers instanceof Queue])));
  assert.deepEqual(await answers.get(), [true, true, true]);
});

test('a queue carries items between processes in order, and is refused when it is closed [MPQ-01] [MPQ-03] [MPQ-05]', async () => {
  const jobs = new Queue<number>();
  const results = new Queue<number>();
  await jobs.put(1);
  const children = start(() => {
    for (let n = jobs.getSync(); n >= 0; n = jobs.getSync()) results.putSync(n * 2);
  });
  for (const n of [2, 3, -1]) await jobs.put(n);
  await joinAll(children);
  assert.deepEqual([await results.get(), await results.get(), await results.get()], [2, 4, 6]);
  await assert.rejects(results.get({ timeout: SHORT }), { name: 'QueueEmpty' });
  jobs.close();
  await jobs.joinThread();
  assert.throws(() => jobs.putNoWait(1), { code: 'ERR_QUEUE_CLOSED' });
  assert.throws(() => jobs.getNoWait(), { code: 'ERR_QUEUE_CLOSED' });
});

test('a simple queue that is closed does not say whether it is empty, and can be closed again [MPQ-06]', async () => {
  const queue = new SimpleQueue<number>();
  assert.equal(queue.isEmpty, true);
  await queue.put(1);
  assert.equal(queue.isEmpty, false);
  queue.close();
  queue.close();
  assert.throws(() => queue.isEmpty, { name: 'StateError', code: 'ERR_QUEUE_CLOSED' });
});

test('an item that cannot be sent is refused at the put, and the queue goes on [MPQ-02]', async () => {
  const queue = new Queue();
  await assert.rejects(queue.put(Promise.resolve()), { name: 'SendError' });
  assert.equal(queue.size, 0);
  await queue.put('fine');
  assert.equal(await queue.get(), 'fine');
});

test('what lies at one place stays apart: a value and its lock come back from a queue as themselves', () => {
  const value = new Value(int32, 1);
  const queue = new Queue<unknown[]>();
  queue.putSync([value, value.lock, value]);
  const [first, lock, second] = queue.getSync();
  assert.equal(first, value);
  assert.equal(lock, value.lock);
  assert.equal(second, value);
});
