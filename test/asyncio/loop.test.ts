import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  CancelledError,
  ContextVar,
  createTask,
  currentTask,
  Future,
  gather,
  getEventLoop,
  getRunningLoop,
  run,
  runCoroutineThreadsafe,
  sleep,
  toThread,
  wrapFuture,
} from '../../src/asyncio/index.ts';
import { Future as ExecutorFuture, ProcessPoolExecutor, ThreadPoolExecutor } from '../../src/futures/index.ts';
import { dismissCarriers } from '../../src/host/thread/carrier.ts';
import { getSignal, raiseSignal, SIG_DFL } from '../../src/signal/index.ts';
import { Event as SharedEvent, Lock as SharedLock, Thread } from '../../src/threading/index.ts';
import { Queue as SharedQueue } from '../../src/queue/index.ts';
import { after } from '../support/test.ts';
import { LONG, MEDIUM } from '../support/patience.ts';
import { Program } from '../support/program.ts';
import { until } from '../support/until.ts';
import { Boom, rejects, step, test } from './support.ts';

after(async () => {
  await getEventLoop().shutdownDefaultExecutor();
  await dismissCarriers();
});

const loop = getEventLoop();
const asyncio = new URL('../../src/asyncio/index.js', import.meta.url).href;

test('the running loop is that of a task; outside there is none', async () => {
  assert.throws(() => getRunningLoop(), { code: 'ERR_NO_TASK' });
  assert.equal(await createTask(() => getRunningLoop()), loop);
  assert.ok(Math.abs(loop.time() - performance.now()) < LONG);
});

test('callSoon calls in order, never at once; what is cancelled is not called [LOP-01 LOP-04]', async () => {
  const calls: string[] = [];
  loop.callSoon((name: string) => calls.push(name), 'first');
  createTask(() => loop.callSoon(() => assert.equal(currentTask(), null, 'a callback belongs to no task')));
  const cancelled = loop.callSoon(() => calls.push('cancelled'));
  loop.callSoon(() => {
    calls.push('second');
    loop.callSoon(() => calls.push('fourth'));
  });
  loop.callSoon(() => calls.push('third'));
  cancelled.cancel();
  assert.equal(cancelled.cancelled, true);
  assert.equal(calls.length, 0);
  await until(() => calls.length === 4);
  assert.deepEqual(calls, ['first', 'second', 'third', 'fourth']);
});

test('callLater and callAt call in the order of their times, then of their making [LOP-02]', async () => {
  const calls: string[] = [];
  const when = loop.time() + 5.3;
  const handles = [
    loop.callAt(when, () => calls.push('at')),
    loop.callAt(when, () => calls.push('at, again')),
    loop.callLater(15, () => calls.push('later')),
    loop.callLater(-5, () => calls.push('at once')),
  ];
  assert.ok(handles[3]!.when <= loop.time());
  const never = loop.callLater(1, () => calls.push('never'));
  const far = loop.callLater(LONG, () => calls.push('never'));
  never.cancel();
  far.cancel();
  await until(() => calls.length === 4);
  // A slow machine may have come past a time before the next one was made.
  const names = ['at', 'at, again', 'later', 'at once'];
  const order = handles.map((handle, i) => ({ time: handle.when, name: names[i] })).toSorted((a, b) => a.time - b.time);
  assert.deepEqual(
    calls,
    order.map(({ name }) => name),
  );
  assert.throws(() => loop.callLater(NaN, () => {}), TypeError);
});

test('a callback has the values of when it was handed over, and what it sets stays with it', async () => {
  const variable = new ContextVar<string>('v', { default: 'none' });
  const seen: string[] = [];
  const look = (next: string): void => {
    seen.push(variable.get());
    variable.set(next);
    seen.push(variable.get());
    assert.equal(currentTask(), null);
  };
  await run(async () => {
    const loop = getRunningLoop();
    const done = new Future<void>();
    loop.callSoon(look, 'a');
    done.addDoneCallback(() => look('b'));
    variable.set('of the task');
    loop.callSoon(look, 'c');
    variable.set('later');
    done.setResult();
    await sleep(0);
    assert.equal(variable.get(), 'later');
  });
  assert.deepEqual(seen, ['none', 'b', 'none', 'a', 'of the task', 'c']);
  assert.equal(variable.get(), 'none');
});

test('an error in a callback goes to the exception handler, and the loop goes on [LOP-05]', async () => {
  const told: string[] = [];
  const storage = new AsyncLocalStorage<string>();
  let seen: string | undefined;
  loop.exceptionHandler = ({ message }) => told.push(message);
  try {
    loop.callSoon(function fails() {
      throw new Boom();
    });
    storage.run('mine', () => loop.callSoon(() => void (seen = storage.getStore())));
    await until(() => seen !== undefined);
    assert.deepEqual([told, seen], [['error in a callback of the event loop: fails'], 'mine']);
  } finally {
    loop.exceptionHandler = null;
  }
  const program = `
    import { getEventLoop } from '${asyncio}';
    const loop = getEventLoop();
    loop.exceptionHandler = () => { throw new Error('broken handler') };
    loop.callSoon(() => { throw new Error('from a callback') });
    loop.callLater(1, () => console.log('goes on'));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  assert.equal(stdout, 'goes on\n');
  assert.match(stderr, /broken handler/);
  assert.match(stderr, /from a callback/);
});

test('toThread runs a function once in another thread; its error comes out [TTH-01]', async () => {
  assert.equal(await toThread((a: number, b: number) => a + b, 1, 2), 3);
  const threadId = await toThread(async () => (await import('node:worker_threads')).threadId);
  assert.notEqual(threadId, 0);
  await rejects(
    toThread(() => {
      throw new RangeError('from there');
    }),
    { name: 'RangeError', message: 'from there' },
  );
  assert.throws(() => toThread(5 as never), TypeError);
});

test('a function in a thread sees the context variables, as far as they can be sent [TTH-03 CTX-04]', async () => {
  const { requestId, readRequestId } = await import('./context-variable.ts');
  const other = new ContextVar<unknown>('unsendable');
  await run(async () => {
    requestId.set('r-17');
    other.set(new WeakRef({}));
    assert.equal(await toThread(readRequestId), 'r-17');
  });
});

test('a thread begins with no values of context variables [CTX-04]', async () => {
  const { requestId, readRequestId } = await import('./context-variable.ts');
  using _ = requestId.set('of main');
  const results = new SharedQueue<string>();
  const thread = new Thread({ target: () => results.putSync(readRequestId()) });
  thread.start();
  assert.equal(await results.get(), 'none');
  await thread.join();
});

test('runInExecutor gives a future of the loop; cancelling takes back what has not begun', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  assert.deepEqual(await gather([1, 2, 3].map((n) => loop.runInExecutor(pool, (x: number) => x * 2, n))), [2, 4, 6]);
  const gate = new SharedEvent();
  const blocked = loop.runInExecutor(pool, () => gate.waitSync());
  const ran = new SharedEvent();
  const queued = loop.runInExecutor(pool, () => ran.set());
  const task = createTask(async () => await queued);
  await step();
  task.cancel();
  await rejects(task, CancelledError);
  gate.set();
  await blocked;
  assert.equal(ran.isSet(), false);
});

test('a pool that a task was first to use does not end as the task does: its cancellation is no reason of its threads', async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1, maxTasksPerWorker: 1 });
  await run(async () => {
    const task = createTask(async () => {
      await getRunningLoop().runInExecutor(pool, (n: number) => n, 1);
      await sleep(1e9);
    });
    await until(() => pool.statistics.completed === 1);
    task.cancel();
    await assert.rejects(task.toPromise(), { name: 'CancelledError' });
  });
  for (const n of [2, 3]) assert.equal(await pool.submit((same: number) => same, n), n);
  await pool.shutdown();
});

test('runInExecutor runs in processes too, and their errors come out', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const pid = await loop.runInExecutor(pool, () => process.pid);
  assert.ok(pid > 0 && pid !== process.pid);
  await rejects(
    loop.runInExecutor(pool, () => {
      throw new RangeError('from there');
    }),
    { name: 'RangeError', message: 'from there' },
  );
});

test('the default executor is ended, and what has not ended in time goes on with a warning', async () => {
  await loop.shutdownDefaultExecutor();
  const warned = new Promise<string>((resolve) => {
    process.on('warning', ({ message }) => void (/default executor/.test(message) && resolve(message)));
  });
  const gate = new SharedEvent();
  const blocked = toThread(() => gate.waitSync());
  await loop.shutdownDefaultExecutor({ timeout: 1 });
  assert.match(await warned, /did not end within 1 ms: what runs in it goes on/);
  assert.equal(blocked.done, false);
  gate.set();
  await blocked;
  await rejects(loop.shutdownDefaultExecutor(5 as never), { name: 'TypeError', message: /such as \{ timeout: 300 \}/ });
  assert.equal(await toThread((n: number) => n, 1), 1);
  await loop.shutdownDefaultExecutor({ timeout: LONG });
});

test('wrapFuture joins a future of an executor with one of the loop [AFU-11 AFU-12]', async () => {
  const inner = new ExecutorFuture<number>();
  const outer = wrapFuture(inner);
  assert.equal(wrapFuture(outer), outer);
  inner.setResult(5);
  assert.equal(await outer, 5);
  const cancelledInside = new ExecutorFuture<number>();
  const told = wrapFuture(cancelledInside);
  cancelledInside.cancel();
  await rejects(told, CancelledError);
  assert.equal(told.cancelled, true);
  const kept = new ExecutorFuture<number>();
  const cancelled = wrapFuture(kept);
  cancelled.cancel();
  assert.equal(kept.cancelled, true);
  await rejects(cancelled, CancelledError);
  // What comes after the cancellation changes nothing.
  const late = new ExecutorFuture<number>();
  const gone = wrapFuture(late);
  late.setRunningOrNotifyCancel();
  gone.cancel();
  late.setResult(1);
  await rejects(gone, CancelledError);
  assert.throws(() => wrapFuture(5 as never), TypeError);
});

test('callSoonThreadsafe wakes an idle loop from another thread [LOP-07]', async () => {
  const results = new SharedQueue<string>();
  await run(async () => {
    const here = getRunningLoop();
    const thread = new Thread({
      target: () => {
        here.callSoonThreadsafe((text: string) => results.putSync(text), 'called');
      },
    });
    thread.start();
    assert.equal(await results.get({ timeout: LONG }), 'called');
    await thread.join();
  });
});

test('a thread runs a coroutine on the loop of another, and gets its result or error', async () => {
  const results = new SharedQueue();
  await run(async () => {
    const here = getRunningLoop();
    const thread = new Thread({
      target: async () => {
        const two = runCoroutineThreadsafe(async () => {
          await sleep(1);
          return 2;
        }, here);
        results.putSync(two.resultSync());
        const failing = runCoroutineThreadsafe(async () => {
          await sleep(1);
          throw new RangeError('no');
        }, here);
        results.putSync((await failing.exception()) instanceof RangeError);
      },
    });
    thread.start();
    assert.equal(await results.get({ timeout: LONG }), 2);
    assert.equal(await results.get({ timeout: LONG }), true);
    await thread.join();
  });
  const here = runCoroutineThreadsafe(async () => 3, loop);
  assert.equal(await here, 3);
  let isCut = false;
  const cancelled = runCoroutineThreadsafe(async () => {
    try {
      await new Future();
    } finally {
      isCut = true;
    }
  }, loop);
  await step();
  cancelled.cancel();
  await until(() => isCut);
});

test('cancelling a task cuts its waits for threads, and nothing is lost', async () => {
  const lock = new SharedLock();
  const queue = new SharedQueue<number>();
  const event = new SharedEvent();
  await lock.acquire();
  const gate = new SharedEvent();
  const thread = new Thread({ target: () => void gate.waitSync() });
  thread.start();
  const future = new ExecutorFuture<number>();
  const waits = [
    () => lock.acquire(),
    () => queue.get(),
    () => event.wait(),
    () => thread.join(),
    () => future.result(),
    async () => await future,
  ].map((wait) => createTask(wait as () => Promise<unknown>));
  await step();
  for (const task of waits) task.cancel('cut');
  for (const task of waits) await rejects(task, { name: 'CancelledError', message: 'cut' });
  lock.release();
  assert.ok(lock.tryAcquire());
  lock.release();
  await queue.put(1);
  assert.equal(queue.getNoWait(), 1);
  gate.set();
  assert.equal(await thread.join(), true);
});

test('a shared lock that is granted in the moment of the cancellation is held, and the next await is cut', async () => {
  const lock = new SharedLock();
  await lock.acquire();
  let held = false;
  const task = createTask(async () => {
    using _ = await lock.acquire();
    held = true;
    await step();
  });
  await step();
  lock.release();
  task.cancel();
  await rejects(task, CancelledError);
  // Either the wait was cut or the lock was had; in no case is it still held.
  assert.ok(lock.tryAcquire(), held ? 'it was granted' : 'it was cut');
  lock.release();
});

test('a time-out reaches waits for threads', async () => {
  const queue = new SharedQueue<number>();
  const { timeout, TimeoutError } = await import('../../src/asyncio/index.ts');
  await rejects(
    timeout(5, () => queue.get()),
    TimeoutError,
  );
  queue.putNoWait(1);
  assert.equal(queue.getNoWait(), 1);
});

test('Ctrl-C cancels the main task, which can clean up, and run throws KeyboardInterrupt', async () => {
  const program = `
    import { run, sleep } from '${asyncio}';
    try {
      await run(async () => {
        console.log('ready');
        try { await sleep(1e6) } finally { await sleep(1); console.log('cleaned up') }
      });
    } catch (error) { console.log(error.name, error.code) }
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output === 'ready\n') child.kill('SIGINT');
  });
  await new Promise((resolve) => child.on('close', resolve));
  assert.equal(output, 'ready\ncleaned up\nKeyboardInterrupt ERR_INTERRUPTED\n');
});

test('a signal handler of the loop is called with its arguments, and can be taken away [SIG-09 SIG-10]', async () => {
  const seen: string[] = [];
  loop.addSignalHandler('SIGUSR2', (text: string) => seen.push(text), 'it came');
  const alive = setTimeout(() => {}, MEDIUM);
  raiseSignal('SIGUSR2');
  await until(() => seen.length === 1);
  clearTimeout(alive);
  assert.deepEqual(seen, ['it came']);
  assert.equal(loop.removeSignalHandler('SIGUSR2'), true);
  assert.equal(loop.removeSignalHandler('SIGUSR2'), false);
  assert.equal(getSignal('SIGUSR2'), SIG_DFL);
  assert.equal(currentTask(), null);
  assert.throws(() => loop.addSignalHandler('SIGUSR2', async () => {}), /takes a plain function: got a coroutine/);
  assert.throws(() => loop.addSignalHandler('SIGUSR2', function* () {}), TypeError);
  assert.throws(() => loop.addSignalHandler('SIGKILL', () => {}), { code: 'ERR_SIGNAL_UNCATCHABLE' });
  assert.throws(() => loop.addSignalHandler('SIGNONE' as never, () => {}), RangeError);
  assert.equal(getSignal('SIGUSR2'), SIG_DFL);
});

test('when the handler for SIGINT is taken away, Ctrl-C ends the run again; one that stays outlives the run [SIG-10]', async () => {
  const program = new Program(`
    import { Event, getEventLoop, run, sleep } from 'manycore/asyncio';
    import { getSignal, raiseSignal, SIG_DFL } from 'manycore/signal';
    const loop = getEventLoop();
    try {
      await run(async () => {
        const heard = new Event();
        loop.addSignalHandler('SIGINT', (text) => { console.log(text); heard.set(); }, 'own handler');
        raiseSignal('SIGINT');
        await heard.wait();
        console.log(loop.removeSignalHandler(2));
        await sleep(1e6);
      });
    } catch (error) { console.log(error.name) }
    console.log(getSignal('SIGINT') === SIG_DFL);
    await run(async () => loop.addSignalHandler('SIGINT', () => {}));
    console.log(getSignal('SIGINT') === SIG_DFL, loop.removeSignalHandler('SIGINT'), getSignal('SIGINT') === SIG_DFL);
  `);
  await program.printed('true');
  program.child.kill('SIGINT');
  const { stdout, stderr } = await program.ended;
  assert.equal(stdout, 'own handler\ntrue\nKeyboardInterrupt\ntrue\nfalse true true\n', stderr);
});
