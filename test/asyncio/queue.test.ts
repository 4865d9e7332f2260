import assert from 'node:assert/strict';
import {
  CancelledError,
  createTask,
  Future,
  gather,
  LifoQueue,
  PriorityQueue,
  Queue,
  QueueEmpty,
  QueueFull,
  QueueShutDown,
  select,
  timeout,
  TimeoutError,
  wait,
} from '../../src/asyncio/index.ts';
import { Queue as SharedQueue } from '../../src/queue/index.ts';
import { rejects, step, test } from './support.ts';

test('items come out in the order of their kind of queue', async () => {
  for (const [queue, expected] of [
    [new Queue<number>(), [1, 3, 2]],
    [new LifoQueue<number>(), [2, 3, 1]],
    [new PriorityQueue<number>(), [1, 2, 3]],
    [new PriorityQueue<number>({ compare: (a, b) => b - a }), [3, 2, 1]],
  ] as const) {
    for (const item of [1, 3, 2]) await queue.put(item);
    assert.deepEqual([await queue.get(), await queue.get(), await queue.get()], expected);
  }
});

test('a full queue makes put wait, an empty one get; each is served in order [AQU-01]', async () => {
  const queue = new Queue<number>({ maxSize: 1 });
  const getters = [createTask(() => queue.get()), createTask(() => queue.get())];
  await step();
  queue.putNoWait(1);
  await queue.put(2);
  assert.deepEqual(await gather(getters), [1, 2]);
  queue.putNoWait(3);
  const putters = [createTask(() => queue.put(4)), createTask(() => queue.put(5))];
  await step();
  assert.throws(() => queue.putNoWait(6), QueueFull);
  assert.deepEqual([await queue.get(), await queue.get(), await queue.get()], [3, 4, 5]);
  await gather(putters);
  assert.throws(() => queue.getNoWait(), QueueEmpty);
});

test('an item is not lost when who waits for it is cancelled before, or in the moment when it comes', async () => {
  const queue = new Queue<number>();
  const first = createTask(() => queue.get());
  const second = createTask(() => queue.get());
  first.cancel();
  queue.putNoWait(1);
  queue.putNoWait(2);
  await rejects(first, CancelledError);
  assert.equal(await second, 1);
  assert.equal(await queue.get(), 2);
  let got: number | undefined;
  const granted = createTask(async () => {
    got = await queue.get();
    await step();
  });
  queue.putNoWait(3);
  granted.cancel();
  await rejects(granted, CancelledError);
  assert.equal(got, 3);
});

test('a put that is cancelled has put nothing, and holds up nobody [AQU-03 AQU-04]', async () => {
  const queue = new Queue<string>({ maxSize: 1 });
  const [a, b, x] = ['a', 'b', 'x'].map((item) => createTask(() => queue.put(item)));
  x!.cancel();
  await rejects(x!, CancelledError);
  assert.equal(queue.getNoWait(), 'a');
  assert.equal(queue.getNoWait(), 'b');
  await gather([a!, b!]);
  assert.deepEqual([queue.size, queue.unfinishedTasks], [0, 2]);
});

test('waits that have ended are not kept [AQU-05]', async () => {
  const queue = new Queue<number>({ maxSize: 1 });
  await rejects(
    timeout(1, () => queue.get()),
    TimeoutError,
  );
  await rejects(queue.get({ timeout: 1 }), QueueEmpty);
  queue.putNoWait(1);
  assert.equal(queue.size, 1, 'it went to nobody');
  await rejects(queue.put(2, { timeout: 1 }), QueueFull);
  assert.equal(queue.getNoWait(), 1);
  assert.equal(queue.isEmpty, true);
});

test('a size that is no integer works as the next one above [AQU-06]', () => {
  const queue = new Queue<number>({ maxSize: 1.3 });
  queue.putNoWait(1);
  queue.putNoWait(2);
  assert.equal(queue.isFull, true);
  assert.throws(() => queue.putNoWait(3), QueueFull);
  assert.throws(() => new Queue({ maxSize: NaN }), TypeError);
});

test('producer and consumer take turns at a queue of one', async () => {
  const queue = new Queue<number>({ maxSize: 1 });
  const got: number[] = [];
  await gather([
    async () => {
      for (let i = 0; i < 5; i++) await queue.put(i);
    },
    async () => {
      for (let i = 0; i < 5; i++) got.push(await queue.get());
    },
  ]);
  assert.deepEqual(got, [0, 1, 2, 3, 4]);
});

test('join waits until all that was put is done with, also after a shutdown [AQU-08]', async () => {
  const queue = new Queue<number>();
  assert.throws(() => queue.taskDone(), RangeError);
  for (let i = 0; i < 100; i++) queue.putNoWait(i);
  let sum = 0;
  const workers = [1, 2].map(() =>
    createTask(async () => {
      for (;;) {
        const item = await queue.get();
        sum += item;
        queue.taskDone();
      }
    }),
  );
  assert.equal(await queue.join(), true);
  assert.equal(sum, 4950);
  for (const worker of workers) worker.cancel();
  await wait(workers);

  const other = new Queue<number>();
  other.putNoWait(1);
  other.putNoWait(2);
  const joined = createTask(() => other.join());
  await other.get();
  other.shutdown({ immediate: true });
  await step();
  assert.equal(joined.done, false);
  other.taskDone();
  assert.equal(await joined, true);
  assert.throws(() => other.taskDone(), RangeError);
  assert.equal(await other.join({ timeout: 1 }), true);
});

test('a queue that is shut down takes nothing, and gives what is left; those who wait are told', async () => {
  const queue = new Queue<number>({ maxSize: 1 });
  queue.putNoWait(1);
  const putter = createTask(() => queue.put(2));
  queue.shutdown();
  await rejects(putter, QueueShutDown);
  await rejects(queue.put(3), QueueShutDown);
  assert.throws(() => queue.putNoWait(3), QueueShutDown);
  assert.equal(await queue.get(), 1);
  await rejects(queue.get(), QueueShutDown);
  assert.throws(() => queue.getNoWait(), QueueShutDown);
  const empty = new Queue<number>();
  const getter = createTask(() => empty.get());
  empty.shutdown();
  await rejects(getter, QueueShutDown);
});

test('for await goes on until the queue is shut down', async () => {
  const queue = new Queue<number>();
  queue.putNoWait(1);
  const task = createTask(async () => {
    const seen: number[] = [];
    for await (const item of queue) seen.push(item);
    return seen;
  });
  await step();
  queue.putNoWait(2);
  queue.shutdown();
  assert.deepEqual(await task, [1, 2]);
});

test('an item that came with a cancellation is not lost by a second one, however soon that follows', async () => {
  const both = { queue: (): Queue<number> | SharedQueue<number> => new Queue(), shared: () => new SharedQueue<number>() };
  for (const [name, make] of Object.entries(both)) {
    for (const isSelected of [false, true]) {
      for (let hops = 0; hops < 40; hops++) {
        const queue = make();
        const never = new Future<never>();
        const taken: number[] = [];
        const get = async (): Promise<number> => {
          const leftover = (value: unknown): void => void taken.push(value as number);
          return (await select({ item: () => queue.get(), never }, { leftover })).value;
        };
        const getter = createTask(isSelected ? get : () => queue.get());
        await step();
        queue.putNoWait(5);
        getter.cancel('the first');
        for (let i = 0; i < hops; i++) await Promise.resolve();
        getter.cancel('the second');
        await wait([getter]);
        if (!getter.cancelled) taken.push(getter.result());
        if (!queue.isEmpty) taken.push(queue.getNoWait());
        assert.deepEqual(taken, [5], `${name}${isSelected ? ', selected' : ''}, ${hops} hops`);
      }
    }
  }
});

test('an item that was granted as the cancellation came is what the task returns', async () => {
  const queue = new Queue<number>();
  const getter = createTask(() => queue.get());
  queue.putNoWait(1);
  getter.cancel();
  assert.equal(await getter, 1);
});
