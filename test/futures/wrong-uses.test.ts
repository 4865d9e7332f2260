import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { Future as AsyncioFuture } from '../../src/asyncio/index.ts';
import { asCompleted, type Future, gather, ThreadPoolExecutor, wait } from '../../src/futures/index.ts';
import { test } from '../support/test.ts';

/** What is written in ways that other pools, or Python, take: each is told how it is written here. */
const uses: Readonly<Record<string, readonly [use: (pool: ThreadPoolExecutor, future: Future) => unknown, told: RegExp]>> = {
  'an option by the name that piscina gives it': [
    () => new ThreadPoolExecutor({ maxThreads: 3 } as object),
    /a ThreadPoolExecutor does not know maxThreads: here it is called maxWorkers/,
  ],
  'arguments of the initializer by their name in a Pool': [
    () => new ThreadPoolExecutor({ initializer: () => 1, initArgs: [1] } as object),
    /does not know initArgs: here it is called initargs/,
  ],
  'more threads than a pool has room for': [
    () => new ThreadPoolExecutor({ maxWorkers: 257 }),
    /maxWorkers must not be more than 256: got 257/,
  ],
  'an option by its name in Python': [() => new ThreadPoolExecutor({ max_workers: 3 } as object), /here it is called maxWorkers/],
  'an option of map by its name in Python': [
    (pool) => pool.map((n: number) => n, [1], { chunksize: 5 } as object),
    /map does not know chunksize: .*chunkSize/,
  ],
  'a term by another name': [(pool) => pool.with({ transferList: [] } as object), /with\(\) does not know transferList: .*transfer/],
  'a bare time-out': [
    (_, future) => future.result(5 as never),
    /result\(\) takes an object of options, such as \{ timeout: 1000 \}: got a number/,
  ],
  'a bare time-out, blocking': [(_, future) => future.resultSync(5 as never), /resultSync\(\) takes an object of options/],
  'a bare time-out for the error': [(_, future) => future.exceptionSync(5 as never), /exceptionSync\(\) takes an object of options/],
  'a shutdown that does not wait': [
    (pool) => pool.shutdown(false as never),
    /shutdown\(\) takes an object of options, such as \{ wait: false \}/,
  ],
  'gather without a list': [
    (_, future) => gather(future as never),
    /gather takes futures in a list, such as gather\(\[future\]\): got a future/,
  ],
  'gather of promises': [
    () => gather([Promise.resolve(1)] as never),
    /gather takes futures: number 0 is a promise, which Promise.all takes/,
  ],
  'wait without a list': [(_, future) => wait(future as never), /wait takes futures in a list/],
  'wait with a name of Python': [
    (_, future) => wait([future], { return_when: 'FIRST_COMPLETED' } as object),
    /wait does not know return_when/,
  ],
  'asCompleted of numbers': [() => asCompleted([1] as never), /asCompleted takes futures: number 0 is a number/],
  'a wait for promises from a generator': [
    () =>
      wait(
        (function* () {
          yield Promise.resolve(1);
        })() as never,
      ),
    /wait takes futures: number 0 is a promise/,
  ],
  'asCompleted of a future of asyncio': [
    () => asCompleted([new AsyncioFuture()] as never),
    /asCompleted takes futures: number 0 is one of asyncio, which asCompleted of manycore\/asyncio takes/,
  ],
  'a time-out of idle threads that is none': [
    () => new ThreadPoolExecutor({ idleTimeout: -1 }),
    /idleTimeout must be a number of milliseconds, 0 or more: got -1/,
  ],
  'one argument of the initializer': [
    () => new ThreadPoolExecutor({ initializer: () => 1, initargs: 5 as never }),
    /initargs must be a list: got number/,
  ],
};
for (const [what, [use, told]] of Object.entries(uses)) {
  test(`${what} is refused in words that say how it is written`, async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const future = pool.submit(() => 1);
    await assert.rejects(async () => await use(pool, future as Future), told);
    assert.equal(await pool.submit(() => 'goes on'), 'goes on');
  });
}

test('the results of a map say how they are read, when they are shown', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const results = pool.map((n: number) => n, [1, 2]);
  assert.match(inspect(results), /^<MapResults: read by for await, or as a list by await results\.toArray\(\)>$/);
  assert.deepEqual(await results.toArray(), [1, 2]);
});
