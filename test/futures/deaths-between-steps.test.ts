import assert from 'node:assert/strict';
import { gather, ThreadPoolExecutor } from '../../src/futures/index.ts';
import { MailInHand } from '../../src/futures/fabric/mail-in-hand.ts';
import { Queue } from '../../src/queue/index.ts';
import { Event, int32, SharedValue, Thread } from '../../src/threading/index.ts';
import { LONG } from '../support/patience.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

/*
 * A worker of a pool dies between two steps that belong together. The task itself sets the trap: the next time that the thread that runs it wakes
 * somebody, or comes to the step that is named, it ends instead.
 */

/** Ends this thread instead of waking whom it wakes next. */
function dieBeforeWaking(): void {
  const { notify } = Atomics;
  Atomics.notify = () => {
    Atomics.notify = notify;
    process.exit(9);
  };
}

for (const isLast of [false, true]) {
  test(`a worker that dies just before it rings loses nothing, and ${isLast ? 'the program hears of its last result' : 'what others finish is heard'} [EXE-22]`, async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: isLast ? 1 : 2 });
    const [begun, go] = [new Event(), new Event()];
    const other = isLast
      ? null
      : pool.submit(() => {
          begun.set();
          go.waitSync();
          return 'heard';
        });
    if (other !== null) await begun.wait();
    const victim = pool.submit(() => {
      dieBeforeWaking();
      return 'finished';
    });
    assert.equal(await victim.result({ timeout: LONG / 2 }), 'finished');
    go.set();
    if (other !== null) assert.equal(await other.result({ timeout: LONG / 2 }), 'heard');
    assert.equal(await pool.submit(() => 'next').result({ timeout: LONG / 2 }), 'next');
  });
}

test('a worker that dies just before it wakes another one leaves nobody asleep [EXE-22]', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  // Both are there, and asleep.
  const met = new Event();
  const first = pool.submit(() => met.waitSync());
  await pool.submit(() => met.set());
  await first;
  const answer = new SharedValue(int32, 0);
  const killed = pool.submit(() => {
    dieBeforeWaking();
    pool.submit(() => void (answer.value = 42));
  });
  assert.equal(((await killed.exception({ timeout: LONG / 2 })) as Error).name, 'BrokenWorkerError');
  await until(() => answer.value === 42, 'the task that it had handed over runs');
  assert.deepEqual(await gather([1, 2, 3].map((n) => pool.submit((x: number) => x * 2, n))), [2, 4, 6]);
});

test('a worker that dies when it has told other threads of a result, and nobody else, has told it to all, and they are awake', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const [begun, go] = [new Event(), new Event()];
  const future = pool.submit(() => {
    begun.set();
    go.waitSync();
    dieBeforeWaking();
    return 'told';
  });
  await begun.wait();
  const heard = new Queue<string>();
  const thread = new Thread({ target: () => heard.putSync(future.resultSync({ timeout: LONG / 2 })) });
  thread.start();
  while (!String(await thread.stack()).includes('resultSync'));
  go.set();
  assert.equal(await future.result({ timeout: LONG / 2 }), 'told');
  await thread.join();
  assert.equal(heard.getSync(), 'told');
});

const steps: Readonly<Record<string, { readonly step: 'add' | 'remove'; readonly isAfter: boolean }>> = {
  'has taken a task of another thread, and not noted it': { step: 'add', isAfter: false },
  'has noted a task of another thread, and not begun it': { step: 'add', isAfter: true },
  'has told the result of a task of another thread, and not crossed it out': { step: 'remove', isAfter: false },
};
for (const [what, { step, isAfter }] of Object.entries(steps)) {
  test(`a worker that dies when it ${what} loses nothing [EXE-22]`, async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const results = new SharedValue(int32, 0);
    await pool.submit(() => {
      const original = MailInHand.prototype[step];
      MailInHand.prototype[step] = function (this: MailInHand, record: number) {
        if (isAfter) original.call(this, record);
        MailInHand.prototype[step] = original;
        process.exit(9);
      };
    });
    const thread = new Thread({
      target: () => {
        for (const future of [1, 2, 3].map((n) => pool.submit((x: number) => x * n, 10)))
          results.add(future.resultSync({ timeout: LONG / 2 }));
      },
    });
    thread.start();
    await thread.join();
    assert.equal(results.value, 60);
  });
}

test('a worker that dies while it runs tasks of another thread fails those, however many, and the others run', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const [failed, done] = [new SharedValue(int32, 0), new SharedValue(int32, 0)];
  const depth = 100;
  const thread = new Thread({
    target: async () => {
      const dive = async (n: number): Promise<number> => (n === 0 ? process.exit(3) : await pool.submit(dive, n - 1));
      const all = [pool.submit(dive, depth), ...[1, 2, 3].map((n) => pool.submit((x: number) => x, n))];
      for (const future of all) {
        const error = (await future.exception({ timeout: LONG / 2 })) as Error | null;
        (error === null ? done : failed).add(1);
      }
    },
  });
  thread.start();
  await thread.join();
  assert.ok(failed.value >= 1 && failed.value + done.value === 4, `${failed.value} failed, ${done.value} done`);
});

for (const how of ['terminated', 'broken', 'shut down, and what waits cancelled'] as const) {
  test(`tasks of another thread that wait when a pool is ${how} settle [EXE-30]`, async () => {
    const pool = new ThreadPoolExecutor({
      maxWorkers: 1,
      ...(how === 'broken' ? { maxTasksPerWorker: 1 } : {}),
      initializer: (runs: SharedValue<number>, breaks: boolean) => {
        if (runs.add(1) > 0 && breaks) throw new RangeError('the second time');
      },
      initargs: [new SharedValue(int32, 0), how === 'broken'],
    });
    const [begun, sent, go] = [new Event(), new Event(), new Event()];
    const settled = new SharedValue(int32, 0);
    const first = pool.submit(() => {
      begun.set();
      go.waitSync();
    });
    await begun.wait();
    const thread = new Thread({
      target: async () => {
        const all = Array.from({ length: 20 }, () => pool.submit(() => 5));
        sent.set();
        for (const future of all) {
          const error = (await future.exception({ timeout: LONG / 2 }).catch((reason: unknown) => reason)) as Error | null;
          if (error === null || ['BrokenExecutorError', 'CancelledError'].includes(error.name)) settled.add(1);
          else throw error;
        }
      },
    });
    thread.start();
    await sent.wait();
    if (how === 'terminated') await pool.terminateWorkers();
    else if (how === 'broken') go.set();
    else {
      const end = pool.shutdown({ cancelFutures: true });
      go.set();
      await end;
    }
    await first.exception().catch(() => {});
    await thread.join();
    assert.equal(settled.value, 20);
    if (how === 'broken') await pool.shutdown();
  });
}
