import assert from 'node:assert/strict';
import { type Executor, ProcessPoolExecutor, ThreadPoolExecutor } from '../../src/futures/index.ts';
import { test } from '../support/test.ts';

/* What tasks give, or throw, that can't be looked at, or can't be sent: it fails its task, and nothing else. */

const trap = (): never => {
  throw new RangeError('a trap');
};

/** Each ends its task in its way: what that is called. */
const tasks: Readonly<Record<string, readonly [task: () => unknown, ends: RegExp]>> = {
  'a result whose then is a trap': [
    () => ({
      get then() {
        throw new RangeError('a trap');
      },
    }),
    /^RangeError: a trap$/,
  ],
  'a result whose then throws': [
    () => ({
      then() {
        throw new RangeError('a trap');
      },
    }),
    /^RangeError: a trap$/,
  ],
  'a result whose then answers three times': [
    () => ({
      then(give: (value: unknown) => void, fail: (error: unknown) => void) {
        give(Promise.resolve('once'));
        fail(new RangeError('a trap'));
        give('thrice');
      },
    }),
    /^once$/,
  ],
  'a result that is nothing but traps': [
    () => new Proxy({}, { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap }),
    /./,
  ],
  'an error that is nothing but traps': [
    () => {
      throw new Proxy(new Error('hidden'), { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap });
    },
    /./,
  ],
  'an error with a property that can not be sent': [
    () => {
      throw Object.assign(new RangeError('mine'), { held: new WeakRef({}) });
    },
    /^RangeError: mine$/,
  ],
};

const apply = (task: () => unknown): unknown => task();
const end = async (ended: PromiseLike<unknown>): Promise<string> => await Promise.resolve(ended).then(String, String);

const pools: Readonly<Record<string, () => Executor>> = {
  threads: () => new ThreadPoolExecutor({ maxWorkers: 1 }),
  processes: () => new ProcessPoolExecutor({ maxWorkers: 1 }),
};

for (const [kind, make] of Object.entries(pools)) {
  test(`in a pool of ${kind}, what can not be looked at or sent fails its task alone, in a map as well`, async () => {
    await using pool = make();
    for (const [what, [task, ends]] of Object.entries(tasks)) {
      assert.match(await end(pool.submit(task)), ends, what);
      assert.match(
        await end(
          pool
            .map(apply, [task])
            .next()
            .then(({ value }) => value),
        ),
        ends,
        `${what}, in a map`,
      );
      assert.equal(await pool.submit(() => 'goes on'), 'goes on', what);
    }
  });

  test(`in a pool of ${kind}, the items of a map come that are before one whose result or error can not be sent`, async () => {
    await using pool = make();
    const odd = (n: number): unknown => {
      if (n === 3) return new WeakRef({});
      if (n === 13) throw Object.assign(new RangeError('mine'), { held: new WeakRef({}) });
      return n;
    };
    for (const [from, error] of [
      [0, { name: 'SendError' }],
      [10, { name: 'RangeError', message: 'mine' }],
    ] as const) {
      const seen: unknown[] = [];
      const read = async (): Promise<void> => {
        for await (const value of pool.map(
          odd,
          Array.from({ length: 8 }, (_, i) => from + i),
          { chunkSize: 8 },
        ))
          seen.push(value);
      };
      await assert.rejects(read(), error);
      assert.deepEqual(seen, [from, from + 1, from + 2]);
    }
  });
}

test('a task of a task that can not be looked at or sent fails alone, and its thread goes on', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  for (const [what, [task, ends]] of Object.entries(tasks)) {
    const inner = async (given: ThreadPoolExecutor, one: () => unknown): Promise<string> =>
      await given.submit(one).then(
        (value) => String(value),
        (error: unknown) => String(error),
      );
    assert.match(await pool.submit(inner, pool, task), ends, what);
    assert.equal(await pool.submit((given: ThreadPoolExecutor) => given.submit(() => 'goes on'), pool), 'goes on', what);
  }
});
