import assert from 'node:assert/strict';
import { currentThread, Event, Lock, mainThread, stacks, Thread, ThreadStack } from '../../src/threading/index.ts';
import { Queue } from '../../src/queue/index.ts';
import { programLines } from '../support/program-lines.ts';
import { test } from '../support/test.ts';

const names = (stack: ThreadStack): string[] => stack.frames.map(({ functionName }) => functionName);

/** Looks again and again, with a turn of the event loop in between, until there is to be seen what has to come. */
async function lookUntil(thread: Thread, isSeen: (stack: ThreadStack) => boolean): Promise<ThreadStack> {
  for (;;) {
    const stack = await thread.stack();
    if (isSeen(stack)) return stack;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test('the stack of a thread that is blocked shows where, with what it has called of ours, and it goes on waiting', async () => {
  const lock = new Lock();
  lock.acquireSync();
  const begun = new Event();
  const thread = new Thread({
    name: 'blocked',
    target: () => {
      function waitsForTheLock(): void {
        begun.set();
        using _ = lock.acquireSync();
      }
      waitsForTheLock();
    },
  });
  thread.start();
  await begun.wait();
  const stack = await lookUntil(thread, (seen) => names(seen)[0] === 'Lock.acquireSync');
  assert.deepEqual(names(stack).slice(0, 3), ['Lock.acquireSync', 'waitsForTheLock', 'target']);
  assert.match(stack.frames[1]!.file, /stack\.test\.[jt]s$/);
  assert.ok(stack.frames[1]!.line > 10 && stack.frames[1]!.column > 1);
  assert.equal(stack.thread, thread);
  assert.match(String(stack), /^blocked\n {4}at Lock\.acquireSync \(.*\n {4}at waitsForTheLock \(/);
  assert.equal(thread.isAlive, true);
  lock.release();
  assert.equal(await thread.join(), true);
  assert.equal(lock.locked, false);
});

test('the stack of a busy thread is read while it is busy, also by a thread that blocks meanwhile', async () => {
  const [go, end] = [new Event(), new Int32Array(new SharedArrayBuffer(4))];
  const thread = new Thread({
    target: () => {
      function crunches(): void {
        go.set();
        while (Atomics.load(end, 0) === 0);
      }
      crunches();
    },
  });
  thread.start();
  go.waitSync();
  const blocking = thread.stackSync();
  assert.ok(names(blocking).includes('crunches'), String(blocking));
  assert.ok(names(await thread.stack()).includes('crunches'));
  Atomics.store(end, 0, 1);
  await thread.join();
});

test('a thread that awaits has no frames, and tells where it awaits', async () => {
  const never = new Event();
  const thread = new Thread({ name: 'awaits', target: async () => void (await never.wait()) });
  thread.start();
  const stack = await lookUntil(thread, ({ frames, awaits }) => frames.length === 0 && awaits.length > 0);
  assert.deepEqual(stack.frames, []);
  assert.match(stack.awaits[0]!, /stack\.test\.[jt]s:\d+:\d+$/);
  assert.match(String(stack), /^awaits \(in its event loop\)\n {4}awaiting at /);
  never.set();
  await thread.join();
});

test('the main thread is seen from another one while it is blocked; each thread sees itself', async () => {
  const seen = new Queue<string>();
  const main = mainThread();
  const thread = new Thread({
    target: async () => {
      const stack = await lookUntil(main, (one) => String(one).includes('Thread.joinSync'));
      seen.putNoWait(String(stack));
      seen.putNoWait(String(currentThread().stackSync()));
    },
  });
  function joinsIt(): void {
    thread.start();
    thread.joinSync();
  }
  joinsIt();
  assert.match(await seen.get(), /^MainThread\n {4}at Thread\.joinSync .*\n {4}at joinsIt /);
  assert.match(await seen.get(), /^Thread-\d+ \(target\)\n {4}at target \(.*stack\.test/);
  assert.ok(names(await mainThread().stack()).length > 0);
});

test('stacks shows all threads, nested ones too, each once', async () => {
  const [ready, go] = [new Event(), new Event()];
  const outer = new Thread({
    name: 'outer',
    target: async () => {
      const inner = new Thread({
        name: 'inner',
        target: () => {
          ready.set();
          go.waitSync();
        },
      });
      inner.start();
      await inner.join();
    },
  });
  outer.start();
  await ready.wait();
  const all = await stacks();
  assert.deepEqual(all.map(({ thread }) => thread.name).toSorted(), ['MainThread', 'inner', 'outer']);
  go.set();
  await outer.join();
});

test('a thread that does not run has no stack', async () => {
  const thread = new Thread({ target: () => {}, name: 'w' });
  await assert.rejects(thread.stack(), {
    name: 'StateError',
    code: 'ERR_THREAD_NOT_RUNNING',
    message: /w has no stack: it has not been started/,
  });
  thread.start();
  await thread.join();
  assert.throws(() => thread.stackSync(), { name: 'StateError', message: /it has ended/ });
  await assert.rejects(thread.stack({ timeout: -1 }), RangeError);
});

test('a thread that runs native code gives no answer: that is told in time, and it comes to no harm', async () => {
  const { lines } = await programLines(`
    import { Thread, Event } from 'manycore/threading';
    const begun = new Event();
    const thread = new Thread({ name: 'native', target: async () => { const { execFileSync } = await import('node:child_process'); begun.set(); execFileSync(process.execPath, ['-e', 'setTimeout(() => {}, 1500)']); console.log('done'); } });
    thread.start();
    await begun.wait();
    try { for (;;) await thread.stack({ timeout: 100 }); } catch (error) { console.log(error.name, error.message.slice(0, 30)); }
    await thread.join();`);
  assert.deepEqual(lines, ['TimeoutError thread native did not show its', 'done']);
});

test('a process ends at once, and in order, while stacks are being read', async () => {
  for (const ms of [0, 2, 5]) {
    const { lines, code } = await programLines(`
      import { Thread, mainThread, Event } from 'manycore/threading';
      const begun = new Event();
      const main = mainThread();
      const loop = new Thread({ daemon: true, target: () => { begun.set(); for (;;); } });
      const looks = new Thread({ daemon: true, target: async () => { for (;;) await main.stack(); } });
      loop.start(); looks.start();
      await begun.wait();
      await loop.stack();
      void (async () => { for (;;) await loop.stack(); })();
      setTimeout(() => { console.log('end'); process.exit(3); }, ${ms});`);
    assert.deepEqual([lines, code], [['end'], 3]);
  }
});
