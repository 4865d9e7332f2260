import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { type BrokenWorkerError, Future, gather, ThreadPoolExecutor } from '../../src/futures/index.ts';
import { currentThread, Event, Lock, SharedValue, int32, enumerate, Thread } from '../../src/threading/index.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { collectGarbage } from '../support/garbage.ts';
import { testExecutor } from './executor-suite.ts';

testExecutor({
  name: 'threads',
  sharesThreads: true,
  died: 'BrokenWorkerError',
  broken: 'BrokenExecutorError',
  make: (options) => new ThreadPoolExecutor(options),
});

const index = new URL('../../src/futures/index.js', import.meta.url).href;

function program(source: string): { readonly lines: string[]; readonly stderr: string; readonly status: number | null } {
  const text = `import { ThreadPoolExecutor, gather, wait } from '${index}';\n${source}`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', text], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { lines: stdout.trimEnd().split('\n'), stderr, status };
}

test('the number of threads must be a positive integer, and follows from the cores when left out [EXE-13 EXE-15]', async () => {
  for (const maxWorkers of [0, -1, 1.5]) assert.throws(() => new ThreadPoolExecutor({ maxWorkers }), RangeError);
  assert.throws(() => new ThreadPoolExecutor({ maxWorkers: '2' as never }), TypeError);
  const pool = new ThreadPoolExecutor();
  assert.equal(pool.maxWorkers, Math.min(32, availableParallelism() + 4));
  await pool.shutdown();
});

test('an idle thread is used before a new one is started [EXE-17]', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 4 });
  for (let i = 0; i < 5; i++) await pool.submit(() => i);
  assert.equal(pool.workers.length, 1);
});

test('threads are called after the pool [SHD-11]', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2, threadNamePrefix: 'cook' });
  assert.match(await pool.submit(() => currentThread().name), /^cook_\d$/);
  assert.ok(enumerate().some(({ name }) => name === 'cook_0'));
  await using other = new ThreadPoolExecutor({ maxWorkers: 1 });
  assert.match(await other.submit(() => currentThread().name), /^ThreadPoolExecutor-\d+_0$/);
});

test('what threads share can be captured and handed over', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const [lock, total] = [new Lock(), new SharedValue(int32, 0)];
  await gather(
    Array.from({ length: 8 }, () =>
      pool.submit((n: number) => {
        for (let i = 0; i < n; i++) {
          using _held = lock.acquireSync();
          total.value += 1;
        }
      }, 500),
    ),
  );
  assert.equal(total.value, 4000);
  const buffer = new SharedArrayBuffer(4);
  await pool.submit((b: SharedArrayBuffer) => void (new Int32Array(b)[0] = 5), buffer);
  assert.equal(new Int32Array(buffer)[0], 5);
  const back = await pool.submit(() => new SharedArrayBuffer(8));
  assert.equal(back.byteLength, 8);
});

test('large binary results arrive whole, whatever view they are seen through, also when one was broken off', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const make = (n: number): Record<string, unknown> => {
    const bytes = Uint8Array.from({ length: n }, (_, i) => i);
    return {
      bytes,
      again: bytes,
      buffer: bytes.buffer,
      words: new Int32Array(bytes.buffer, 4, 100),
      part: Buffer.from(bytes.buffer, 10, n - 20),
      kept: (globalThis as { kept?: unknown }).kept,
    };
  };
  const n = 1 << 20;
  const seen = (await pool.submit(make, n)) as Record<string, Uint8Array>;
  const expected = make(n);
  assert.deepEqual(seen, expected);
  assert.equal(seen['bytes'], seen['again']);
  assert.equal(seen['bytes']!.buffer, seen['words']!.buffer);
  // What the task keeps is its own: the result is a copy.
  const keep = (): Uint8Array => ((globalThis as { kept?: Uint8Array }).kept ??= new Uint8Array(1 << 20).fill(3));
  (await pool.submit(keep)).fill(4);
  assert.equal((await pool.submit(keep))[5], 3);
  const late = async (): Promise<Uint8Array> => {
    await new Promise(setImmediate);
    return new Uint8Array(1 << 19).fill(1);
  };
  for (let i = 0; i < 40; i++) {
    const first = pool.submit(late);
    for (let k = 0; k < i % 5; k++) await new Promise(setImmediate);
    first.cancel({ running: true });
    assert.equal((await pool.submit(() => new Uint8Array(1 << 19).fill(2)))[7], 2);
  }
});

test('an ArrayBuffer can be given away', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const bytes = new Uint8Array(1000).fill(3);
  const sum = await pool.with({ transfer: [bytes.buffer] }).submit((b: Uint8Array) => b.reduce((a, c) => a + c, 0), bytes);
  assert.equal(sum, 3000);
  assert.equal(bytes.length, 0);
});

test('map hands over slow items one by one, and quick ones many at a time', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const pieces = async (fn: (n: number) => unknown, count: number): Promise<number> => {
    const before = pool.statistics.completed;
    await pool.map(fn, Array(count).keys()).toArray();
    return pool.statistics.completed - before;
  };
  assert.equal(await pieces(() => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5), 40), 40);
  assert.ok((await pieces((n) => n, 100_000)) < 20_000);
});

test('a task for one thread alone, and tasks of tasks, do not wait until nothing else comes', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  let left = 20_000;
  const busy = (): void => {
    const end = performance.now() + 0.2;
    while (performance.now() < end);
  };
  const lane = async (): Promise<void> => {
    while (left-- > 0) await pool.submit(busy);
  };
  const lanes = Array.from({ length: 1000 }, lane);
  const own = pool.submit((shared: SharedArrayBuffer) => shared.byteLength, new SharedArrayBuffer(8));
  const nested = pool.submit(async () => (await pool.submit(() => 20)) + 1);
  assert.deepEqual(await gather([own, nested]), [8, 21]);
  assert.ok(left > 0);
  left = 0;
  await Promise.all(lanes);
});

test('more tasks than slots: 20,000 in flight at once', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const twice = (n: number): number => n * 2;
  const words = (n: number): object => ({ n, text: `number ${n}` });
  const numbers = Array.from({ length: 20_000 }, (_, i) => pool.submit(twice, i));
  assert.deepEqual((await gather(numbers)).slice(-2), [39_996, 39_998]);
  const objects = Array.from({ length: 10_000 }, (_, i) => pool.submit(words, i));
  for (const [i, future] of objects.entries()) if (i % 3 === 0) future.cancel();
  const left = objects.filter((future) => !future.cancelled);
  assert.ok(left.length >= 6_666);
  const results = await gather(left);
  assert.ok(results.every((result) => (result as { text: string }).text.startsWith('number ')));
});

test('a future can be sent while its work goes on, and cancelled there', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const [go, begun] = [new Event(), new Event()];
  const slow = pool.submit(() => {
    begun.set();
    go.waitSync();
    return 'done';
  });
  await begun.wait();
  const seen = pool.submit(() => {
    go.set();
    return slow.resultSync();
  });
  assert.equal(seen.resultSync(), 'done');
  const [a, b] = [pool.submit(() => go.waitSync()), pool.submit(() => 1)];
  await gather([a, b]);
});

test('timers that a task has started run while its thread is idle', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const rang = new Event();
  await pool.submit(() => void setTimeout(() => rang.set(), 20));
  assert.equal(await rang.wait({ timeout: 5000 }), true);
});

test('an idle pool lets the process end, and what was handed over runs before that [SHD-08]', () => {
  const { lines, status } = program(`
    const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
    pool.submit(async () => { await new Promise((r) => setTimeout(r, 50)); console.log('ran'); });
    console.log('end of main');`);
  assert.deepEqual([lines, status], [['end of main', 'ran'], 0]);
});

test('nothing is taken while the process ends [SHD-09]', () => {
  const { lines } = program(`
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    process.on('exit', () => { try { pool.submit(() => 1); } catch (error) { console.log(error.name, error.message); } });`);
  assert.match(lines[0]!, /^BrokenExecutorError cannot hand anything to .*: the process is ending$/);
});

test('a thread that runs out of memory fails its task, and the pool heals', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1, resourceLimits: { maxOldGenerationSizeMb: 16 } });
  const hungry = pool.submit(() => {
    const all: unknown[] = [];
    for (;;) all.push(Array.from({ length: 1000 }, () => all));
  });
  const after = pool.submit(() => 'alive');
  await assert.rejects(async () => await hungry, { name: 'BrokenWorkerError', reason: 'out of memory' });
  assert.equal(await after, 'alive');
});

test('a dead thread costs one task of two hundred', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const fn = (n: number): number => (n === 100 ? process.exit(3) : n);
  const futures = Array.from({ length: 200 }, (_, i) => pool.submit(fn, i));
  const outcomes = await Promise.allSettled(futures);
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 199);
});

test('argument and result are not kept [EXE-18]', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  let arg: object | undefined = { big: 1 };
  const kept = [new WeakRef(arg), new WeakRef(await pool.submit((x: object) => x, arg))];
  arg = undefined;
  await until(() => {
    collectGarbage();
    return kept.every((ref) => ref.deref() === undefined);
  });
});

test('a task hands tasks to its own pool, and waits for them, with one thread only', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const fib = async (n: number): Promise<number> => {
    if (n < 2) return n;
    const [a, b] = [pool.submit(fib, n - 1), pool.submit(fib, n - 2)];
    return (await a) + (await b);
  };
  assert.equal(await pool.submit(fib, 8), 21);
  const sum = (n: number): number => (n === 0 ? 0 : n + pool.submit(sum, n - 1).resultSync());
  assert.equal(await pool.submit(sum, 20), 210);
  assert.deepEqual(await pool.submit(() => pool.map((n: number) => n * 2, [1, 2, 3]).toArray()), [2, 4, 6]);
  assert.deepEqual(await pool.submit(() => pool.map((n: number) => n * 2, [1, 2, 3]).toArraySync()), [2, 4, 6]);
});

test('a task that waits by blocking for one that awaits in the same thread is told so', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const awaits = async (): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return 5;
  };
  const blocks = (given: ThreadPoolExecutor, task: () => Promise<number>): string => {
    const inner = given.submit(task);
    try {
      return String(inner.resultSync());
    } catch (error) {
      return (error as { readonly code: string }).code;
    }
  };
  assert.equal(await pool.submit(blocks, pool, awaits), 'ERR_FUTURE_DEADLOCK');
  // The other one goes on when the thread is free.
  assert.equal(await pool.submit(() => 1), 1);
  const late = async (given: ThreadPoolExecutor, task: () => Promise<number>): Promise<number> => await given.submit(task);
  assert.equal(await pool.submit(late, pool, awaits), 5);
});

test('tasks of tasks run side by side, also while the main thread is blocked', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const count = new SharedValue(int32, 0);
  const tree = async (depth: number): Promise<number> => {
    count.add(1);
    if (depth === 0) return 1;
    const parts = [1, 2, 3].map(() => pool.submit(tree, depth - 1));
    let sum = 1;
    for (const part of parts) sum += await part;
    return sum;
  };
  assert.equal(pool.submit(tree, 4).resultSync(), 121);
  assert.equal(count.value, 121);
  await assert.rejects(
    async () =>
      await pool.submit(async () => {
        await pool.submit(() => {
          throw new RangeError('inner');
        });
      }),
    { name: 'RangeError', message: 'inner' },
  );
  await assert.rejects(async () => await pool.submit(async () => await pool.submit(() => process.exit(3))), { name: 'BrokenWorkerError' });
  assert.equal(await pool.submit(() => pool.submit(() => 5).resultSync()), 5);
});

test('a pool can be sent to a thread, which hands tasks over', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const result = new Future<number>();
  const thread = new Thread({
    target: () => {
      const futures = [1, 2, 3].map((n) => pool.submit((x: number) => x * x, n));
      result.setResult(futures.reduce((sum, future) => sum + future.resultSync(), 0));
    },
  });
  thread.start();
  assert.equal(await result, 14);
  await thread.join();
});

test('a thread that dies tells the last lines that it wrote to stderr, and nothing of the one before it', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const dies = async (lines: number): Promise<BrokenWorkerError> =>
    (await pool
      .submit((count: number) => {
        for (let i = 0; i < count; i++) console.error(`line ${i} of a test: ${'ä'.repeat(20)}`);
        process.exit(3);
      }, lines)
      .exception()) as BrokenWorkerError;
  const one = await dies(1);
  assert.equal(one.output, `line 0 of a test: ${'ä'.repeat(20)}`);
  assert.match(one.message, /it last wrote to stderr:\n {6}line 0/);
  const many = (await dies(500)).output.split('\n');
  assert.ok(many.length > 10 && many.length < 100, `${many.length} lines`);
  assert.equal(many.at(-1), `line 499 of a test: ${'ä'.repeat(20)}`);
  for (const line of many) assert.match(line, /^line 4\d\d of a test: ä{20}$/);
  assert.equal((await dies(0)).output, '');
});

test('what a pool does only for the thread that made it is refused by its name elsewhere, and the pool goes on', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const told = await pool.submit(async () => {
    const acts: (() => unknown)[] = [
      () => pool.with({ retries: 1, timeout: 1, signal: undefined }).submit(() => 1),
      () => pool.with({ priority: 1 }).map((n: number) => n, [1]),
      () => pool.shutdown(),
      () => pool.shutdownSync(),
      () => pool.terminateWorkers(),
      () => pool.statistics,
      () => pool.workers,
      () => pool.hasRoom,
      () => pool.submitToAll(() => 1),
    ];
    const messages: string[] = [];
    for (const act of acts) {
      try {
        await act();
        messages.push('done');
      } catch (error) {
        messages.push(`${(error as { code: string }).code}: ${(error as Error).message.replace(/ is for .*/, '')}`);
      }
    }
    return [...messages, pool.isShutDown, await pool.submit(() => 5)];
  });
  assert.deepEqual(told, [
    'ERR_POOL_ELSEWHERE: with({ retries, timeout })',
    'ERR_POOL_ELSEWHERE: with({ priority })',
    ...Array<string>(3).fill('ERR_POOL_ELSEWHERE: shutting it down'),
    ...['statistics', 'workers', 'hasRoom', 'submitToAll()'].map((name) => `ERR_POOL_ELSEWHERE: ${name}`),
    false,
    5,
  ]);
  assert.equal(pool.isShutDown, false);
});
