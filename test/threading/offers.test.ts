import assert from 'node:assert/strict';
import { busyCarriers, dismissCarriers } from '../../src/host/thread/carrier.ts';
import * as record from '../../src/host/thread/record.ts';
import { carrierOffset, offersOffset, parkedCarriers } from '../../src/host/thread/table.ts';
import { Queue } from '../../src/queue/index.ts';
import { Barrier, Event, getNativeId, Thread } from '../../src/threading/index.ts';
import { sharedHeap } from '../../src/word/heap.ts';
import { handle } from '../../src/word/shareable.ts';
import { LONG } from '../support/patience.ts';
import { programLines } from '../support/program-lines.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

/** Workers that have nothing to do, so many at least. */
async function parked(count: number): Promise<void> {
  const together = new Barrier(count);
  const threads = Array.from({ length: count }, () => new Thread({ target: () => void together.waitSync() }));
  for (const thread of threads) thread.start();
  await Promise.all(threads.map((thread) => thread.join()));
  await until(() => busyCarriers() === 0 && parkedCarriers() >= Math.min(count, 16));
}

/** As if a carrier had been woken that has not yet looked whom to wake next: who starts threads wakes none meanwhile. */
function pretendThatOneIsCalled(): void {
  Atomics.store(sharedHeap().i32, offersOffset() / 4 + 1, 1);
}

test('threads that wait for each other all run, however many are started at once, and whoever is awake', async () => {
  for (const count of [2, 10, 18, 10]) {
    const together = new Barrier(count);
    const threads = Array.from({ length: count }, () => new Thread({ target: () => void together.waitSync({ timeout: LONG }) }));
    const short = [0, 1].map(() => new Thread({ target: () => {} }));
    for (const [i, thread] of threads.entries()) {
      short[i]?.start();
      thread.start();
    }
    for (const thread of threads) assert.equal(thread.joinSync({ timeout: LONG }), true);
    assert.ok(threads.every((thread) => thread.death === null));
    await Promise.all(short.map((thread) => thread.join()));
  }
});

test('a thread whose worker has not been woken yet is run by one that has just ended another, and that worker sleeps on', async () => {
  let hasBeenSeen = false;
  // On a machine that is busy, who joins may have waited for so long that it sees to the worker itself.
  for (let tries = 0; tries < 20 && !hasBeenSeen; tries++) {
    await parked(2);
    const free = parkedCarriers();
    const ids = new Queue<number | null>();
    const [begun, end] = [new Event(), new Event()];
    const first = new Thread({
      target: () => {
        begun.set();
        end.waitSync();
        ids.putSync(getNativeId());
      },
    });
    first.start();
    await begun.wait();
    pretendThatOneIsCalled();
    const second = new Thread({ target: () => ids.putSync(getNativeId()) });
    second.start();
    end.set();
    assert.equal(first.joinSync() && second.joinSync(), true);
    hasBeenSeen = (await ids.get()) === (await ids.get());
    await until(() => busyCarriers() === 0);
    assert.equal(parkedCarriers(), free);
  }
  assert.ok(hasBeenSeen || process.platform !== 'linux');
});

test('a thread is taken over that lies in memory which has come since', async () => {
  await parked(2);
  const heap = sharedHeap();
  const [begun, end] = [new Event(), new Event()];
  const first = new Thread({
    target: () => {
      begun.set();
      end.waitSync();
    },
  });
  first.start();
  await begun.wait();
  const before = heap.buffer.byteLength;
  const room: number[] = [];
  while (heap.buffer.byteLength === before) room.push(heap.allocate(1 << 20));
  const made = [first];
  while (made.at(-1)![handle]().offset < before) made.push(new Thread({ target: () => {} }));
  pretendThatOneIsCalled();
  made.at(-1)!.start();
  end.set();
  assert.equal(first.joinSync() && made.at(-1)!.joinSync(), true);
  await until(() => busyCarriers() === 0);
  assert.equal(made.at(-1)!.death, null);
  for (const block of room) heap.release(block);
});

test('a thread is not lost when the carrier that should have woken its own has died', async () => {
  await parked(2);
  for (const join of ['join', 'joinSync'] as const) {
    pretendThatOneIsCalled();
    const ran = new Event();
    const threads = [new Thread({ target: () => ran.set() }), new Thread({ target: () => void ran.waitSync() })];
    for (const thread of threads) thread.start();
    for (const thread of threads) assert.equal(await thread[join]({ timeout: LONG }), true);
  }
});

test('one that is terminated before it has called the next is not relied on by those that are started after it', async () => {
  await parked(2);
  const begun = new Event();
  const thread = new Thread({
    target: () => {
      begun.set();
      for (;;);
    },
  });
  thread.start();
  await begun.wait();
  pretendThatOneIsCalled();
  await thread.terminate();
  assert.equal(Atomics.load(sharedHeap().i32, offersOffset() / 4 + 1), 0);
  await until(() => busyCarriers() === 0);
});

test('a thread that is terminated before its worker is woken has not run, and that worker runs the next', async () => {
  await parked(3);
  const free = parkedCarriers();
  for (let i = 0; i < 10; i++) {
    const ran = new Event();
    pretendThatOneIsCalled();
    const thread = new Thread({ target: () => ran.set() });
    thread.start();
    const ended = thread.terminate();
    assert.deepEqual([thread.death, thread.joinSync(), ran.isSet()], [{ how: 'terminated', code: 1 }, true, false]);
    await ended;
    assert.equal(parkedCarriers(), free);
    const next = new Thread({ target: () => {} });
    next.start();
    assert.deepEqual([next.joinSync(), next.death], [true, null]);
    await until(() => busyCarriers() === 0);
  }
});

test('a thread that is terminated just when its carrier has taken it ends, also for who waits by blocking', async () => {
  await parked(2);
  const { i32 } = sharedHeap();
  pretendThatOneIsCalled();
  const thread = new Thread({ target: () => {} });
  thread.start();
  // As if its carrier had been quicker, and had not come to the message yet: there it sleeps.
  const [OFFERED, TAKEN] = [1, 4];
  const claim = carrierOffset(record.carrierOf(thread[handle]().offset)) / 4 + 5;
  assert.equal(Atomics.compareExchange(i32, claim, OFFERED, TAKEN), OFFERED);
  Atomics.sub(i32, offersOffset() / 4, 1);
  void thread.terminate();
  assert.equal(thread.joinSync({ timeout: LONG }), true);
  assert.deepEqual(thread.death, { how: 'terminated', code: 1 });
  await until(() => busyCarriers() === 0);
});

test('all of those that are started at once are hit by terminate, and no other', async () => {
  for (let round = 0; round < 3; round++) {
    const kept = Array.from({ length: 6 }, () => new Thread({ target: () => {} }));
    const ended = Array.from(
      { length: 6 },
      () =>
        new Thread({
          target: () => {
            for (;;);
          },
        }),
    );
    for (let i = 0; i < 6; i++) {
      ended[i]!.start();
      kept[i]!.start();
    }
    const terminations = ended.map((thread) => thread.terminate());
    assert.ok(ended.every((thread) => thread.joinSync({ timeout: LONG })));
    await Promise.all(terminations);
    for (const thread of kept) assert.deepEqual([await thread.join(), thread.death], [true, null]);
    for (const thread of ended) assert.deepEqual(thread.death, { how: 'terminated', code: 1 });
  }
});

test('a thread whose worker still starts is run by one that is free before that', async () => {
  let hasBeenSeen = false;
  for (let tries = 0; tries < 20 && !hasBeenSeen; tries++) {
    await until(() => busyCarriers() === 0);
    await dismissCarriers();
    const ids = new Queue<number | null>();
    const [begun, mayEnd] = [new Event(), new Event()];
    const first = new Thread({
      target: () => {
        begun.set();
        ids.putSync(getNativeId());
        mayEnd.waitSync();
      },
    });
    first.start();
    await begun.wait();
    // Its worker is up: the next one's is made.
    const second = new Thread({ target: () => ids.putSync(getNativeId()) });
    second.start();
    mayEnd.set();
    await Promise.all([first.join(), second.join()]);
    hasBeenSeen = (await ids.get()) === (await ids.get());
    await until(() => parkedCarriers() === 2);
  }
  assert.ok(hasBeenSeen || process.platform !== 'linux');
});

test('while workers start that were made for threads which others have run, no more are made', async () => {
  await until(() => busyCarriers() === 0);
  await dismissCarriers();
  const rounds = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const threads = Array.from({ length: 6 }, () => new Thread({ target: () => {} }));
      for (const thread of threads) thread.start();
      await Promise.all(threads.map((thread) => thread.join()));
    }
  };
  await rounds(50);
  assert.ok(busyCarriers() + parkedCarriers() <= 12);
  await until(() => busyCarriers() === 0);
});

test('workers that are made for many short threads are not kept beyond those that are kept anyway', async () => {
  await until(() => busyCarriers() === 0);
  await dismissCarriers();
  const threads = Array.from({ length: 20 }, () => new Thread({ target: () => {} }));
  for (const thread of threads) thread.start();
  await Promise.all(threads.map((thread) => thread.join()));
  await until(() => busyCarriers() === 0);
  assert.ok(parkedCarriers() <= 16);
});

test('a thread that has ended takes no other along whose record came in its place, when what it has left behind ends its worker', async () => {
  const { lines, code } = await programLines(`
    import { setFlagsFromString } from 'node:v8'; import { runInNewContext } from 'node:vm';
    import * as threading from 'manycore/threading'; const { Thread, Event } = threading;
    setFlagsFromString('--expose-gc'); const gc = runInNewContext('gc');
    const [left, go, end] = [new Event(), new Event(), new Event()];
    const leaves = () => void setImmediate(() => { left.set(); go.waitSync(); process.exit(3); });
    (() => { const thread = new Thread({ target: leaves }); thread.start(); thread.joinSync(); })();
    left.waitSync();
    for (let i = 0; i < 5; i++) { gc(); await new Promise((resolve) => setTimeout(resolve, 20)); }
    const others = Array.from({ length: 6 }, () => new Thread({ target: () => void end.waitSync() }));
    for (const thread of others) thread.start();
    go.set();
    console.log(await others[0].join({ timeout: 300 }));
    end.set();
    for (const thread of others) await thread.join();
    console.log(others.map((thread) => String(thread.death)).join());`);
  assert.deepEqual([lines, code], [['false', 'null,null,null,null,null,null'], 0]);
});
