import assert from 'node:assert/strict';
import * as barrier from '../../src/sync/barrier.ts';
import * as condition from '../../src/sync/condition.ts';
import * as event from '../../src/sync/event.ts';
import * as mutex from '../../src/sync/mutex.ts';
import * as once from '../../src/sync/once.ts';
import * as reentrant from '../../src/sync/reentrant-mutex.ts';
import * as ring from '../../src/sync/ring.ts';
import * as rwlock from '../../src/sync/rwlock.ts';
import * as semaphore from '../../src/sync/semaphore.ts';
import { block, suspend } from '../../src/sync/waiting.ts';
import { canShareMemory } from '../../src/system/memory.ts';
import type { Heap } from '../../src/word/heap.ts';
import { sharedHeap } from '../../src/word/heap.ts';
import { processHeap } from '../../src/word/process-heap.ts';
import type { FutexWord } from '../../src/word/word.ts';
import { SHORT } from '../support/patience.ts';
import { test } from '../support/test.ts';

/* One suite for every kind of word: the algorithms must not know which one they run on. (The model's is test/model.) */
const backends: readonly { readonly name: string; readonly heap: () => Heap }[] = [
  { name: 'words of threads', heap: sharedHeap },
  ...(canShareMemory() ? [{ name: 'words of processes', heap: processHeap }] : []),
];
if (backends.length === 1) console.log('# words of processes are left out: this system cannot share memory between processes');

const soon = (): number => performance.now() + SHORT;

for (const { name, heap } of backends) {
  const words = (count: number): FutexWord[] => {
    const ground = heap();
    const block = ground.allocate(count * 4);
    return Array.from({ length: count }, (_, i) => ground.word(block + i * 4));
  };

  test(`${name}: a word adds, exchanges, compares, and knows who calls`, () => {
    const [word] = words(1);
    assert.equal(word!.add(5), 0);
    assert.equal(word!.exchange(7), 5);
    assert.equal(word!.compareExchange(6, 1), 7);
    assert.equal(word!.compareExchange(7, -1), 7);
    assert.equal(word!.load(), -1);
    assert.ok(word!.self > 0 && !word!.isDead(word!.self));
  });

  test(`${name}: a sleep ends by a wake, by a change, in time, or by a cancel`, async () => {
    const [word] = words(1);
    assert.equal(word!.sleep(1, Infinity), 'changed');
    assert.equal(word!.sleep(0, performance.now() + 1), 'timed-out');
    assert.equal(await word!.sleepAsync(0, performance.now() + 1), 'timed-out');
    const sleeping = [word!.sleepAsync(0, Infinity), word!.sleepAsync(0, Infinity)];
    assert.equal(word!.wake(9), 2);
    assert.deepEqual(await Promise.all(sleeping), ['woken', 'woken']);
    let cancel: (() => void) | undefined;
    const cancelled = word!.sleepAsync(0, Infinity, { set: (end) => (cancel = end) });
    cancel!();
    assert.equal(await cancelled, 'cancelled');
  });

  test(`${name}: a mutex is handed on, and a wait for it ends in time`, async () => {
    const [lock] = words(1);
    assert.equal(block(mutex.acquire(lock!)), 'acquired');
    assert.equal(block(mutex.acquire(lock!), soon()), false);
    const next = suspend(mutex.acquire(lock!));
    mutex.release(lock!);
    assert.equal(await next, 'acquired');
    mutex.release(lock!);
    assert.equal(mutex.ownerOf(lock!), 0);
  });

  test(`${name}: a re-entrant mutex is free when its owner has released it as often as it took it`, async () => {
    const [lock, depth] = words(2) as [FutexWord, FutexWord];
    const all = { lock, depth };
    assert.equal(reentrant.release(all), false);
    assert.equal(block(reentrant.acquire(all)), 'acquired');
    assert.equal(reentrant.tryAcquire(all), 'acquired');
    assert.equal(reentrant.depthOf(all), 2);
    assert.equal(block(mutex.acquire(lock), soon()), false);
    const next = suspend(mutex.acquire(lock));
    assert.ok(reentrant.release(all) && reentrant.isMine(all) && reentrant.release(all));
    assert.equal(await next, 'acquired');
    mutex.release(lock);
    assert.equal(block(reentrant.acquire(all, undefined, true, 3)), 'acquired');
    assert.deepEqual([reentrant.releaseAll(all), reentrant.isHeld(all), depth.load()], [3, false, 0]);
  });

  test(`${name}: a notice goes to who has waited longest, and past one that gives up`, async () => {
    const [tickets, ...rest] = words(7) as [FutexWord, ...FutexWord[]];
    const places = [0, 3].map((at) => ({ state: rest[at]!, owner: rest[at + 1]!, ticket: rest[at + 2]! }));
    const table = { all: () => places, grow: () => assert.fail('there are places enough') };
    const enter = (): condition.Stay => condition.stayAt(condition.takePlace(places, tickets)!, table);
    const [first, second] = [enter(), enter()];
    assert.equal(condition.takePlace(places, tickets), null);
    const waiting = [suspend(first.untilNotice), suspend(second.untilNotice)];
    assert.equal(condition.notify(places, tickets, 1), 1);
    assert.equal(await waiting[0], true);
    first.leave();
    const third = enter();
    assert.equal(block(third.untilNotice, soon()), false);
    third.giveUp();
    assert.equal(condition.notify(places, tickets, 9), 1);
    assert.equal(await waiting[1], true);
    second.leave();
    assert.equal(condition.notify(places, tickets, 9), 0);
    assert.deepEqual(
      places.map(({ state }) => state.load()),
      [0, 0],
    );
  });

  test(`${name}: the slots of a ring are filled and emptied in order, and who finds none waits`, async () => {
    const [tail, head, items, getters, spaces, putters, lost, ...slots] = words(9) as [
      FutexWord,
      FutexWord,
      FutexWord,
      FutexWord,
      FutexWord,
      FutexWord,
      FutexWord,
      FutexWord,
      FutexWord,
    ];
    const all: ring.Ring = { tail, head, items, getters, spaces, putters, lost, slots, isDead: () => false };
    assert.equal(ring.claimToGet(all), -1);
    assert.equal(block(ring.getting(all), soon()), -1);
    for (let lap = 0; lap < 3; lap++) {
      for (const at of [0, 1]) {
        assert.equal(block(ring.putting(all)), 2 * lap + at);
        ring.publish(all, 2 * lap + at);
      }
      assert.equal(ring.sizeOf(all), 2);
      assert.equal(block(ring.putting(all), soon()), -1);
      for (const at of [0, 1]) {
        assert.equal(block(ring.getting(all)), 2 * lap + at);
        ring.free(all, 2 * lap + at);
      }
    }
    const got = suspend(ring.getting(all));
    ring.publish(all, ring.claimToPut(all));
    assert.equal(await got, 6);
    ring.free(all, 6);
    assert.deepEqual([ring.sizeOf(all), getters.load(), putters.load(), lost.load()], [0, 0, 0, 0]);
  });

  test(`${name}: a semaphore gives as many permits as it has`, async () => {
    const [lock, permits, total, sleepers, owner, amount] = words(6) as [FutexWord, FutexWord, FutexWord, FutexWord, FutexWord, FutexWord];
    const all = { lock, permits, total, sleepers, holders: { all: () => [{ owner, amount }], grow: () => assert.fail('one holds') } };
    const waiting = [suspend(semaphore.acquire(all)), suspend(semaphore.acquire(all)), suspend(semaphore.acquire(all), soon())];
    block(semaphore.release(all, 2));
    assert.equal((await Promise.all(waiting)).filter(Boolean).length, 2);
    assert.deepEqual([permits.load(), sleepers.load(), amount.load(), total.load()], [0, 0, 2, 2]);
    assert.equal(block(semaphore.release(all, 2, 1)), false);
    assert.equal(semaphore.tryRelease(all, 2), true);
    assert.equal(semaphore.tryAcquire(all), true);
    assert.deepEqual([permits.load(), amount.load(), total.load()], [1, 1, 2]);
  });

  test(`${name}: an event wakes all`, async () => {
    const [flag] = words(1);
    const waiting = [suspend(event.wait(flag!)), suspend(event.wait(flag!))];
    event.set(flag!);
    event.clear(flag!);
    assert.deepEqual(await Promise.all(waiting), [true, true]);
    assert.equal(block(event.wait(flag!), soon()), false);
  });

  test(`${name}: readers share, a writer is alone, and one that gives up keeps nobody out`, async () => {
    const [writer, ...places] = words(4);
    const readers = { all: () => places.map((word) => ({ word })), grow: () => assert.fail('there are places enough') };
    const all = { writer: writer!, readers };
    assert.equal(rwlock.tryRead(all), 'acquired');
    const writing = suspend(rwlock.write(all), soon());
    const reading = suspend(rwlock.read(all));
    assert.equal(rwlock.tryRead(all), false);
    assert.equal(await writing, false);
    assert.equal(await reading, 'acquired');
    assert.equal(rwlock.holders(all), 2);
    assert.ok(rwlock.releaseRead(all) && rwlock.releaseRead(all) && !rwlock.releaseRead(all));
    assert.equal(rwlock.tryWrite(all), 'acquired');
    assert.deepEqual([rwlock.tryRead(all), rwlock.holders(all)], [false, -1]);
    assert.equal(rwlock.releaseWrite(all), writer!.self);
    assert.equal(rwlock.releaseWrite(all), 0);
  });

  test(`${name}: something is done once, by the first that succeeds`, async () => {
    const [done, lock] = words(2);
    const all = { done: done!, lock: lock! };
    assert.equal(block(once.begin(all)), true);
    const second = suspend(once.begin(all));
    once.fail(all);
    assert.equal(await second, true);
    once.succeed(all);
    assert.equal(block(once.begin(all)), false);
  });

  test(`${name}: a barrier lets all go together, and sends all away when it breaks`, async () => {
    const [lock, arrived, round, completed, isBroken, ...places] = words(8) as [
      FutexWord,
      FutexWord,
      FutexWord,
      FutexWord,
      FutexWord,
      FutexWord,
      FutexWord,
    ];
    const table = { all: () => places, grow: () => assert.fail('there are places enough') };
    const all = { lock, arrived, round, completed, isBroken, places: table };
    const come = (): barrier.Arrived => block(barrier.arrive(all, 2)) as barrier.Arrived;
    const first = come();
    assert.deepEqual(first, { is: 'waiting', index: 0, round: 0, place: 0 });
    const passed = suspend(barrier.awaitRound(all, first));
    const last = come();
    assert.deepEqual(last, { is: 'last', index: 1, round: 0, place: 1 });
    assert.equal(block(barrier.complete(all, last)), true);
    // Before the first one has looked, the next round begins.
    const next = come();
    assert.deepEqual(next, { is: 'waiting', index: 0, round: 1, place: 1 });
    const sentAway = suspend(barrier.awaitRound(all, next));
    block(barrier.breakRound(all, true));
    assert.deepEqual([await passed, await sentAway], [true, false]);
    assert.deepEqual(
      places.map((place) => place.load()),
      [0, 0, 0],
    );
    assert.deepEqual(block(barrier.arrive(all, 2)), { is: 'broken' });
  });
}
