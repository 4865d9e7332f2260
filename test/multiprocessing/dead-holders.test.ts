import assert from 'node:assert/strict';
import { dismissSpares } from '../../src/host/process/spares.ts';
import { Process } from '../../src/multiprocessing/index.ts';
import {
  AbandonedLockError,
  Barrier,
  BoundedSemaphore,
  BrokenBarrierError,
  Condition,
  Event,
  Lock,
  Once,
  RLock,
  RWLock,
  Semaphore,
  setExcepthook,
  Thread,
} from '../../src/threading/index.ts';
import { canShareMemory } from '../../src/system/memory.ts';
import { type Heap, sharedHeap } from '../../src/word/heap.ts';
import { processHeap } from '../../src/word/process-heap.ts';
import { leavesNothing } from '../support/leaves-nothing.ts';
import { after, test } from '../support/test.ts';

leavesNothing();
after(dismissSpares);

/*
 * Each kind of lock, each way to die: one thread holds one of each, or waits in it, and dies. What the others find then is the same,
 * whichever way it was.
 */
function kitIn(heap: Heap) {
  return {
    lock: new Lock({}, heap),
    rlock: new RLock({}, heap),
    condition: new Condition(new Lock({}, heap), heap),
    semaphore: new Semaphore(3, heap),
    bounded: new BoundedSemaphore(1, heap),
    read: new RWLock({}, heap),
    write: new RWLock({}, heap),
    barrier: new Barrier(2, {}, heap),
    once: new Once(undefined, heap),
    event: new Event(undefined, heap),
    held: new Event(undefined, heap),
    go: new Event(undefined, heap),
  };
}
type Kit = ReturnType<typeof kitIn>;

/** Takes one of each, and waits for the word to die. */
function take(kit: Kit): void {
  for (const lock of [kit.lock, kit.rlock, kit.condition, kit.bounded]) lock.acquireSync();
  kit.rlock.acquireSync();
  kit.semaphore.acquireSync();
  kit.semaphore.acquireSync();
  kit.read.acquireReadSync();
  kit.write.acquireWriteSync();
  const never = (): Promise<void> => new Promise(() => {});
  void kit.barrier.wait().catch(() => {});
  void kit.once.call(never);
  void kit.event.wait();
  kit.held.set();
  kit.go.waitSync();
}

async function abandoned(acquiring: Promise<unknown>): Promise<void> {
  await assert.rejects(acquiring, (error) => {
    assert.ok(error instanceof AbandonedLockError, String(error));
    error.held[Symbol.dispose]();
    return true;
  });
}

/** What is found after the death, by kind. */
const outcomes: Readonly<Record<string, (kit: Kit) => Promise<void>>> = {
  'a Lock is abandoned': ({ lock }) => abandoned(lock.acquire()),
  'a RLock is abandoned, however often it was held': ({ rlock }) => abandoned(rlock.acquire()),
  'the lock of a Condition is abandoned': ({ condition }) => abandoned(condition.acquire()),
  'the permits of a Semaphore come back': async ({ semaphore }) => {
    for (let i = 0; i < 3; i++) assert.equal(await semaphore.acquire(), semaphore);
    assert.equal(semaphore.tryAcquire(), null);
  },
  'the permits of a BoundedSemaphore come back, and no more': async ({ bounded }) => {
    assert.equal(await bounded.acquire(), bounded);
    bounded.release();
    assert.throws(() => bounded.release(), RangeError);
  },
  'a reader of a RWLock is forgotten': async ({ read }) => {
    (await read.acquireWrite())!.release();
    (await read.acquireRead())!.release();
    assert.equal(read.holders, 0);
  },
  'a writer of a RWLock is told of': async ({ write }) => {
    await abandoned(write.acquireRead());
    await abandoned(write.acquireWrite());
    (await write.acquireRead())!.release();
  },
  'a Barrier is broken': ({ barrier }) => assert.rejects(barrier.wait(), BrokenBarrierError),
  'a Once is done anew': async ({ once }) => {
    let calls = 0;
    assert.equal(await once.call(() => calls++), true);
    assert.deepEqual([calls, once.isDone], [1, true]);
  },
  'an Event wakes those that live': async ({ event }) => {
    const waiting = event.wait();
    event.set();
    assert.equal(await waiting, true);
  },
};

/** Each gives the kit when its thread has died. */
const ways: Readonly<Record<string, () => Promise<Kit>>> = {
  async 'is terminated'() {
    const kit = kitIn(sharedHeap());
    const thread = new Thread({ fresh: true, args: [kit], target: take });
    thread.start();
    await kit.held.wait();
    await thread.terminate();
    return kit;
  },
  'ends by an uncaught error': () =>
    ended((kit) => {
      setExcepthook(() => {});
      take(kit);
      throw new Error('no');
    }),
  'calls process.exit': () =>
    ended((kit) => {
      take(kit);
      process.exit(3);
    }),
  'runs out of memory': () =>
    ended((kit) => {
      take(kit);
      const all: number[][] = [];
      for (;;) all.push(Array.from({ length: 10_000 }, (_, i) => i));
    }),
  async 'is in a process that is killed'() {
    const kit = kitIn(processHeap());
    const child = new Process({ args: [kit], target: take });
    child.start();
    await kit.held.wait();
    process.kill(child.pid!, 'SIGKILL');
    await child.join();
    return kit;
  },
};

async function ended(target: (kit: Kit) => void): Promise<Kit> {
  const kit = kitIn(sharedHeap());
  const thread = new Thread({ args: [kit], target, resourceLimits: { maxOldGenerationSizeMb: 24 } });
  thread.start();
  await kit.held.wait();
  kit.go.set();
  await thread.join();
  return kit;
}

for (const [way, die] of Object.entries(ways)) {
  if (way.includes('process that') && !canShareMemory()) {
    console.log(`# left out: a thread that ${way}: this system cannot share memory between processes`);
    continue;
  }
  test(`when a thread ${way}, nothing that it held keeps the others waiting`, async (context) => {
    const kit = await die();
    for (const [outcome, find] of Object.entries(outcomes)) {
      await find(kit).catch((error: unknown) => assert.fail(`not true: ${outcome}: ${String(error)}`));
      context.diagnostic(outcome);
    }
  });
}
