import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ThreadPoolExecutor } from '../../src/futures/index.ts';
import { Lock as SharedLock, Process } from '../../src/multiprocessing/index.ts';
import { canShareMemory } from '../../src/system/memory.ts';
import { Queue } from '../../src/queue/index.ts';
import {
  activeCount,
  Barrier,
  BoundedSemaphore,
  BrokenBarrierError,
  Condition,
  currentThread,
  Event,
  int32,
  Lock,
  Once,
  RLock,
  RWLock,
  Semaphore,
  SendError,
  SharedArray,
  SharedStruct,
  SharedValue,
  Thread,
  ThreadStartError,
  Timer,
} from '../../src/threading/index.ts';
import { after, test } from '../support/test.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-bad-'));
after(() => rmSync(folder, { recursive: true }));

interface Waiter {
  readonly name: string;
  /** Waits, or would wait: what it is for is not to be had. */
  readonly wait: (timeout: never) => Promise<unknown>;
  readonly waitSync: (timeout: never) => unknown;
  /** That it still works. */
  readonly works: () => unknown;
}

function waiters(): Waiter[] {
  const lock = new Lock();
  const rlock = new RLock();
  const semaphore = new Semaphore(1);
  const event = new Event();
  const barrier = new Barrier(1);
  const condition = new Condition();
  const queue = new Queue<number>();
  const once = new Once();
  const rw = new RWLock();
  const thread = new Thread({ target: () => {} });
  thread.start();
  return [
    {
      name: 'Lock',
      wait: (timeout) => lock.acquire({ timeout }),
      waitSync: (timeout) => lock.acquireSync({ timeout }),
      works: () => lock.tryAcquire(),
    },
    {
      name: 'RLock',
      wait: (timeout) => rlock.acquire({ timeout }),
      waitSync: (timeout) => rlock.acquireSync({ timeout }),
      works: () => rlock.tryAcquire(),
    },
    {
      name: 'Semaphore',
      wait: (timeout) => semaphore.acquire({ timeout }),
      waitSync: (timeout) => semaphore.acquireSync({ timeout }),
      works: () => semaphore.tryAcquire(),
    },
    {
      name: 'Event',
      wait: (timeout) => event.wait({ timeout }),
      waitSync: (timeout) => event.waitSync({ timeout }),
      works: () => (event.set(), event.waitSync()),
    },
    {
      name: 'Barrier',
      wait: (timeout) => barrier.wait({ timeout }),
      waitSync: (timeout) => barrier.waitSync({ timeout }),
      works: () => barrier.waitSync() === 0,
    },
    {
      name: 'Condition',
      wait: async (timeout) => {
        using _ = await condition.acquire();
        return await condition.wait({ timeout });
      },
      waitSync: (timeout) => {
        using _ = condition.acquireSync();
        return condition.waitSync({ timeout });
      },
      works: () => condition.tryAcquire(),
    },
    {
      name: 'RWLock, reading',
      wait: (timeout) => rw.acquireRead({ timeout }),
      waitSync: (timeout) => rw.acquireReadSync({ timeout }),
      works: () => rw.acquireReadSync(),
    },
    {
      name: 'RWLock, writing',
      wait: (timeout) => rw.acquireWrite({ timeout }),
      waitSync: (timeout) => rw.acquireWriteSync({ timeout }),
      works: () => rw.holders >= 0,
    },
    {
      name: 'Once',
      wait: (timeout) => once.call(() => {}, { timeout }),
      waitSync: (timeout) => once.callSync(() => {}, { timeout }),
      works: () => once.callSync(() => {}),
    },
    {
      name: 'Queue.get',
      wait: (timeout) => queue.get({ timeout }),
      waitSync: (timeout) => queue.getSync({ timeout }),
      works: () => queue.isEmpty,
    },
    {
      name: 'Queue.put',
      wait: (timeout) => queue.put(1, { timeout }),
      waitSync: (timeout) => queue.putSync(1, { timeout }),
      works: () => queue.isEmpty,
    },
    {
      name: 'Queue.join',
      wait: (timeout) => queue.join({ timeout }),
      waitSync: (timeout) => queue.joinSync({ timeout }),
      works: () => queue.joinSync(),
    },
    {
      name: 'Thread.join',
      wait: (timeout) => thread.join({ timeout }),
      waitSync: (timeout) => thread.joinSync({ timeout }),
      works: () => thread.joinSync(),
    },
  ];
}

for (const { name, wait, waitSync, works } of waiters()) {
  test(`${name}: a time-out that is negative, NaN or no number is refused, and all is as it was`, async () => {
    for (const timeout of [-1, -Infinity, NaN]) {
      await assert.rejects(wait(timeout as never), {
        name: 'RangeError',
        code: 'ERR_TIMEOUT',
        message: /non-negative number of milliseconds: got -?(1|Infinity|NaN)/,
      });
      assert.throws(() => waitSync(timeout as never), { name: 'RangeError', code: 'ERR_TIMEOUT' });
    }
    await assert.rejects(wait('10' as never), { name: 'TypeError', message: /must be a number of milliseconds: got string/ });
    assert.throws(() => waitSync('10' as never), TypeError);
    assert.ok(works());
  });
}

test('what is not held cannot be released, whoever tries, and is as it was', async () => {
  const lock = new Lock();
  const rlock = new RLock();
  const bounded = new BoundedSemaphore(1);
  const rw = new RWLock();
  const condition = new Condition(new Lock());
  const attempts: readonly [() => void, object][] = [
    [() => lock.release(), { name: 'StateError' }],
    [() => rlock.release(), { name: 'StateError' }],
    [() => bounded.release(), { name: 'RangeError' }],
    [() => rw.releaseRead(), { name: 'StateError' }],
    [() => rw.releaseWrite(), { name: 'StateError' }],
    [() => condition.notify(), { name: 'StateError' }],
    [() => condition.notifyAll(), { name: 'StateError' }],
    [() => condition.release(), { name: 'StateError' }],
  ];
  for (const [attempt, expected] of attempts) assert.throws(attempt, expected);
  const failed = new Queue<string>();
  const thread = new Thread({
    target: () => {
      for (const release of [() => lock.release(), () => rlock.release(), () => bounded.release(), () => rw.releaseWrite()]) {
        try {
          release();
        } catch (error) {
          failed.putNoWait((error as Error).name);
        }
      }
    },
  });
  rlock.acquireSync();
  thread.start();
  await thread.join();
  assert.deepEqual(await failed.getMany(4), ['StateError', 'StateError', 'RangeError', 'StateError']);
  assert.equal(rlock.locked, true);
  rlock.release();
  for (const one of [lock, rlock]) assert.equal(one.tryAcquire(), one);
  assert.equal(bounded.value, 1);
});

test('numbers that make no sense are refused where they are given', () => {
  for (const count of [-1, 1.5, NaN, '1' as never]) {
    assert.throws(() => new Semaphore(count), RangeError);
    assert.throws(() => new BoundedSemaphore(count), RangeError);
    assert.throws(() => new Barrier(count), RangeError);
    assert.throws(() => new Semaphore(1).release(count), RangeError);
  }
  assert.throws(() => new Barrier(0), RangeError);
  assert.throws(() => new Timer(-1, () => {}), RangeError);
  assert.throws(() => new Timer(NaN, () => {}), RangeError);
  assert.throws(() => new Timer(1, 5 as never), TypeError);
  assert.throws(() => new Queue({ maxSize: NaN }), TypeError);
  assert.throws(() => new Thread({ target: 5 as never }), { name: 'TypeError', message: /target must be a function: got number/ });
  assert.equal(activeCount() >= 1, true);
});

test('an argument that cannot travel is told by its place, and the thread can be started with another', async () => {
  const args: unknown[] = [1, { deep: [process.stdout] }];
  const thread = new Thread({ target: (...all: unknown[]) => all.length, args });
  assert.throws(
    () => thread.start(),
    (error) => error instanceof SendError && error.code === 'E_NATIVE_HANDLE' && /\.deep.*\[0\]/.test(error.message),
  );
  assert.deepEqual([thread.ident, thread.isAlive], [null, false]);
  await assert.rejects(thread.join(), { name: 'StateError', code: 'ERR_THREAD_NOT_STARTED' });
  for (const value of [Promise.resolve(), new WeakRef({}), [][Symbol.iterator](), (function* () {})()]) {
    const other = new Thread({ target: (one: unknown) => typeof one, args: [value] });
    try {
      other.start();
    } catch (error) {
      assert.ok(error instanceof SendError, String(error));
      continue;
    }
    await other.join();
  }
});

test('a value that cannot be put into a queue or a shared array is refused there, and nothing is lost', async () => {
  const queue = new Queue();
  queue.putNoWait('before');
  for (const bad of [Promise.resolve(1), () => process.stdout, { socket: process.stdin }, new WeakRef({})]) {
    if (typeof bad === 'function') continue;
    assert.throws(() => queue.putNoWait(bad), SendError);
    await assert.rejects(queue.put(bad), SendError);
    assert.throws(() => queue.putSync([bad]), SendError);
    await assert.rejects(queue.putMany(['ok', bad]), SendError);
    assert.throws(() => queue.putManySync([bad]), SendError);
  }
  const rest: unknown[] = [];
  while (!queue.isEmpty) rest.push(queue.getNoWait());
  assert.equal(rest[0], 'before');
  assert.ok(rest.slice(1).every((one) => one === 'ok'));
  const value = new SharedValue(int32, 5);
  assert.throws(() => void new SharedArray(int32, -1), RangeError);
  assert.equal(value.value, 5);
});

test('a module that cannot be loaded in the thread is told to whoever joins, each time, and the caller goes on', async () => {
  const file = join(folder, 'vanishes.mjs');
  writeFileSync(file, 'export function vanishes() { return 1; }');
  const { vanishes } = (await import(pathToFileURL(file).href)) as { vanishes: () => number };
  rmSync(file);
  const thread = new Thread({ target: vanishes, name: 'w' });
  thread.start();
  for (let i = 0; i < 2; i++) {
    await assert.rejects(thread.join(), (error) => {
      assert.ok(error instanceof ThreadStartError);
      assert.equal(error.code, 'ERR_THREAD_START');
      assert.match(error.message, /^thread w could not begin: .*vanishes\.mjs/);
      assert.equal((error.cause as Error).message.includes('vanishes.mjs'), true);
      return true;
    });
  }
  assert.throws(() => thread.joinSync(), ThreadStartError);
  assert.equal(thread.isAlive, false);
  const next = new Thread({ target: () => {} });
  next.start();
  assert.equal(await next.join(), true);
});

test('a join of oneself and a second start are refused wherever they are tried', async () => {
  const told = new Queue<string>();
  const thread = new Thread({
    target: async () => {
      const me = currentThread();
      for (const act of [() => me.join(), () => me.joinSync(), () => me.start()]) {
        try {
          await act();
        } catch (error) {
          told.putNoWait((error as { code: string }).code);
        }
      }
    },
  });
  thread.start();
  await thread.join();
  assert.deepEqual(await told.getMany(3), ['ERR_JOIN_SELF', 'ERR_JOIN_SELF', 'ERR_THREAD_STARTED']);
  assert.throws(() => thread.start(), { name: 'StateError', code: 'ERR_THREAD_STARTED' });
  await assert.rejects(new Thread().terminate(), { name: 'StateError', code: 'ERR_THREAD_NOT_STARTED' });
});

test('an action of a barrier that fails breaks it for all, and is told to the one that ran it', async () => {
  const barrier = new Barrier(2, {
    action: () => {
      throw new TypeError('the action');
    },
  });
  const [one, two] = await Promise.allSettled([barrier.wait(), barrier.wait()]);
  const reasons = [one, two].map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as Error) : null));
  assert.ok(reasons.some((reason) => reason instanceof TypeError && reason.message === 'the action'));
  assert.ok(reasons.some((reason) => reason instanceof BrokenBarrierError));
  assert.equal(barrier.broken, true);
});

test('what takes options refuses a bare function, number or text, and shows how it is written', () => {
  const bare = (value: unknown): never => value as never;
  assert.throws(() => new Thread(bare(() => {})), {
    name: 'TypeError',
    message: 'a Thread takes an object of options, such as { target: fn }: got a function',
  });
  assert.throws(() => new Lock(bare('A')), /a Lock takes an object of options, such as \{ name: 'A' \}: got a string/);
  assert.throws(() => new Queue(bare(5)), /a queue takes an object of options, such as \{ maxSize: 5 \}: got a number/);
  assert.throws(() => new ThreadPoolExecutor(bare(2)), /a ThreadPoolExecutor takes an object of options, such as \{ maxWorkers: 2 \}/);
  assert.throws(() => new Process(bare(() => {})), /a Process takes an object of options, such as \{ target: fn \}/);
});

test('a thread and a timer refuse arguments that are no list, and options under other names: they would be left unread', () => {
  const target = (): void => {};
  for (const [options, message] of [
    [{ target, args: 5 }, /args must be a list of arguments, such as \[1, 'a'\]: got number/],
    [{ target, args: 'ab' }, /args must be a list of arguments, .*: got string/],
    [{ target, args: null }, /args must be a list of arguments, .*: got null/],
    [{ target, kwargs: { a: 1 } }, /does not know kwargs: here it is called args, with an object among them/],
    [{ fn: target }, /does not know fn: here it is called target/],
  ] as const)
    assert.throws(() => new Thread(options as never), { name: 'TypeError', message });
  assert.throws(() => new Timer(5, target, [1] as never), /a Timer takes an object of options, such as \{ args: \[1\] \}: got a list/);
  assert.throws(() => new Timer(5, target, { args: 1 as never }), /args must be a list of arguments/);
});

test('limits for which Node would end the process, or that it would leave unread, are refused, and the least that are taken do no harm', async () => {
  for (const [limits, what] of [
    [{ maxOldGenerationSizeMb: 2 }, /maxOldGenerationSizeMb must be a number of megabytes, 3 or more: got 2/],
    [{ stackSizeMb: 0.1 }, /stackSizeMb must be a number of megabytes, 0.3125 or more: got 0.1/],
    [{ maxYoungGenerationSizeMb: 0 }, /more than 0: got 0/],
    [{ codeRangeSizeMb: 'much' }, /more than 0: got much/],
    [{ maxOldSpaceSizeMb: 100 }, /does not know maxOldSpaceSizeMb: it knows maxOldGenerationSizeMb, /],
  ] as const) {
    const resourceLimits = limits as object;
    assert.throws(() => new Thread({ target: () => {}, resourceLimits }), what);
    assert.throws(() => new ThreadPoolExecutor({ resourceLimits }), what);
  }
  for (const resourceLimits of [{ maxOldGenerationSizeMb: 3 }, { stackSizeMb: 0.3125 }]) {
    const thread = new Thread({ target: () => {}, resourceLimits });
    thread.start();
    assert.equal(await thread.join(), true);
  }
});

test('a queue refuses to get fewer than one item: it would wait for ever', async () => {
  const queue = new Queue();
  for (const count of [0, -1, 1.5, undefined]) {
    await assert.rejects(queue.getMany(count as never), { name: 'RangeError', message: /count must be a positive integer/ });
    assert.throws(() => queue.getManySync(count as never), RangeError);
  }
  queue.putManySync([1, 2, 3]);
  assert.deepEqual(await queue.getMany(Infinity), [1, 2, 3]);
});

test('a condition refuses what is no lock of the threads of this process', () => {
  class Pair extends SharedStruct({ value: int32, lock: Lock }) {}
  assert.throws(() => new Condition({} as never), /the lock of a condition must be a Lock or an RLock: got \{\}/);
  assert.throws(() => new Condition(new Event() as never), /must be a Lock or an RLock: got <Event/);
  assert.throws(() => new Condition(new Pair().lock), /a lock of its own, not a field of a SharedStruct/);
  if (canShareMemory()) assert.throws(() => new Condition(new SharedLock()), /is for the Condition of manycore\/multiprocessing/);
});
