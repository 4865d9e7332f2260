import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { Future as AsyncioFuture } from '../../src/asyncio/index.ts';
import { asCompleted, type Future, gather, ProcessPoolExecutor, ThreadPoolExecutor, wait } from '../../src/futures/index.ts';
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
  'a signal that is none': [(pool) => pool.with({ signal: {} as AbortSignal }), /signal must be an AbortSignal: got object/],
  'a signal of map that is none': [
    (pool) => pool.map((n: number) => n, [1], { signal: 5 as never }),
    /signal must be an AbortSignal: got number/,
  ],
  'a priority that is no number': [(pool) => pool.with({ priority: NaN }), /priority must be a number: got NaN/],
  'retries as a text': [(pool) => pool.with({ retries: '2' as never }), /retries must be a number of times, or options: got string/],
  'a listener that is no function': [(pool) => pool.with({ onMessage: 5 as never }), /onMessage must be a function: got number/],
  'what is to be given away, without a list': [
    (pool) => pool.with({ transfer: new ArrayBuffer(1) as never }),
    /transfer must be a list: got object/,
  ],
  'progress as a number': [
    (pool) => pool.map((n: number) => n, [1], { progress: 5 as never }),
    /progress must be true, or options: got number/,
  ],
  'a bounded queue of a pool of processes': [
    () => new ProcessPoolExecutor({ maxQueued: 5 } as object),
    /a ProcessPoolExecutor does not know maxQueued: that is for pools of threads/,
  ],
  'a start method of a pool of threads': [
    () => new ThreadPoolExecutor({ breaksOnDeath: true } as object),
    /a ThreadPoolExecutor does not know breaksOnDeath: that is for pools of processes/,
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
