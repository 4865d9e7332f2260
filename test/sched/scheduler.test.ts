import assert from 'node:assert/strict';
import { dismissCarriers } from '../../src/host/thread/carrier.ts';
import { Scheduler } from '../../src/sched/index.ts';
import { Thread } from '../../src/threading/index.ts';
import { after, test } from '../support/test.ts';

after(dismissCarriers);

/** A clock that only its own delays move. */
function simulated(): { readonly scheduler: Scheduler; readonly delays: number[] } {
  let time = 0;
  const delays: number[] = [];
  const scheduler = new Scheduler({
    time: () => time,
    delay: (ms) => {
      if (ms > 0) delays.push(ms);
      time += ms;
    },
  });
  return { scheduler, delays };
}

test('events run in the order of their times, whatever the order of their entry [SCH-01]', async () => {
  const { scheduler, delays } = simulated();
  const ran: number[] = [];
  for (const time of [50, 10, 40, 20, 30]) scheduler.enterAbs(time, 1, (n: number) => ran.push(n), time);
  assert.equal(await scheduler.run(), null);
  assert.deepEqual(ran, [10, 20, 30, 40, 50]);
  assert.deepEqual(delays, [10, 10, 10, 10, 10]);
  for (const time of [3, 1, 2]) scheduler.enter(time, 1, (n: number) => ran.push(n), time);
  scheduler.runSync();
  assert.deepEqual(ran.slice(5), [1, 2, 3]);
});

test('at one time the least priority comes first, then the first one in [SCH-02]', async () => {
  const { scheduler } = simulated();
  const ran: string[] = [];
  for (const [name, priority] of [
    ['c', 3],
    ['a', 1],
    ['b', 2],
    ['b again', 2],
  ] as const)
    scheduler.enterAbs(5, priority, () => ran.push(name));
  assert.deepEqual(
    scheduler.queue.map(({ priority }) => priority),
    [1, 2, 2, 3],
  );
  await scheduler.run();
  assert.deepEqual(ran, ['a', 'b', 'b again', 'c']);
});

test('cancel takes out just that event, also among equals; one that is not there is a RangeError [SCH-03]', async () => {
  const { scheduler } = simulated();
  const ran: string[] = [];
  scheduler.enterAbs(1, 1, () => ran.push('first'));
  const second = scheduler.enterAbs(1, 1, () => ran.push('second'));
  scheduler.enterAbs(1, 1, () => ran.push('third'));
  scheduler.cancel(second);
  assert.throws(() => scheduler.cancel(second), { name: 'RangeError', code: 'ERR_NOT_SCHEDULED' });
  await scheduler.run();
  assert.deepEqual(ran, ['first', 'third']);
  assert.equal(scheduler.empty, true);
});

test('events may be entered and cancelled from another thread while it runs [SCH-04]', async () => {
  const scheduler = new Scheduler();
  const ran: string[] = [];
  let finish: () => void = () => {};
  const last = scheduler.enter(60_000, 1, () => assert.fail('too late'));
  const thread = new Thread({
    target: () => {
      const soon = scheduler.enter(30_000, 1, () => {
        throw new Error('it was cancelled');
      });
      scheduler.enter(0, 1, (word: string) => (globalThis as { note?: (word: string) => void }).note?.(word), 'from afar');
      scheduler.cancel(soon);
    },
  });
  (globalThis as { note?: (word: string) => void }).note = (word) => {
    ran.push(word);
    scheduler.cancel(last);
    finish = () => ran.push('done');
  };
  thread.start();
  await scheduler.run();
  await thread.join();
  finish();
  assert.deepEqual(ran, ['from afar', 'done']);
});

test('without waiting it runs what is due, and tells when the next one is [SCH-06]', async () => {
  const { scheduler } = simulated();
  const ran: number[] = [];
  for (const time of [0, 10, 25]) scheduler.enterAbs(time, 1, () => ran.push(time));
  assert.equal(await scheduler.run({ blocking: false }), 10);
  assert.deepEqual(ran, [0]);
  assert.equal(scheduler.runSync({ blocking: false }), 10);
  await scheduler.run();
  assert.equal(await scheduler.run({ blocking: false }), null);
  assert.deepEqual(ran, [0, 10, 25]);
});

test('arguments reach the action, and a promise that it returns is awaited [SCH-07]', async () => {
  const { scheduler } = simulated();
  const ran: unknown[] = [];
  scheduler.enter(
    1,
    1,
    async (...args: unknown[]) => {
      await Promise.resolve();
      ran.push(args);
    },
    1,
    'two',
  );
  scheduler.enter(2, 1, () => ran.push('next'));
  await scheduler.run();
  assert.deepEqual(ran, [[1, 'two'], 'next']);
});

test('an event that throws comes out, and the rest can be run', async () => {
  const { scheduler } = simulated();
  const ran: string[] = [];
  scheduler.enter(1, 1, () => {
    throw new TypeError('as it must');
  });
  scheduler.enter(2, 1, () => ran.push('the rest'));
  await assert.rejects(scheduler.run(), { name: 'TypeError' });
  await scheduler.run();
  assert.deepEqual(ran, ['the rest']);
});

test('a signal ends the wait, and nothing is lost', async () => {
  const scheduler = new Scheduler();
  scheduler.enter(60_000, 1, () => {});
  const stop = new AbortController();
  const running = scheduler.run({ signal: stop.signal });
  stop.abort(new Error('enough'));
  await assert.rejects(running, /enough/);
  assert.equal(scheduler.queue.length, 1);
});

test('what is no time, no priority, no function and no object of options is refused', async () => {
  const scheduler = new Scheduler();
  assert.throws(() => scheduler.enter(1, 'first' as never, () => {}), /the priority of an event must be a number: got first/);
  assert.throws(() => scheduler.enter(1, (() => {}) as never, [] as never), /the priority of an event must be a number/);
  assert.throws(
    () => new Scheduler(Date.now as never),
    /a Scheduler takes an object of options, such as \{ time, delay \}: got a function/,
  );
  await assert.rejects(scheduler.run(false as never), /run takes an object of options, such as \{ blocking: false \}: got a boolean/);
  assert.throws(() => scheduler.runSync(false as never), /runSync takes an object of options/);
  assert.throws(() => scheduler.enter(Number.NaN, 1, () => {}), { name: 'TypeError' });
  assert.throws(() => scheduler.enter(1, 1, 'text' as never), { name: 'TypeError' });
});
