import assert from 'node:assert/strict';
import * as processes from '../../src/multiprocessing/index.ts';
import { LifoQueue, PriorityQueue, Queue } from '../../src/queue/index.ts';
import { Thread } from '../../src/threading/index.ts';
import { test } from '../support/test.ts';
import { doubled } from './awaited-module.ts';
import { tripled } from './refuses-threads.ts';

type Item = readonly [key: number, value: unknown];

/** Runs `target` in a thread that has loaded nothing yet, and gives what it found. */
async function foundIn(target: () => Promise<unknown[]>): Promise<unknown[]> {
  const found = new Queue<unknown[]>();
  const thread = new Thread({ fresh: true, target: async () => found.putSync(await target()) });
  thread.start();
  await thread.join();
  return found.getNoWait();
}

for (const make of [
  () => new Queue<Item>(),
  () => new LifoQueue<Item>(),
  () => new PriorityQueue<Item>(),
  () => new processes.Queue<Item>(),
]) {
  const queue = make();
  const items: Item[] = [
    [1, doubled],
    [2, 'behind'],
  ];

  test(`${queue.constructor.name}: an item whose module has to be awaited is left in its place by what can't await it`, async () => {
    for (const item of queue instanceof LifoQueue ? items.toReversed() : items) queue.putSync(item);
    const found = await foundIn(async () => {
      const seen: unknown[] = [];
      for (const attempt of [() => queue.getSync(), () => queue.getNoWait(), () => queue.getManySync(2)]) {
        try {
          attempt();
        } catch (error) {
          seen.push((error as { code?: string }).code, queue.size);
        }
      }
      const [, twice] = (await queue.get()) as [number, (x: number) => number];
      return [...seen, twice(4), queue.getSync()[1], queue.unfinishedTasks];
    });
    assert.deepEqual(found, ['ERR_MUST_AWAIT', 2, 'ERR_MUST_AWAIT', 2, 'ERR_MUST_AWAIT', 2, 8, 'behind', 2]);
  });
}

test('getMany awaits the modules of its items, and getManySync stops before them', async () => {
  const queue = new Queue();
  queue.putManySync(['first', doubled, 'behind']);
  const found = await foundIn(async () => {
    const first = queue.getManySync(3);
    const others = await queue.getMany(3);
    return [first, others.length, (others[0] as (x: number) => number)(2), others[1]];
  });
  assert.deepEqual(found, [['first'], 2, 4, 'behind']);
});

test('an item that cannot be read at all is told once, and what is behind it is there for others', async () => {
  const queue = new Queue();
  queue.putManySync(['first', tripled, 'behind', tripled, 'last']);
  const found = await foundIn(async () => {
    const seen: unknown[] = [queue.getManySync(5), queue.size];
    for (const attempt of [() => queue.getManySync(5), () => queue.getSync(), () => queue.getSync()]) {
      try {
        seen.push(attempt());
      } catch (error) {
        seen.push((error as Error).message);
      }
    }
    return seen;
  });
  assert.deepEqual(found, [['first'], 4, 'not in a thread', 'behind', 'not in a thread']);
  assert.equal(queue.getNoWait(), 'last');
  assert.equal(queue.size, 0);
});

test('an item is awaited whose module is being imported at that moment', async () => {
  const queue = new Queue<(x: number) => number>();
  const thread = new Thread({ target: async () => queue.putSync((await import('./imported-later.ts')).tripledLater) });
  thread.start();
  await thread.join();
  const [imported, taken] = await Promise.all([import('./imported-later.ts'), queue.get()]);
  assert.equal(taken, imported.tripledLater);
  assert.equal(taken(2), 6);
});
