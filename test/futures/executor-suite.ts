import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Executor, ExecutorOptions } from '../../src/futures/index.ts';
import { SHORT } from '../support/patience.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

/** What a backend gives to be put to the test. */
export interface Backend {
  readonly name: string;
  /** A new executor with so many workers. */
  make(options: ExecutorOptions & { readonly maxWorkers: number; readonly initializer?: () => unknown }): Executor;
  /** Whether the workers are threads of this process: then its shared things can be captured. */
  readonly sharesThreads: boolean;
  /** The names of what tells that a worker has died, and that the executor can't go on. */
  readonly died: string;
  readonly broken: string;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The behaviours that every executor has, whatever its workers are. */
export function testExecutor({ name, make, died, broken, sharesThreads }: Backend): void {
  const on = (what: string, body: (pool: Executor) => Promise<void>, maxWorkers = 2): void =>
    test(`${name}: ${what}`, async () => {
      const pool = make({ maxWorkers });
      try {
        await body(pool);
      } finally {
        await pool.shutdown();
      }
    });

  on('submit runs any function with its arguments, and what it captures [EXE-02]', async (pool) => {
    const factor = 3;
    assert.equal(await pool.submit((a: number, b: number) => a ** b, 2, 10), 1024);
    assert.equal(await pool.submit((n: number) => n * factor, 14), 42);
    assert.deepEqual(await pool.submit((...all: unknown[]) => all, 1, 'fn', { args: [2], signal: null }), [
      1,
      'fn',
      { args: [2], signal: null },
    ]);
    assert.equal(await pool.submit(async (text: string) => await Promise.resolve(`${text}!`), 'awaited'), 'awaited!');
  });

  on('values of every kind come and go whole', async (pool) => {
    const values = [
      0,
      -0,
      1.5,
      NaN,
      2 ** 40,
      '',
      'ä€😀',
      null,
      undefined,
      true,
      12n ** 30n,
      Object.assign(new Array<number>(3), { 0: 1, 2: 3 }),
      new Map([[{ a: 1 }, new Set([1])]]),
      new Date(5),
      /x/g,
    ];
    for (const value of values) assert.deepEqual(await pool.submit((same: unknown) => same, value), value);
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const back = await pool.submit((same: typeof circle) => same, circle);
    assert.equal(back.self, back);
    const bytes = await pool.submit((n: number) => new Uint8Array(n).fill(7), 100_000);
    assert.ok(bytes.length === 100_000 && bytes.every((byte) => byte === 7));
  });

  on('a function that is handed over again is as it is then', async (pool) => {
    let factor = 2;
    const times = (n: number): number => n * factor;
    const seen: number[] = [];
    for (; factor < 6; factor++) seen.push(await pool.submit(times, 10));
    assert.deepEqual(seen, [20, 30, 40, 50]);
  });

  on('what is no function is refused at once [EXE-03]', async (pool) => {
    assert.throws(() => pool.submit(undefined as never), TypeError);
    assert.throws(() => pool.map('x' as never, []), TypeError);
    assert.throws(() => pool.map(String, 5 as never), TypeError);
    await Promise.resolve();
  });

  on('an error comes with its class, message, code, properties, cause and stack [EXE-27]', async (pool) => {
    const fail = (): never => {
      const cause = new TypeError('inner');
      throw Object.assign(new RangeError('outer', { cause }), { code: 'E_MINE', detail: { at: [1] } });
    };
    const error = (await pool.submit(fail).exception()) as RangeError & { code: string; detail: unknown };
    assert.ok(error instanceof RangeError);
    assert.deepEqual([error.message, error.code, error.detail], ['outer', 'E_MINE', { at: [1] }]);
    assert.ok(error.cause instanceof TypeError && error.cause.message === 'inner');
    assert.match(error.stack ?? '', /fail.*executor-suite/);
    class Own extends Error {
      extra = 5;
    }
    await assert.rejects(
      async () =>
        await pool.submit(() => {
          throw new Own('mine');
        }),
      (caught) => caught instanceof Own && caught.extra === 5 && caught.message === 'mine',
    );
  });

  on('the stack of an error goes on where its task was handed over', async (pool) => {
    const fails = (): never => {
      throw new RangeError('over there');
    };
    const handOverHere = (): ReturnType<typeof pool.submit> => pool.submit(fails);
    const mapHere = (): ReturnType<typeof pool.map> => pool.map(fails, [1, 2, 3]);
    const stacks = [
      await handOverHere().exception(),
      await mapHere()
        .toArray()
        .catch((error: unknown) => error),
    ].map((error) => (error as Error).stack ?? '');
    assert.match(stacks[0]!, /fails.*executor-suite[^]*--- handed over ---\n\s+at handOverHere.*executor-suite/);
    assert.match(stacks[1]!, /fails.*executor-suite[^]*--- handed over ---\n\s+at mapHere.*executor-suite/);
    assert.equal(stacks[0]!.split('handed over').length, 2);
  });

  on('an argument that cannot travel is refused, and the executor goes on [EXE-23]', async (pool) => {
    assert.throws(() => pool.submit((x: unknown) => x, new WeakRef({})), { name: 'SendError' });
    assert.equal(await pool.submit(() => 1), 1);
  });

  on('a result that cannot travel fails its own future only [EXE-25]', async (pool) => {
    await assert.rejects(async () => await pool.submit(() => [new WeakRef({})]), { name: 'SendError' });
    await assert.rejects(
      async () =>
        await pool.submit(() => {
          throw Object.assign(new Error('x'), { held: new WeakRef({}) });
        }),
      (error: Error) => error.name === 'SendError' || error.message === 'x', // Or the error without what can't travel.
    );
    assert.equal(await pool.submit(() => 1), 1);
  });

  on('a worker that exits or dies of an uncaught error fails its task, and the others run [EXE-22]', async (pool) => {
    const exits = pool.submit(() => process.exit(7));
    const others = Array.from({ length: 20 }, (_, i) => pool.submit((n: number) => n, i));
    await assert.rejects(async () => await exits, { name: died, exitCode: 7 });
    assert.deepEqual(await Promise.all(others), [...Array(20).keys()]);
    const later = pool.submit(() => {
      setTimeout(() => {
        throw new Error('later');
      }, 1);
      return new Promise(() => {});
    });
    const error = (await later.exception()) as Error;
    assert.equal(error.name, died);
    assert.match(sharesThreads ? (error.cause as Error).message : error.message, /later/);
    assert.equal(await pool.submit(() => 5), 5);
  });

  on(
    'cancel takes back what waits, and leaves what runs',
    async (pool) => {
      const a = pool.submit(pause, 400);
      await until(() => a.running);
      const waiting = pool.submit(() => 'never');
      assert.equal(a.cancel(), false);
      assert.equal(waiting.cancel(), true);
      await assert.rejects(async () => await waiting, { name: 'CancelledError' });
      await a;
      assert.deepEqual([a.running, a.done, a.cancelled], [false, true, false]);
    },
    1,
  );

  on(
    'resultSync blocks this thread, and the workers go on',
    async (pool) => {
      assert.equal(pool.submit((n: number) => n + 1, 1).resultSync(), 2);
      const slow = pool.submit(pause, 60_000);
      assert.throws(() => slow.resultSync({ timeout: SHORT }), { name: 'TimeoutError' });
      await assert.rejects(slow.result({ timeout: 1 }), { name: 'TimeoutError' });
      assert.equal(pool.submit(() => 3).resultSync(), 3);
      const dead = pool.submit(() => process.exit(1));
      assert.throws(() => dead.resultSync(), { name: died });
      await pool.terminateWorkers();
      await assert.rejects(async () => await slow, { name: died });
    },
    3,
  );

  on('done callbacks may hand over more', async (pool) => {
    const end = await new Promise((resolve) => {
      pool
        .submit((n: number) => n + 1, 1)
        .addDoneCallback((first) => {
          pool.submit((n: number) => n * 10, first.resultSync()).addDoneCallback((second) => resolve(second.resultSync()));
        });
    });
    assert.equal(end, 20);
  });

  on('map gives the results in the order of the items, of several sources until the shortest ends [EXE-04 EXE-05 EXE-14]', async (pool) => {
    const uneven = async (n: number): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, n % 3));
      return n * n;
    };
    const expected = Array.from({ length: 20 }, (_, i) => i * i);
    assert.deepEqual(
      await pool
        .map(
          uneven,
          Array.from({ length: 20 }, (_, i) => i),
        )
        .toArray(),
      expected,
    );
    for (const chunkSize of [1, 3, 50]) {
      const seen: number[] = [];
      for await (const square of pool.map(uneven, Array(20).keys(), { chunkSize })) seen.push(square);
      assert.deepEqual(seen, expected);
    }
    assert.deepEqual(await pool.map((a: number, b: number) => a + b, [1, 2, 3], [10, 20]).toArray(), [11, 22]);
    assert.deepEqual(await pool.map((a: string, b: number, c: number) => a + b + c, 'ab', [1, 2], new Set([3, 4, 5])).toArray(), [
      'a13',
      'b24',
    ]);
    assert.deepEqual(await pool.map((n: number) => n, []).toArray(), []);
    assert.deepEqual(Array.from(pool.map((n: number) => n + 1, [1, 2])), [2, 3]);
    assert.deepEqual(pool.map((n: number) => n + 1, [1, 2, 3], { chunkSize: 2 }).toArraySync(), [2, 3, 4]);
    assert.throws(() => pool.map((n: number) => n, [1], { chunkSize: 0 }), RangeError);
    assert.throws(() => pool.map((n: number) => n, [1], { chunkSize: '1' as never }), TypeError);
  });

  on('map gives numbers, and what else comes among them, as they are', async (pool) => {
    const items = Array.from({ length: 500 }, (_, i) => (i === 200 ? -0 : i % 3 === 0 ? i / 7 : i));
    const odd = (x: number): unknown => (x === 400 ? 'four hundred' : x === 401 ? undefined : x * 2);
    for (const chunkSize of [undefined, 7, 500]) {
      assert.deepEqual(await pool.map((x: number) => x, items, { chunkSize }).toArray(), items);
      assert.deepEqual(await pool.map(odd, items, { chunkSize }).toArray(), items.map(odd));
      const seen: unknown[] = [];
      for await (const value of pool.map(odd, items, { chunkSize })) seen.push(value);
      assert.deepEqual(seen, items.map(odd));
    }
    const results = pool.map((x: number) => x, items, { chunkSize: 50 });
    for (let i = 0; i < 75; i++) assert.equal((await results.next()).value, items[i]);
    assert.deepEqual(await results.toArray(), items.slice(75));
    assert.deepEqual(await results.toArray(), []);
    const holes = new Array<number | undefined>(40);
    holes[39] = 5;
    assert.deepEqual(await pool.map((x: number | undefined) => String(x), holes).toArray(), [
      ...Array.from({ length: 39 }, () => 'undefined'),
      '5',
    ]);
  });

  on('map reads async iterables', async (pool) => {
    async function* numbers(): AsyncGenerator<number> {
      for (let i = 0; i < 10; i++) {
        if (i % 3 === 0) await new Promise(setImmediate);
        yield i;
      }
    }
    assert.deepEqual(await pool.map((n: number) => n * 2, numbers()).toArray(), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    assert.deepEqual(await pool.map((n: number, m: number) => n + m, numbers(), [1, 1]).toArray(), [1, 2]);
    async function* broken(): AsyncGenerator<number> {
      yield 1;
      await Promise.resolve();
      throw new RangeError('source');
    }
    await assert.rejects(pool.map((n: number) => n, broken()).toArray(), { name: 'RangeError', message: 'source' });
  });

  on('map runs everything, read or not [EXE-08]', async (pool) => {
    const results = pool.map((n: number) => n, Array(500).keys());
    await pool.shutdown();
    assert.equal((await results.toArray()).length, 500);
  });

  on('an error ends a map where it stands, and what is before it is delivered', async (pool) => {
    const seen: number[] = [];
    const check = (n: number): number => {
      if (n === 3) throw new RangeError(`not ${n}`);
      return n;
    };
    for (const chunkSize of [1, 10]) {
      seen.length = 0;
      await assert.rejects(
        async () => {
          for await (const n of pool.map(check, Array(10).keys(), { chunkSize })) seen.push(n);
        },
        { name: 'RangeError', message: 'not 3' },
      );
      assert.deepEqual(seen, [0, 1, 2]);
    }
  });

  on('map delivers what came in time, and then says that time was up [EXE-07]', async (pool) => {
    const seen: string[] = [];
    const wait = async (ms: number): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return 'in time';
    };
    await pool.submit(() => 0); // The time that a worker takes to start is not what this is about.
    const started = pool.map(wait, [0, 0, 60_000], { timeout: SHORT * 20, chunkSize: 1 });
    await assert.rejects(
      async () => {
        for await (const text of started) seen.push(text);
      },
      { name: 'TimeoutError' },
    );
    assert.deepEqual(seen, ['in time', 'in time']);
    await pool.terminateWorkers();
  });

  on('ending the loop cancels what has not begun [EXE-12]', async (pool) => {
    for await (const n of pool.map((i: number) => i, Array(2000).keys(), { chunkSize: 1, bufferSize: 4 })) if (n === 5) break;
    const first = pool.map(pause, [20, 20, 20, 20, 20, 20], { chunkSize: 1 });
    await first.next();
    await first.return();
    assert.equal((await first.next()).done, true);
  });

  on('a time limit that is none is refused, an endless or a very long one lets the task run', async (pool) => {
    for (const timeout of [-1, NaN])
      assert.throws(() => pool.with({ timeout }), { name: 'RangeError', message: /non-negative number of milliseconds/ });
    assert.throws(() => pool.with({ timeout: '1' as never }), TypeError);
    for (const timeout of [Infinity, 2 ** 40]) assert.equal(await pool.with({ timeout }).submit(pause, 20), undefined);
  });

  on('a signal that has been given already fails the task with its reason', async (pool) => {
    const signal = AbortSignal.abort(new Error('enough'));
    const { stack } = signal.reason as Error;
    await assert.rejects(async () => await pool.with({ signal }).submit(() => 1), { message: 'enough' });
    assert.equal((signal.reason as Error).stack, stack);
    assert.equal(await pool.submit(() => 2), 2);
  });

  on('bufferSize keeps map from running ahead, so that an endless input works [EXE-09 EXE-10]', async (pool) => {
    let read = 0;
    function* endless(): Generator<number> {
      for (;;) yield read++;
    }
    const seen: number[] = [];
    for await (const n of pool.map((i: number) => i * 2, endless(), { bufferSize: 7 })) {
      seen.push(n);
      assert.ok(read - seen.length <= 7, `${read} were read when ${seen.length} had been delivered`);
      if (seen.length === 50) break;
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 50 }, (_, i) => i * 2),
    );
    assert.throws(() => pool.map((n: number) => n, [1], { bufferSize: 0 }), RangeError);
    assert.throws(() => pool.map((n: number) => n, [1], { bufferSize: 'x' as never }), TypeError);
  });

  test(`${name}: a task begins with the values of the storages that context names, as they are when it is handed over`, async () => {
    const [request, user] = [new AsyncLocalStorage<{ id: number }>(), new AsyncLocalStorage<string>()];
    await using pool = make({ maxWorkers: 2, context: () => [request, user] });
    const look = async (): Promise<unknown> => {
      const before = request.getStore();
      await new Promise((resolve) => setImmediate(resolve));
      return [before?.id, request.getStore()?.id, user.getStore()];
    };
    const store = { id: 1 };
    const [first, mapped] = request.run(store, () => {
      const first = pool.submit(look);
      store.id = 2;
      return [first, user.run('ada', () => pool.map(look, [0, 0, 0]))] as const;
    });
    store.id = 3;
    assert.deepEqual(await first, [1, 1, undefined]);
    assert.deepEqual(
      await mapped.toArray(),
      Array.from({ length: 3 }, () => [2, 2, 'ada']),
    );
    assert.deepEqual(await pool.submit(look), [undefined, undefined, undefined]);
    await request.run({ id: 4 }, async () => {
      assert.deepEqual(await pool.with({ context: null }).submit(look), [undefined, undefined, undefined]);
      assert.deepEqual(await pool.with({ context: () => [user], timeout: 60_000 }).submit(look), [undefined, undefined, undefined]);
      assert.deepEqual(await pool.with({ retries: 1 }).submit(look), [4, 4, undefined]);
    });
  });

  test(`${name}: a value of a storage that cannot travel is told at the hand-over, and the executor goes on`, async () => {
    const sockets = new AsyncLocalStorage<unknown>();
    await using pool = make({ maxWorkers: 1, context: () => [sockets] });
    sockets.run({ answer: Promise.resolve(1) }, () => {
      const told = { name: 'SendError', code: 'E_PROMISE', message: /\.answer/ };
      assert.throws(() => pool.submit(() => 1), told);
      assert.throws(() => pool.map((n: number) => n, [1]).toArraySync(), told);
    });
    assert.equal(await pool.submit(() => sockets.getStore() === undefined), true);
    assert.throws(() => make({ maxWorkers: 1, context: [sockets] as never }), { name: 'TypeError', message: /must be a function/ });
    assert.throws(() => pool.with({ context: 1 as never }), { name: 'TypeError', message: /must be a function/ });
  });

  test(`${name}: nothing is taken after the shutdown, and what was taken runs [SHD-01 SHD-02 SHD-12]`, async () => {
    const pool = make({ maxWorkers: 2 });
    const futures = Array.from({ length: 30 }, (_, i) => pool.submit((n: number) => n, i));
    await pool.shutdown();
    assert.ok(futures.every((future) => future.done));
    assert.equal(futures[29]!.resultSync(), 29);
    assert.throws(() => pool.submit(() => 1), { name: 'StateError', message: /shut down/ });
    assert.throws(() => pool.map((n: number) => n, [1]), { name: 'StateError' });
    await pool.shutdown();
  });

  test(`${name}: shutdown without waiting comes back at once, and the work goes on [SHD-03]`, async () => {
    const pool = make({ maxWorkers: 1 });
    const futures = [pool.submit(pause, 10), pool.submit(() => 5)];
    await pool.shutdown({ wait: false });
    assert.equal(futures[1]!.done, false);
    assert.equal(await futures[1], 5);
    await pool.shutdown();
  });

  test(`${name}: shutdown with cancelFutures cancels what has not begun [SHD-04]`, async () => {
    const pool = make({ maxWorkers: 1 });
    const first = pool.submit(pause, SHORT * 5);
    await until(() => first.running);
    const rest = Array.from({ length: 10 }, () => pool.submit(() => 1));
    const mapped = pool.map((n: number) => n, Array(100).keys());
    await pool.shutdown({ cancelFutures: true });
    await first;
    assert.ok(rest.every((future) => future.cancelled));
    await assert.rejects(mapped.toArray(), { name: 'CancelledError' });
  });

  test(`${name}: terminateWorkers ends everything at once [EXE-30]`, async () => {
    const pool = make({ maxWorkers: 1 });
    const first = pool.submit(pause, 60_000);
    await until(() => first.running);
    const second = pool.submit(() => 1);
    await pool.terminateWorkers();
    await assert.rejects(async () => await first, { name: died, reason: 'terminated' });
    await assert.rejects(async () => await second, { name: 'BrokenExecutorError' });
    assert.throws(() => pool.submit(() => 1), { name: 'StateError' });
    await pool.terminateWorkers();
    await make({ maxWorkers: 1 }).terminateWorkers();
  });

  test(`${name}: terminateWorkers ends a map as it ends tasks [EXE-30]`, async () => {
    const pool = make({ maxWorkers: 1 });
    const running = pool.submit(pause, 60_000);
    await until(() => running.running);
    const results = pool.map(pause, [1, 2], { chunkSize: 1 });
    await pool.terminateWorkers();
    await assert.rejects(results.next(), { name: 'BrokenExecutorError' });
    assert.equal((await results.next()).done, true);
    await assert.rejects(async () => await running, { name: died });
  });

  test(`${name}: the end of a block waits for everything [SHD-06]`, async () => {
    let future;
    {
      await using pool = make({ maxWorkers: 2 });
      future = pool.submit(pause, 10);
    }
    assert.equal(future.done, true);
    {
      using pool = make({ maxWorkers: 1 });
      future = pool.submit((n: number) => n, 3);
    }
    assert.equal(future.resultSync(), 3);
  });

  test(`${name}: the initializer runs once in each worker before its first task [EXE-19]`, async () => {
    const pool = make({
      maxWorkers: 2,
      initializer: () => {
        const all = globalThis as { initialized?: number };
        all.initialized = (all.initialized ?? 0) + 1;
      },
    });
    const seen = await pool.map(() => (globalThis as { initialized?: number }).initialized, Array(20).keys(), { chunkSize: 1 }).toArray();
    assert.deepEqual(new Set(seen), new Set([1]));
    await pool.submit(() => void delete (globalThis as { initialized?: number }).initialized);
    await pool.shutdown();
  });

  test(`${name}: an initializer that fails breaks the executor [EXE-20]`, async () => {
    const pool = make({
      maxWorkers: 1,
      initializer: () => {
        throw new RangeError('cannot begin');
      },
    });
    // It may have failed before the second one is handed over, which is then refused.
    const outcomes = [1, 2].map(async (n) => await pool.submit((x: number) => x, n));
    for (const outcome of await Promise.allSettled(outcomes)) {
      assert.equal(outcome.status, 'rejected');
      const error = outcome.reason as Error;
      assert.ok(error.name === broken && (error.cause as Error).message === 'cannot begin', String(error));
    }
    assert.throws(() => pool.submit(() => 3), { name: broken });
    await pool.shutdown();
  });

  test(`${name}: workers that can't load what they begin with break the executor, also for who waits by blocking`, async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'manycore-vanishes-')), 'vanishes.mjs');
    writeFileSync(file, 'export function vanishes() {}');
    const { vanishes } = (await import(pathToFileURL(file).href)) as { vanishes: () => void };
    rmSync(dirname(file), { recursive: true });
    const tells = (error: unknown): boolean => {
      assert.ok(error instanceof Error && error.name === broken);
      assert.match(error.message, /cannot begin|could not begin|initializer failed/);
      assert.match((error.cause as Error).message, /vanishes\.mjs/);
      return true;
    };
    const pool = make({ maxWorkers: 1, initializer: vanishes });
    const future = pool.submit(() => 1);
    await assert.rejects(async () => await future, tells);
    assert.throws(() => pool.submit(() => 2), { name: broken });
    await pool.shutdown();
    const blocking = make({ maxWorkers: 1, initializer: vanishes });
    // What a process says of it arrives when the event loop goes on.
    const says = sharesThreads ? tells : (error: Error) => error.name === broken && /begin|initializer failed/.test(error.message);
    assert.throws(() => blocking.submit(() => 1).resultSync(), says);
    await blocking.shutdown();
  });
}
