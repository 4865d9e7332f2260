import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StateError } from '../../src/base/errors.ts';
import { BrokenExecutorError, BrokenProcessPool, ProcessPoolExecutor } from '../../src/futures/index.ts';
import { int32, Lock, Value } from '../../src/multiprocessing/index.ts';
import { leavesNothing } from '../support/leaves-nothing.ts';
import { Program } from '../support/program.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { testExecutor } from './executor-suite.ts';

leavesNothing();

testExecutor({
  name: 'processes',
  sharesThreads: false,
  died: 'BrokenProcessPool',
  broken: 'BrokenProcessPool',
  make: (options) => new ProcessPoolExecutor(options),
});

test('the number of processes must be a positive integer, and is that of the cores when left out [EXE-13 EXE-15]', async () => {
  for (const maxWorkers of [0, -1, 1.5]) assert.throws(() => new ProcessPoolExecutor({ maxWorkers }), RangeError);
  await using pool = new ProcessPoolExecutor();
  assert.equal(pool.maxWorkers, availableParallelism());
});

test('an idle process is used before a new one is started, and tasks run in other processes [EXE-17]', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 4 });
  const pids = new Set<number>();
  for (let i = 0; i < 4; i++) pids.add(await pool.submit(() => process.pid));
  assert.equal(pids.size, 1);
  assert.ok(!pids.has(process.pid));
});

test('a process is replaced after as many tasks as it may do [EXE-28 EXE-29]', async () => {
  const pool = new ProcessPoolExecutor({ maxWorkers: 1, maxTasksPerWorker: 2 });
  const futures = Array.from({ length: 6 }, () => pool.submit(() => process.pid));
  await pool.shutdown();
  assert.equal(new Set(futures.map((future) => future.resultSync())).size, 3);
});

test('a process that is killed tells which, how, which task, and what it last wrote; the pool goes on [EXE-22]', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const killed = pool.submit(function doomed() {
    process.stderr.write('last words\n');
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => {});
  });
  const after = pool.submit(() => 'after');
  const error = (await killed.exception()) as BrokenProcessPool;
  assert.ok(error instanceof BrokenProcessPool && error instanceof BrokenExecutorError);
  assert.match(
    error.message,
    /^process ProcessPoolExecutor-\d+-1 \(pid \d+\) was ended by signal SIGKILL while it ran doomed \(task 1\)[^]*last words/,
  );
  assert.deepEqual([error.reason, error.exitCode], ['SIGKILL', -9]);
  assert.equal(await after, 'after');
});

test('of a process that aborts the message says that Node does so when its heap is full', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const error = (await pool.submit(() => process.abort()).exception()) as BrokenProcessPool;
  assert.equal(error.reason, 'SIGABRT');
  assert.match(error.message, /was ended by signal SIGABRT while it ran .* \(task 1\)\. So Node ends when its heap is full: /);
});

test('of a process that an error has ended the message tells the error, however deep it was', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const error = (await pool
    .submit(() => {
      const deep = (n: number): void => {
        if (n === 0) throw new RangeError('what happened');
        deep(n - 1);
      };
      setTimeout(() => deep(20), 1);
      return new Promise(() => {});
    })
    .exception()) as BrokenProcessPool;
  assert.match(
    error.message,
    /ended with exit code 1 while it ran [^]* wrote to stderr:\n {4}RangeError: what happened\n(?: +at .*\n?){4}$/,
  );
});

test('a task that cannot be read in the worker fails alone, with the reason, and nothing waits for ever [EXE-24]', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'manycore-'));
  const file = join(folder, 'gone.mjs');
  writeFileSync(file, 'export function gone() {}');
  const { gone } = (await import(pathToFileURL(file).href)) as { gone: () => void };
  rmSync(folder, { recursive: true });
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  await assert.rejects(pool.submit(gone).result(), (error) => {
    assert.ok(error instanceof StateError);
    assert.equal(error.code, 'ERR_TASK_UNREADABLE');
    assert.match((error.cause as Error).message, /gone\.mjs/);
    return true;
  });
  assert.equal(await pool.submit((n: number) => n + 1, 1), 2);
});

test('a task that is cancelled while it runs, or is out of time, ends with its process; one whose signal aborts, too', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const busy = (): void => {
    for (;;);
  };
  const running = pool.submit(busy);
  await until(() => running.running);
  assert.equal(running.cancel(), false);
  assert.equal(running.cancel({ running: true }), true);
  assert.equal(running.cancelled, true);
  await assert.rejects(async () => await pool.with({ timeout: 20 }).submit(busy), { name: 'TimeoutError', message: /within 20 ms/ });
  const enough = new AbortController();
  const aborted = pool.with({ signal: enough.signal }).submit(busy);
  await until(() => aborted.running);
  enough.abort(new Error('enough'));
  await assert.rejects(async () => await aborted, { message: 'enough' });
  assert.equal(await pool.submit(() => 1), 1);
});

test('a task that fails, or whose process dies, is run again as often as asked, after its delay', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const tries = new Value(int32, 0);
  const third = pool.with({ retries: { times: 2, delay: 5 } }).submit(() => {
    using _ = tries.lock.acquireSync();
    if (++tries.value < 3) throw new Error(`try ${tries.value}`);
    return tries.value;
  });
  assert.equal(await third, 3);
  tries.value = 0;
  const second = pool.with({ retries: 1 }).submit(() => {
    if (++tries.value === 1) process.exit(1);
    return tries.value;
  });
  assert.equal(await second, 2);
  const never = pool.with({ retries: { times: 5, delay: 60_000 } }).submit(() => {
    throw new Error('no');
  });
  await until(() => !never.running && pool.pids.length === 1);
  const cancelled = pool.submit(() => 1);
  assert.equal(await cancelled, 1);
  assert.equal(never.cancel(), true);
});

test('tasks with a greater priority begin earlier', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const lock = new Lock();
  lock.acquireSync();
  const first = pool.submit(() => void lock.acquireSync());
  await until(() => first.running);
  const order: string[] = [];
  const rest = Array.from({ length: 6 }, (_, i) => pool.with({ priority: i + 1 }).submit((n: number) => n, i));
  for (const future of rest) future.addDoneCallback((done) => order.push(String(done.resultSync())));
  lock.release();
  await Promise.all(rest);
  // The next task of each process has been dealt out before the others came.
  assert.deepEqual(order, ['0', '5', '4', '3', '2', '1']);
});

test('a pool of processes is told to stay where it was made, when a task captures it or is given it', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const told = { name: 'SendError', code: 'ERR_SEND_PROCESS_POOL', message: /make|made/ };
  assert.throws(() => pool.submit(() => pool.submit(() => 1).resultSync()), told);
  assert.throws(() => pool.submit((given: ProcessPoolExecutor) => given.maxWorkers, pool), told);
  assert.equal(await pool.submit(() => 1), 1);
});

test('what only threads can do is refused with the reason', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const buffer = new ArrayBuffer(8);
  assert.throws(() => pool.with({ transfer: [buffer] }).submit((b: ArrayBuffer) => b.byteLength, buffer), {
    name: 'StateError',
    message: /transfer is for threads/,
  });
});

test('work that was handed over runs before the program ends, and an idle pool lets it end [SHD-08]', async () => {
  const program = new Program(`
    import { ProcessPoolExecutor } from 'manycore/futures';
    const pool = new ProcessPoolExecutor({ maxWorkers: 2 });
    for (let i = 0; i < 4; i++) pool.submit((n) => n, i).addDoneCallback((future) => console.log('done', future.resultSync()));
  `);
  const { stdout, code, stderr } = await program.ended;
  assert.equal(code, 0, stderr);
  assert.deepEqual(stdout.trim().split('\n').toSorted(), ['done 0', 'done 1', 'done 2', 'done 3']);
});
