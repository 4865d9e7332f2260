import assert from 'node:assert/strict';
import {
  allTasks,
  Barrier,
  Condition,
  createTask,
  gather,
  Lock,
  PriorityQueue,
  Queue,
  select,
  Semaphore,
  shield,
  sleep,
  type Task,
  TaskGroup,
  timeout,
  TimeoutError,
  wait,
  waitFor,
} from '../../src/asyncio/index.ts';
import { Queue as SharedQueue } from '../../src/queue/index.ts';
import { Lock as SharedLock } from '../../src/threading/index.ts';
import { generator } from './generator.ts';

/*
 * Tasks do all kinds of things to the same few objects, and are cancelled at any moment. Whatever happens, an item is neither lost nor
 * doubled, no lock or permit is left held, nobody is left waiting, no task is left, and no rejection goes unhandled.
 */

/** How many operations were begun, and how many cancellations asked for. */
export interface Fuzzed {
  readonly operations: number;
  readonly cancels: number;
}

const times = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export async function fuzz(seed: number, rounds: number): Promise<Fuzzed> {
  const random = generator(seed);
  const total = { operations: 0, cancels: 0 };
  const unhandled: unknown[] = [];
  const onUnhandled = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', onUnhandled);
  try {
    for (let round = 0; round < rounds; round++) {
      try {
        await oneRound(random, total);
        assert.deepEqual(unhandled, []);
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}`, { cause: error });
      }
    }
  } finally {
    process.off('unhandledRejection', onUnhandled);
  }
  return total;
}

async function oneRound(random: () => number, total: { operations: number; cancels: number }): Promise<void> {
  const below = (n: number): number => Math.floor(random() * n);
  const maybeYield = async (): Promise<void> => {
    const kind = below(4);
    if (kind === 0) await Promise.resolve();
    else if (kind === 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const isOrdered = random() < 0.5;
  const queue = isOrdered ? new Queue<number>({ maxSize: below(4) }) : new PriorityQueue<number>({ maxSize: below(4) });
  const sharedQueue = new SharedQueue<number>({ maxSize: 3 });
  const lock = new Lock();
  const sharedLock = new SharedLock();
  const semaphore = new Semaphore(2);
  const condition = new Condition();
  const barrier = new Barrier(2);
  let next = 0;
  const put = new Set<number>();
  const got: number[] = [];
  let inLock = 0;
  let inSharedLock = 0;
  let inSemaphore = 0;

  const kinds: readonly (() => Promise<unknown>)[] = [
    async () => {
      const item = next++;
      await queue.put(item);
      put.add(item);
    },
    async () => got.push(await queue.get()),
    async () => {
      const item = next++;
      await sharedQueue.put(item);
      put.add(item);
    },
    async () => got.push(await sharedQueue.get()),
    async () => {
      using _ = await lock.acquire();
      try {
        assert.equal(++inLock, 1);
        await maybeYield();
      } finally {
        inLock--;
      }
    },
    async () => {
      using _ = await sharedLock.acquire();
      try {
        assert.equal(++inSharedLock, 1);
        await maybeYield();
      } finally {
        inSharedLock--;
      }
    },
    async () => {
      using _ = await semaphore.acquire();
      try {
        assert.ok(++inSemaphore <= 2);
        await maybeYield();
      } finally {
        inSemaphore--;
      }
    },
    async () => {
      using _ = await condition.acquire();
      if (random() < 0.5) condition.notify();
      else await condition.wait({ timeout: random() < 0.5 ? 2 : null });
    },
    () => barrier.wait(),
    async () => {
      const leftover = (value: unknown): void => {
        if (typeof value === 'number') got.push(value);
      };
      const first = await select({ item: () => queue.get(), time: () => sleep(random() * 2) }, { leftover });
      if (first.key === 'item') got.push(first.value as number);
    },
    async () => {
      try {
        await timeout(random() * 2, () => sleep(random() * 4));
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
      }
    },
    () =>
      TaskGroup.run(async (group) => {
        for (let i = below(3); i > 0; i--) group.createTask(() => sleep(random() * 2));
        if (random() < 0.2) group.cancel();
        await maybeYield();
      }),
    async () => await gather([() => sleep(random()), shield(() => sleep(0))]),
  ];

  const tasks: Task[] = [];
  for (let i = 0; i < 40; i++) {
    const kind = kinds[below(kinds.length)]!;
    const run = async (): Promise<void> => {
      for (let j = 0; j < 12; j++) {
        total.operations++;
        await kind();
      }
    };
    tasks.push(createTask(run, { eagerStart: random() < 0.8 }));
  }
  // What these get is what they return.
  const ways = [
    () => queue.get(),
    () => sharedQueue.get(),
    () => waitFor(() => queue.get(), { timeout: 1e6 }),
    () => waitFor(() => sharedQueue.get(), { timeout: 1e6 }),
  ];
  const getters = times(8).map((i) => createTask<number>(ways[i % ways.length]!));
  tasks.push(...(getters as Task[]));
  for (let k = 0; k < 60; k++) {
    await maybeYield();
    if (random() < 0.6 && tasks[below(tasks.length)]!.cancel()) total.cancels++;
  }
  for (const task of tasks) if (task.cancel()) total.cancels++;
  await wait(tasks);
  for (const task of tasks) if (!task.cancelled) assert.equal(task.exception(), null);
  // What a select or a shield has left running ends by itself.
  for (let left = [...allTasks()]; left.length > 0; left = [...allTasks()]) await wait(left);

  for (const getter of getters) if (!getter.cancelled) got.push(getter.result());
  const inside: number[] = [];
  for (; !queue.isEmpty;) inside.push(queue.getNoWait());
  for (; !sharedQueue.isEmpty;) inside.push(sharedQueue.getNoWait());
  const seen = [...got, ...inside];
  assert.equal(new Set(seen).size, seen.length, 'an item came twice');
  assert.deepEqual(
    seen.toSorted((a, b) => a - b),
    [...put].toSorted((a, b) => a - b),
    'an item was lost, or came from nowhere',
  );
  assert.deepEqual([lock.locked, sharedLock.locked, condition.locked, semaphore.value], [false, false, false, 2]);
  assert.deepEqual([inLock, inSharedLock, inSemaphore, barrier.nWaiting], [0, 0, 0, 0]);
  // Whoever were still in a line would get these.
  queue.putNoWait(-1);
  assert.equal(queue.getNoWait(), -1);
}
