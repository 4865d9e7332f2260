import assert from 'node:assert/strict';
import { CancelledError, CancelScope, createTask, currentTask, forEach, map, sleep, timeout } from '../../src/asyncio/index.ts';
import { deferred } from '../../src/base/deferred.ts';
import { Boom, boom, forever, rejects, step, test } from './support.ts';

function* numbers(end = Infinity): Generator<number> {
  for (let i = 0; i < end; i++) yield i;
}

test('map gives the results in order, whatever order they are ready in', async () => {
  const slowFirst = async (n: number): Promise<number> => {
    await sleep(n % 3 === 0 ? 2 : 0);
    return n * n;
  };
  const expected = [0, 1, 4, 9, 16, 25, 36];
  assert.deepEqual(await map(numbers(7), slowFirst, { limit: 3 }).toArray(), expected);
  const seen: number[] = [];
  for await (const square of map(numbers(7), slowFirst, { limit: 3 })) seen.push(square);
  assert.deepEqual(seen, expected);
  assert.deepEqual(await map([], slowFirst).toArray(), []);
  assert.deepEqual(await map([1, 2], (n) => n + 1).toArray(), [2, 3]);
  assert.deepEqual(
    await map([1, 2], function* (n) {
      yield step();
      return n * 10;
    }).toArray(),
    [10, 20],
  );
});

test('no more run at once than the limit says, and items are taken only when there is room', async () => {
  let running = 0;
  let most = 0;
  let taken = 0;
  function* items(): Generator<number> {
    for (const n of numbers()) {
      taken++;
      yield n;
    }
  }
  const work = async (): Promise<void> => {
    most = Math.max(most, ++running);
    try {
      await step();
    } finally {
      running--;
    }
  };
  let count = 0;
  for await (const _ of map(items(), work, { limit: 4, bufferSize: 2 })) if (++count === 20) break;
  assert.equal(most, 4);
  assert.ok(taken <= 26, `${taken} were taken`);
  await forEach(numbers(20), work, { limit: 3 });
  assert.equal(running, 0);
});

test('items may come one by one, and each goes to one call', async () => {
  async function* coming(): AsyncGenerator<number> {
    for (const n of numbers(10)) {
      await step();
      yield n;
    }
  }
  const seen: number[] = [];
  await forEach(coming(), async (n) => void seen.push(n), { limit: Infinity });
  assert.deepEqual(seen, [...numbers(10)]);
  assert.deepEqual(await map(coming(), async (n) => n, { limit: 3 }).toArray(), [...numbers(10)]);
  const one: number[] = [];
  for await (const n of map(coming(), async (n) => n, { limit: 3 })) one.push(n);
  assert.deepEqual(one, [...numbers(10)]);
});

test('the first error cancels what is running, and comes out when that has ended', async () => {
  let cut = 0;
  const work = async (n: number): Promise<void> => {
    if (n === 2) {
      await step();
      boom();
    }
    try {
      await forever();
    } finally {
      cut++;
    }
  };
  await rejects(forEach(numbers(), work, { limit: 3 }), Boom);
  assert.equal(cut, 2);
  await rejects(map(numbers(), work, { limit: 3 })[Symbol.asyncIterator]().next(), Boom);
  assert.equal(cut, 4);
});

test('cancelling who maps cancels what is running, and leaving the loop too', async () => {
  let cut = 0;
  const work = async (n: number): Promise<number> => {
    if (n === 0) return 0;
    try {
      return await forever();
    } finally {
      cut++;
    }
  };
  const task = createTask(() => forEach(numbers(), work, { limit: 3 }));
  await step();
  task.cancel();
  await rejects(task, CancelledError);
  assert.equal(cut, 3);
  for await (const _ of map(numbers(), work, { limit: 3 })) break;
  assert.ok(cut >= 5);
  const looping = createTask(async () => {
    for await (const _ of map(numbers(), work, { limit: 2 }));
  });
  await step();
  looping.cancel();
  await rejects(looping, CancelledError);
});

test('a cancellation that meets a failure of an item is not lost: the failure comes first, the next await is cut', async () => {
  const ways = [
    (fn: (n: number) => Promise<unknown>) => forEach([1, 2], fn),
    (fn: (n: number) => Promise<unknown>) => map([1, 2], fn).toArray(),
  ];
  for (const way of ways) {
    const gate = deferred<void>();
    let stage = 0;
    const task = createTask(async () => {
      await rejects(
        way(async (n) => {
          if (n === 2) await forever();
          await gate.promise;
          boom();
        }),
        Boom,
      );
      stage = 1;
      await forever();
    });
    await step();
    gate.resolve(undefined);
    task.cancel();
    await rejects(task, CancelledError);
    assert.equal(stage, 1);
  }
});

test('a cancellation that meets the items only, while the loop over their results waits for a foreign promise and is then left, ends the next await', async () => {
  for (const leave of [() => true, () => boom()]) {
    const gate = deferred<void>();
    const stages: string[] = [];
    const task = createTask(async () => {
      try {
        for await (const _ of map([1, 2], async (n) => n === 1 || (await forever()), { limit: 2 })) {
          await gate.promise;
          if (leave()) break;
        }
      } catch (error) {
        assert.ok(error instanceof Boom);
      }
      stages.push('left');
      await step();
      stages.push('went on');
    });
    await step();
    task.cancel();
    gate.resolve(undefined);
    await rejects(task, CancelledError);
    assert.deepEqual(stages, ['left']);
  }
});

test('what runs ahead of the loop leaves a cancellation that has met nobody yet to the loop', async () => {
  const [atOnce, later] = [deferred<void>(), deferred<void>()];
  const stages: string[] = [];
  const task = createTask(async () => {
    const work = async (n: number): Promise<void> => {
      if (n === 1) return;
      await later.promise;
      try {
        await step();
      } catch {
        boom('the item has made another error of the cancellation');
      }
    };
    await rejects(
      (async () => {
        for await (const _ of map([1, 2], work, { limit: 2 })) await atOnce.promise;
      })(),
      CancelledError,
    );
    stages.push('cancelled');
    await step();
    stages.push('cleaned up');
  });
  await step();
  task.cancel();
  later.resolve(undefined);
  await step();
  atOnce.resolve(undefined);
  await task;
  assert.deepEqual(stages, ['cancelled', 'cleaned up']);
});

test('what runs ahead of a loop does not meet a cancellation in the place of what goes on beside the loop', async () => {
  const [gate, left] = [deferred<void>(), deferred<void>()];
  const stages: string[] = [];
  const fails = async (): Promise<never> => {
    await gate.promise;
    boom();
  };
  const work = async (n: number): Promise<void> => {
    if (n === 2) await sleep(1e6);
  };
  const loops = async (): Promise<void> => {
    for await (const _ of map([1, 2], work, { limit: 2 })) {
      await left.promise;
      break;
    }
  };
  const task = createTask(async () => {
    await forEach([() => rejects(createTask(fails), Boom), loops], (item) => item());
    stages.push('left');
    await step();
    stages.push('went on');
  });
  await step();
  task.cancel();
  gate.resolve(undefined);
  await step();
  left.resolve(undefined);
  await rejects(task, CancelledError);
  assert.deepEqual(stages, ['left']);
});

test('a cancellation that has ended a forEach does not come again because of a failure inside one of its items', async () => {
  const gate = deferred<void>();
  const stages: string[] = [];
  const task = createTask(async () => {
    const inner = async (n: number): Promise<void> => {
      if (n === 2) await forever();
      await gate.promise;
      boom();
    };
    const outer = async (which: string): Promise<void> => {
      if (which === 'cut') await forever();
      else await rejects(forEach([1, 2], inner), Boom);
    };
    await rejects(forEach(['fails inside', 'cut'], outer), CancelledError);
    stages.push('cancelled');
    await step();
    stages.push('cleaned up');
  });
  await step();
  gate.resolve(undefined);
  task.cancel();
  await task;
  assert.deepEqual(stages, ['cancelled', 'cleaned up']);
});

test('results that are asked for at once come in order; after an error, or when the loop is left, there are no more', async () => {
  const over = { done: true, value: undefined };
  const gate = deferred<void>();
  let running = 0;
  const item = async (n: number): Promise<number> => {
    running++;
    try {
      await (n < 3 ? gate.promise : sleep(1e9));
      return n === 2 ? boom() : n;
    } finally {
      running--;
    }
  };
  const failing = map(numbers(), item, { limit: 5 })[Symbol.asyncIterator]();
  const asked = [0, 1, 2, 3].map(() => failing.next());
  gate.resolve();
  assert.deepEqual(await Promise.all(asked.slice(0, 2)), [
    { done: false, value: 0 },
    { done: false, value: 1 },
  ]);
  await rejects(asked[2]!, Boom);
  assert.equal(running, 0, 'the error comes when all has ended');
  assert.deepEqual([await asked[3], await failing.next()], [over, over]);

  const left = map(numbers(), () => sleep(1e9), { limit: 2 })[Symbol.asyncIterator]();
  const waiting = [left.next(), left.next()];
  assert.deepEqual(await left.return!(), over);
  assert.deepEqual(await Promise.all(waiting), [over, over]);
  const refused = map(5 as never, item)[Symbol.asyncIterator]();
  await rejects(refused.next(), TypeError);
  const unread = map([1], item)[Symbol.asyncIterator]();
  assert.deepEqual(await unread.return!(), over);
});

test('an item in a scope of its own is cut alone: all of them run in the task that asks', async () => {
  const scopes: CancelScope[] = [];
  const task = currentTask();
  const one = (n: number): Promise<number | undefined> =>
    CancelScope.run(async (scope) => {
      scopes[n] = scope;
      assert.equal(currentTask(), task);
      await sleep(n === 1 ? Infinity : 1);
      return n;
    });
  const cut = createTask(async () => {
    while (scopes[1] === undefined) await step();
    scopes[1].cancel();
    scopes.length = 0;
  });
  assert.deepEqual(await map([0, 1, 2], one, { limit: 2 }).toArray(), [0, undefined, 2]);
  await cut;
  const again = createTask(async () => {
    while (scopes[1] === undefined) await step();
    scopes[1].cancel();
  });
  const seen: (number | undefined)[] = [];
  for await (const n of map([0, 1, 2], one, { limit: 2 })) seen.push(n);
  assert.deepEqual(seen, [0, undefined, 2]);
  await again;
  const late = await map([1, 2, 3], (n) =>
    timeout(n === 2 ? 1 : null, () => (n === 2 ? forever() : n)).catch((error: Error) => error.name),
  ).toArray();
  assert.deepEqual(late, [1, 'TimeoutError', 3]);
});

test('a limit below one is refused', async () => {
  assert.throws(() => map([], () => 1, { limit: 0 }), RangeError);
  await rejects(
    forEach([], () => 1, { limit: NaN }),
    RangeError,
  );
});
