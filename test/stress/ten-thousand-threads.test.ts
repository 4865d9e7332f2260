import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Event, Lock, RLock, setExcepthook, Thread, activeCount } from '../../src/threading/index.ts';
import { Queue } from '../../src/queue/index.ts';
import { sharedHeap } from '../../src/word/heap.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { watch } from '../support/watchdog.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

interface Held {
  readonly listeners: number;
  readonly handles: number;
  readonly heap: number;
  readonly rss: number;
}

/** What the process holds once garbage is gone, and what it held for has been told. */
async function held(): Promise<Held> {
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    handles: process.getActiveResourcesInfo().length,
    heap: sharedHeap().top,
    rss: process.memoryUsage().rss,
  };
}

/** So many thousands in a row that add nothing to the heap: whatever were left of each thread, it would be more than a chunk of it by then. */
const QUIET = 3;
const THOUSANDS_MAX = 50;

async function leavesNothing(run: (count: number) => Promise<void>): Promise<void> {
  let before: Held | undefined;
  let [heap, quiet] = [0, 0];
  // What waits for the garbage collector lies in the heap, too, and how much that is at most shows with time: a heap that holds nothing of the threads that
  // have ended comes to rest.
  for (let thousand = 1; thousand <= 10 || quiet < QUIET; thousand++) {
    assert.ok(thousand <= THOUSANDS_MAX, `the shared heap grows on and on: to ${heap} bytes`);
    watch(`thousand ${thousand}`); // Something moves.
    await run(1000);
    const now = await held();
    quiet = now.heap === heap ? quiet + 1 : 0;
    ({ heap } = now);
    if (thousand === 4) before = now;
  }
  assert.ok(before !== undefined);
  await until(() => activeCount() === 1);
  const after = await held();
  assert.ok(after.listeners <= before.listeners, 'listeners are left');
  assert.ok(after.handles <= before.handles + 1, 'handles are left');
  assert.ok(after.rss - before.rss < 96 << 20, `memory has grown by ${(after.rss - before.rss) >> 20} MB`);
}

test('ten thousand threads one after another leave nothing behind', () =>
  leavesNothing(async (count) => {
    for (let i = 0; i < count; i++) {
      const thread = new Thread({ target: (n: number) => n, args: [i], name: `number ${i} of many, with a name that takes some room` });
      thread.start();
      if (i % 2 === 0) thread.joinSync();
      else await thread.join();
    }
  }));

test('ten thousand threads that share locks, events and queues leave nothing behind', () =>
  leavesNothing(async (count) => {
    for (let i = 0; i < count; i++) {
      const [lock, rlock, event, queue] = [new Lock(), new RLock(), new Event(), new Queue<string>()];
      const thread = new Thread({
        target: () => {
          using _ = lock.acquireSync();
          using __ = rlock.acquireSync();
          queue.putSync('some text that is not stored in the item itself');
          event.set();
        },
      });
      thread.start();
      await event.wait();
      await queue.get();
      await thread.join();
    }
  }));

test('ten thousand threads that fail leave nothing behind', () =>
  leavesNothing(async (count) => {
    for (let i = 0; i < count; i++) {
      const thread = new Thread({
        target: () => {
          process.stderr.write('');
          setExcepthook(() => {}); // Ten thousand errors need not be read.
          throw Object.assign(new Error('as it must'), { stack: '' });
        },
      });
      thread.start();
      await thread.join();
    }
  }));
