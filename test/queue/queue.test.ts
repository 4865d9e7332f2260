import assert from 'node:assert/strict';
import { LifoQueue, PriorityQueue, Queue, QueueEmpty, QueueFull, QueueShutDown, SimpleQueue } from '../../src/queue/index.ts';
import { Event, Lock, SendError, Thread } from '../../src/threading/index.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

const words = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(count * 4));

for (const [name, make] of [
  ['Queue', (maxSize = 0) => new Queue<number>({ maxSize })],
  ['LifoQueue', (maxSize = 0) => new LifoQueue<number>({ maxSize })],
  ['PriorityQueue', (maxSize = 0) => new PriorityQueue<number>({ maxSize })],
] as const) {
  test(`${name}: what cannot be done at once, or in time, is refused by name [QUE-03 QUE-04 QUE-05 QUE-20]`, async () => {
    const queue = make(1);
    assert.throws(() => queue.getNoWait(), QueueEmpty);
    await assert.rejects(queue.get({ timeout: 1 }), QueueEmpty);
    assert.throws(() => queue.getSync({ timeout: 1 }), QueueEmpty);
    queue.putNoWait(1);
    assert.deepEqual([queue.size, queue.isFull, queue.isEmpty], [1, true, false]);
    assert.throws(() => queue.putNoWait(2), QueueFull);
    await assert.rejects(queue.put(2, { timeout: 1 }), QueueFull);
    assert.throws(() => queue.putSync(2, { timeout: 1 }), QueueFull);
    for (const timeout of [-1, NaN]) {
      await assert.rejects(queue.get({ timeout }), RangeError);
      assert.throws(() => queue.putSync(1, { timeout }), RangeError);
    }
    assert.equal(queue.getNoWait(), 1);
  });

  test(`${name}: a get waits for a put in another thread, and the other way round [QUE-06]`, async () => {
    const [queue, back] = [make(), make(1)];
    const seen = words(2);
    const thread = new Thread({
      target: () => {
        seen[0] = queue.getSync();
        back.putSync(7);
        back.putSync(8);
        seen[1] = 1;
      },
    });
    thread.start();
    await queue.put(5);
    assert.equal(await back.get(), 7);
    assert.equal(back.getSync(), 8);
    await thread.join();
    assert.deepEqual([...seen], [5, 1]);
  });

  test(`${name}: join waits until everything that was put is done, again and again [QUE-08]`, async () => {
    const queue = make();
    assert.equal(await queue.join(), true);
    assert.throws(() => queue.taskDone(), RangeError);
    for (let round = 0; round < 2; round++) {
      const worker = new Thread({
        target: () => {
          for (let i = 0; i < 10; i++) {
            queue.getSync();
            queue.taskDone();
          }
        },
      });
      worker.start();
      for (let i = 0; i < 10; i++) queue.putNoWait(i);
      assert.equal(queue.joinSync(), true);
      await worker.join();
    }
    queue.putNoWait(1);
    assert.equal(await queue.join({ timeout: 1 }), false);
    const reason = new Error('enough');
    for (const join of ['join', 'joinSync'] as const)
      await assert.rejects(
        async () => queue[join]({ signal: AbortSignal.abort(reason) }),
        (error) => error === reason,
      );
    assert.equal(queue.unfinishedTasks, 1);
  });

  test(`${name}: lowering maxSize below the size makes put fail until it drains [QUE-09]`, () => {
    const queue = make(3);
    for (const item of [1, 2, 3]) queue.putNoWait(item);
    queue.maxSize = 1;
    assert.throws(() => queue.putNoWait(4), QueueFull);
    queue.getNoWait();
    queue.getNoWait();
    assert.throws(() => queue.putNoWait(4), QueueFull);
    queue.getNoWait();
    queue.putNoWait(4);
  });

  test(`${name}: after a shutdown nothing goes in, and what is there comes out [QUE-10 QUE-11 QUE-16]`, async () => {
    const queue = make();
    queue.putNoWait(1);
    queue.shutdown();
    assert.throws(() => queue.putNoWait(2), QueueShutDown);
    await assert.rejects(queue.put(2), QueueShutDown);
    assert.equal(await queue.get(), 1);
    queue.taskDone();
    assert.equal(await queue.join(), true);
    await assert.rejects(queue.get(), QueueShutDown);
    assert.throws(() => queue.getNoWait(), QueueShutDown);
  });

  test(`${name}: an immediate shutdown drops what is there, as done [QUE-13]`, async () => {
    const queue = make();
    for (const item of [1, 2]) queue.putNoWait(item);
    const joined = queue.join();
    queue.shutdown({ immediate: true });
    assert.equal(await joined, true);
    await assert.rejects(queue.get(), QueueShutDown);
    assert.throws(() => queue.taskDone(), RangeError);
  });

  test(`${name}: many put and get, and when it is shut down in the midst of that, all come to their end [QUE-18]`, async () => {
    const queue = make(10);
    const [put, got, ended] = [words(1), words(1), words(1)];
    const work = (act: () => void): void => {
      try {
        for (;;) act();
      } catch (error) {
        if (error instanceof QueueShutDown) Atomics.add(ended, 0, 1);
      }
    };
    const putting = (): void => {
      queue.putSync(1);
      Atomics.add(put, 0, 1);
    };
    const getting = (): void => {
      queue.getSync();
      Atomics.add(got, 0, 1);
    };
    const threads = [putting, putting, putting, getting, getting, getting].map((act) => new Thread({ target: work, args: [act] }));
    for (const thread of threads) thread.start();
    await until(() => Atomics.load(got, 0) > 1000);
    queue.shutdown();
    for (const thread of threads) assert.equal(await thread.join(), true);
    assert.equal(ended[0], 6);
    assert.equal(got[0], put[0], 'what was put before the shutdown was got');
  });

  test(`${name}: a shutdown wakes all who wait to get or to put [QUE-14 QUE-15]`, async () => {
    const [empty, full] = [make(), make(1)];
    full.putNoWait(0);
    const refused = words(1);
    const started = words(1);
    const threads = [1, 2, 3, 4].map(
      (n) =>
        new Thread({
          target: () => {
            Atomics.add(started, 0, 1);
            try {
              if (n % 2 === 0) empty.getSync();
              else full.putSync(1);
            } catch (error) {
              if (error instanceof QueueShutDown) Atomics.add(refused, 0, 1);
            }
          },
        }),
    );
    for (const thread of threads) thread.start();
    await until(() => Atomics.load(started, 0) === 4);
    empty.shutdown();
    full.shutdown();
    for (const thread of threads) assert.equal(await thread.join(), true);
    assert.equal(refused[0], 4);
  });

  test(`${name}: an item that cannot be sent is refused where it is put, and the queue stays as it was [QUE-19]`, async () => {
    const queue = make() as Queue;
    await assert.rejects(queue.put(Promise.resolve(1)), SendError);
    assert.throws(() => queue.putSync(process.stdout), SendError);
    assert.equal(queue.size, 0);
    queue.putNoWait(1);
    assert.equal(queue.getNoWait(), 1);
  });
}

test('items come out in the order of their queue [QUE-01]', () => {
  const items = [111, 333, 222];
  const out = (queue: Queue<number>): number[] => {
    queue.putManySync(items);
    return items.map(() => queue.getNoWait());
  };
  assert.deepEqual(out(new Queue()), [111, 333, 222]);
  assert.deepEqual(out(new LifoQueue()), [222, 333, 111]);
  assert.deepEqual(out(new PriorityQueue()), [111, 222, 333]);
});

test('a priority queue sorts numbers, texts, arrays by their elements, and objects by their priority', () => {
  const sorted = (items: readonly unknown[]): unknown[] => {
    const queue = new PriorityQueue();
    queue.putManySync(items);
    return items.map(() => queue.getNoWait());
  };
  assert.deepEqual(sorted(['b', 'a', 'c']), ['a', 'b', 'c']);
  assert.deepEqual(sorted([1.5, -2, 0, -0.5]), [-2, -0.5, 0, 1.5]);
  assert.deepEqual(sorted([[2, 'x'] as const, [1, 'z'] as const, [1, 'y'] as const]), [
    [1, 'y'],
    [1, 'z'],
    [2, 'x'],
  ]);
  assert.deepEqual(sorted([{ priority: 2 }, { priority: 1 }]), [{ priority: 1 }, { priority: 2 }]);
  const random = Array.from({ length: 500 }, (_, i) => (i * 7919) % 503);
  assert.deepEqual(
    sorted(random),
    random.toSorted((a, b) => a - b),
  );
});

test('anything that can be sent goes through, and shared things arrive as themselves', async () => {
  const [there, back] = [new Queue(), new Queue()];
  const thread = new Thread({
    target: () => {
      for (;;) {
        const item = there.getSync();
        if (item === 'end') return;
        back.putSync(item);
      }
    },
  });
  thread.start();
  const factor = 3;
  class Point {
    readonly x: number;
    constructor(x: number) {
      this.x = x;
    }
    double(): number {
      return this.x * 2;
    }
  }
  const lock = new Lock();
  const plain = [
    1,
    -0,
    1.5,
    null,
    undefined,
    true,
    'text',
    'žluť',
    10n ** 30n,
    { a: [1, { b: 2 }] },
    new Map([[1, new Set(['x'])]]),
    new Date(5),
    new Float64Array([1, 2]),
  ];
  for (const item of plain) {
    await there.put(item);
    assert.deepEqual(await back.get(), item);
  }
  for (const shared of [lock, there, thread, new Event()]) {
    await there.put({ shared });
    assert.equal(((await back.get()) as { shared: unknown }).shared, shared);
  }
  await there.put(new Point(4));
  const point = (await back.get()) as Point;
  assert.ok(point instanceof Point);
  assert.equal(point.double(), 8);
  await there.put((x: number) => x * factor);
  assert.equal(((await back.get()) as (x: number) => number)(2), 6);
  there.putSync('end');
  await thread.join();
});

test('many producers and consumers lose nothing and get nothing twice', async () => {
  const queue = new Queue<number>({ maxSize: 50 });
  const [sum, count] = [words(1), words(1)];
  const producers = [0, 1].map(
    (p) =>
      new Thread({
        target: () => {
          for (let i = 0; i < 3000; i++) queue.putSync(p * 3000 + i);
        },
      }),
  );
  const consumers = [0, 1].map(
    () =>
      new Thread({
        target: async () => {
          for await (const item of queue) {
            Atomics.add(sum, 0, item);
            Atomics.add(count, 0, 1);
          }
        },
      }),
  );
  for (const thread of [...producers, ...consumers]) thread.start();
  for (const producer of producers) await producer.join();
  queue.shutdown();
  for (const consumer of consumers) await consumer.join();
  assert.equal(count[0], 6000);
  assert.equal(sum[0], (6000 * 5999) / 2);
});

test('several items are put and got at once', async () => {
  const queue = new Queue<number>();
  await queue.putMany([1, 2, 3, 4]);
  assert.deepEqual(await queue.getMany(3), [1, 2, 3]);
  assert.deepEqual(queue.getManySync(5), [4]);
});

test('a thread that dies while it waits or works leaves the queue to the others', async () => {
  const queue = new Queue<number>();
  const busy = new Event();
  const dies = new Thread({
    target: () => {
      for (let i = 0; ; i++) {
        queue.putSync(i);
        if (i === 100) busy.set();
      }
    },
  });
  const waits = new Queue();
  const sleeper = new Thread({ target: () => void waits.getSync() });
  dies.start();
  sleeper.start();
  await busy.wait();
  await dies.terminate();
  await sleeper.terminate();
  for (let i = 0; queue.size > 0; i++) assert.equal(queue.getNoWait(), i);
  waits.putNoWait(1);
  assert.equal(await waits.get(), 1);
});

test('a simple queue is first in, first out, has no limit, and puts within puts [SQU-01 SQU-03]', async () => {
  const queue = new SimpleQueue();
  assert.throws(() => queue.getNoWait(), QueueEmpty);
  assert.throws(() => queue.getSync({ timeout: 1 }), QueueEmpty);
  await assert.rejects(queue.get({ timeout: 1 }), QueueEmpty);
  for (let i = 0; i < 1000; i++) queue.putNoWait(i);
  for (let i = 0; i < 1000; i++) assert.equal(queue.getSync(), i);
  const nosy = {
    get item(): number {
      queue.putNoWait('inner');
      return 1;
    },
  };
  queue.putNoWait({ ...nosy });
  assert.deepEqual([queue.getNoWait(), queue.getNoWait()], ['inner', { item: 1 }]);
});

test('a queue that grows past what this thread has seen of the memory gives all items, in order', async () => {
  const queue = new Queue<number | string>();
  const COUNT = 400_000;
  const producer = new Thread({
    target: () => {
      for (let i = 0; i < COUNT; i++) queue.putSync(i % 2 === 0 ? i : `${i}`);
    },
  });
  producer.start();
  await producer.join();
  for (let i = 0; i < COUNT; i++) {
    const item = queue.getNoWait();
    if (Number(item) !== i) assert.equal(item, i);
  }
  assert.equal(queue.size, 0);
});

test('putMany and getMany keep the order, across growth and a limit', async () => {
  const queue = new Queue<number>({ maxSize: 300 });
  const items = Array.from({ length: 5000 }, (_, i) => i);
  const producer = new Thread({ target: () => queue.putManySync(items) });
  producer.start();
  const seen: number[] = [];
  while (seen.length < items.length) seen.push(...queue.getManySync(700));
  await producer.join();
  assert.deepEqual(seen, items);
  await assert.rejects(queue.putMany(items, { timeout: 1 }), QueueFull);
  assert.equal(queue.size, 300);
});

test('producers and consumers that are terminated at any moment lose and double nothing of the others', async () => {
  for (const make of [() => new Queue<number>(), () => new PriorityQueue<number>()]) {
    const queue = make();
    const begun = words(1);
    const victims = [0, 1].map(
      (n) =>
        new Thread({
          target: () => {
            for (;;) {
              if (n === 0) queue.putSync(-1);
              else if (queue.size > 0) queue.getSync();
              Atomics.add(begun, 0, 1);
            }
          },
        }),
    );
    for (const victim of victims) victim.start();
    await until(() => Atomics.load(begun, 0) > 2000);
    for (const victim of victims) await victim.terminate();
    // The first to come completes what a dead thread has begun.
    queue.putNoWait(-1);
    while (queue.size > 0) assert.equal(queue.getNoWait(), -1);
    for (const item of [3, 1, 2]) queue.putNoWait(item);
    assert.equal(queue.size, 3);
    assert.deepEqual(
      queue.getManySync(3).toSorted((a, b) => a - b),
      [1, 2, 3],
    );
  }
});
