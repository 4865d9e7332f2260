import assert from 'node:assert/strict';
import { endForkServer } from '../../src/host/process/fork/fork-server.ts';
import { dismissSpares } from '../../src/host/process/spares.ts';
import * as processes from '../../src/multiprocessing/index.ts';
import { ItemLostWarning, LifoQueue, PriorityQueue, Queue } from '../../src/queue/index.ts';
import { copyItem, type Items } from '../../src/queue/cells.ts';
import { orders } from '../../src/queue/order.ts';
import type { Store } from '../../src/queue/store.ts';
import { Event, Thread } from '../../src/threading/index.ts';
import { leavesNothing } from '../support/leaves-nothing.ts';
import { LONG } from '../support/patience.ts';
import { after, test } from '../support/test.ts';

leavesNothing();
after(async () => {
  await endForkServer();
  await dismissSpares();
});

/** Where in a put its thread dies, under the lock: before anything is written, in the middle of the item, and when it is written but not counted. */
type Moment = 'nothing' | 'half' | 'all';
const MOMENTS: readonly Moment[] = ['nothing', 'half', 'all'];

/** Has this thread die in its next put, at that very point. */
function dieInPut(order: number, moment: Moment, die: () => void): void {
  Object.assign(orders[order]!, {
    put(store: Store, items: Items, at: number) {
      const place = order === 0 ? store.place(store.itemsPut) : order === 1 ? store.place(store.here) : store.moved;
      if (moment === 'half') store.heap.i32.set(items.i32.subarray(4 * at, 4 * at + 2), 4 * place);
      if (moment === 'all') copyItem(items, at, store.heap, place);
      die();
    },
  });
}

/** The warnings that come while `body` runs, and the one that it gives. */
async function lossToldIn<T>(body: () => Promise<T>): Promise<{ readonly value: T; readonly losses: readonly ItemLostWarning[] }> {
  const losses: ItemLostWarning[] = [];
  const hear = (warning: Error): void => {
    if (warning instanceof ItemLostWarning) losses.push(warning);
  };
  process.on('warning', hear);
  try {
    const value = await body();
    await new Promise((resolve) => setImmediate(resolve));
    return { value, losses };
  } finally {
    process.off('warning', hear);
  }
}

const text = (n: number): string => `a text that is too long for an item: ${n}`;

for (const method of ['spawn', 'forkserver'] as const) {
  const { Process } = processes.getContext(method);
  for (const moment of MOMENTS) {
    test(`${method}: a process that is killed in the middle of a put, with ${moment} of the item written: the reader skips it, and is told by whom it was lost`, async () => {
      const queue = new processes.Queue<string>();
      const begun = new processes.Event();
      const child = new Process({
        name: 'writer',
        target: () => {
          for (const n of [1, 2]) queue.putSync(text(n));
          begun.set();
          dieInPut(0, moment, () => process.kill(process.pid, 'SIGKILL'));
          queue.putSync(text(3));
        },
      });
      child.start();
      const { pid } = child;
      await begun.wait();
      await child.join();
      assert.equal(child.exitCode, -9);
      const { value, losses } = await lossToldIn(async () => {
        const first = await queue.get({ timeout: LONG });
        await queue.put(text(4));
        return [first, queue.getSync({ timeout: LONG }), await queue.get({ timeout: LONG })];
      });
      assert.deepEqual(value, [text(1), text(2), text(4)]);
      assert.equal(queue.size, 0);
      assert.deepEqual(
        losses.map((loss) => [loss.name, loss.code, loss.count, loss.pid]),
        [['ItemLostWarning', 'MANYCORE_ITEM_LOST', 1, pid]],
      );
      assert.match(losses[0]!.message, new RegExp(`^writer \\(${pid}\\) died while it put an item into a queue`));
    });
  }
}

test('a process that is killed in the middle of sending by a pipe: what it sent before is received, then the end, and the loss is told', async () => {
  const [here, there] = processes.Pipe();
  const child = new processes.Process({
    target: (end: typeof there) => {
      end.sendSync(text(1));
      dieInPut(0, 'half', () => process.kill(process.pid, 'SIGKILL'));
      end.sendSync(text(2));
    },
    args: [there],
  });
  child.start();
  there.close();
  await child.join();
  assert.equal(child.exitCode, -9);
  const { losses } = await lossToldIn(async () => {
    assert.equal(await here.recv(), text(1));
    await assert.rejects(here.recv({ timeout: LONG }), { name: 'EndOfFileError' });
  });
  assert.deepEqual(
    losses.map(({ count, pid }) => [count, pid]),
    [[1, child.pid]],
  );
  here.close();
});

/** Has a process run what kills it: an item that is in the queue is still there, and nobody is told of a loss. */
async function isKeptWhile(queue: processes.Queue<string>, target: () => void): Promise<void> {
  const child = new processes.Process({ target });
  child.start();
  await child.join();
  assert.equal(child.exitCode, -9);
  const { value, losses } = await lossToldIn(() => queue.get({ timeout: LONG }));
  assert.equal(value, text(1));
  assert.deepEqual(losses, []);
}

test('a process that is killed right after it has put loses nothing, and nobody is told of a loss', async () => {
  const queue = new processes.Queue<string>();
  await isKeptWhile(queue, () => {
    const { put } = orders[0]!;
    Object.assign(orders[0]!, {
      put(...args: Parameters<typeof put>) {
        put(...args);
        process.kill(process.pid, 'SIGKILL');
      },
    });
    queue.putSync(text(1));
  });
});

test('a process that is killed while it takes an item out leaves it in the queue', async () => {
  const queue = new processes.Queue<string>();
  queue.putSync(text(1));
  await isKeptWhile(queue, () => {
    Object.assign(orders[0]!, { get: () => process.kill(process.pid, 'SIGKILL') });
    queue.getSync();
  });
});

for (const [order, make] of [() => new Queue<string>(), () => new LifoQueue<string>(), () => new PriorityQueue<string>()].entries()) {
  for (const moment of MOMENTS) {
    test(`${make().constructor.name}: a thread that is terminated in the middle of a put, with ${moment} of the item written, is told of by name`, async () => {
      const queue = make();
      const [begun, never] = [new Event(), new Event()];
      const thread = new Thread({
        name: 'writer',
        // Its queues are not as those of others any more.
        fresh: true,
        target: () => {
          queue.putSync(text(1));
          dieInPut(order, moment, () => {
            begun.set();
            never.waitSync();
          });
          queue.putSync(text(2));
        },
      });
      thread.start();
      await begun.wait();
      await thread.terminate();
      const { value, losses } = await lossToldIn(async () => {
        await queue.put(text(3));
        return (await queue.getMany(3, { timeout: LONG })).sort();
      });
      assert.deepEqual(value, [text(1), text(3)]);
      assert.deepEqual(
        losses.map((loss) => [loss.name, loss.count]),
        [['ItemLostWarning', 1]],
      );
      assert.match(losses[0]!.message, /^writer died while it put an item into a queue/);
    });
  }
}

test('of several items that a thread was putting at once, those that did not get in are counted', async () => {
  const queue = new Queue<number>();
  const [begun, never] = [new Event(), new Event()];
  const thread = new Thread({
    fresh: true,
    target: () => {
      dieInPut(0, 'half', () => {
        begun.set();
        never.waitSync();
      });
      queue.putManySync([1, 2, 3]);
    },
  });
  thread.start();
  await begun.wait();
  await thread.terminate();
  const { losses } = await lossToldIn(() => queue.put(4));
  assert.deepEqual(
    losses.map(({ count }) => count),
    [3],
  );
  assert.match(losses[0]!.message, /died while it put 3 items into a queue/);
  assert.deepEqual(await queue.getMany(9), [4]);
});
