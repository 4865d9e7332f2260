import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import {
  AbandonedLockError,
  activeCount,
  Condition,
  enumerate,
  Event,
  fromMessage,
  Lock,
  SendError,
  SharedValue,
  int32,
  mainThread,
  Semaphore,
  Thread,
  toMessage,
} from '../../src/threading/index.ts';
import { Queue } from '../../src/queue/index.ts';
import { programLines } from '../support/program-lines.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

const index = (name: string): string => new URL(`../../src/${name}/index.js`, import.meta.url).href;

/** A worker as a program makes it itself: it knows of us only what it imports. */
function worker(source: string, value: unknown): Worker {
  const text = `import { workerData, parentPort } from 'node:worker_threads';
    import * as threading from '${index('threading')}'; import * as queues from '${index('queue')}';
    const { fromMessage, toMessage, currentThread, Thread } = threading;
    const shared = fromMessage(workerData);
    ${source}`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(text)}`), { workerData: toMessage(value) });
}

test('a worker of the program’s own shares locks, queues and values that it is given by toMessage', async () => {
  const [lock, total, queue, done] = [new Lock(), new SharedValue(int32, 0), new Queue<string>(), new Event()];
  const made = worker(
    `for (let i = 0; i < 1000; i++) { using_(shared.lock, () => { shared.total.value++; }); }
     function using_(lock, act) { lock.acquireSync(); try { act(); } finally { lock.release(); } }
     shared.queue.putSync(currentThread().name); shared.queue.putSync(String(currentThread().daemon)); shared.done.set();`,
    { lock, total, queue, done },
  );
  const ended = once(made, 'exit');
  for (let i = 0; i < 1000; i++) {
    using _ = lock.acquireSync();
    total.value++;
  }
  await done.wait();
  assert.equal(total.value, 2000);
  assert.match(await queue.get(), /^Dummy-\d+$/);
  assert.equal(await queue.get(), 'true');
  await ended;
  await until(() => activeCount() === 1);
});

test('such a worker is seen as a thread while it lives, and starts threads itself', async () => {
  const [queue, go] = [new Queue(), new Event()];
  const made = worker(
    `const inner = new Thread({ name: 'inner', target: (queue) => queue.putSync('from inner'), args: [shared.queue] });
     inner.start(); inner.joinSync();
     shared.queue.putSync(threading.mainThread() === shared.main);
     shared.go.waitSync();`,
    { queue, go, main: mainThread() },
  );
  const ended = once(made, 'exit');
  assert.equal(await queue.get(), 'from inner');
  assert.equal(await queue.get(), true);
  const dummy = enumerate().find(({ name }) => name.startsWith('Dummy-'))!;
  assert.equal(dummy.isAlive, true);
  assert.match(String(await dummy.stack()), /Event\.waitSync/);
  go.set();
  await ended;
  assert.equal(await dummy.join(), true);
});

test('what such a worker holds when it is terminated is abandoned', async () => {
  const [lock, held] = [new Lock(), new Event()];
  const made = worker('shared.lock.acquireSync(); shared.held.set(); for (;;);', { lock, held });
  await held.wait();
  const waiting = lock.acquire();
  await made.terminate();
  await assert.rejects(waiting, AbandonedLockError);
  lock.release();
});

test('what such a worker sends back arrives as the same thing, once', async () => {
  const lock = new Lock();
  const made = worker('parentPort.postMessage(toMessage({ lock: shared.lock, fresh: new threading.Semaphore(3) }));', { lock });
  const ended = once(made, 'exit');
  const [message] = (await once(made, 'message')) as [unknown];
  const back = fromMessage(message) as { lock: Lock; fresh: Semaphore };
  assert.equal(back.lock, lock);
  assert.equal(back.fresh.value, 3);
  assert.throws(() => fromMessage(message), { name: 'StateError', code: 'ERR_MESSAGE_READ' });
  assert.throws(() => fromMessage({ lock }), TypeError);
  await ended;
});

test('a shared thing that is posted as it is, is refused, with a word on what to do', () => {
  const { port1, port2 } = new MessageChannel();
  for (const thing of [new Lock(), new Queue(), new Event(), new Condition(), new SharedValue(int32)]) {
    for (const post of [
      () => port1.postMessage({ thing }),
      () => structuredClone([thing]),
      () => new Worker('', { eval: true, workerData: thing }),
    ]) {
      assert.throws(post, (error) => {
        assert.ok(error instanceof SendError);
        assert.equal(error.code, 'ERR_POST_MESSAGE');
        assert.match(error.message, new RegExp(`^a ${thing.constructor.name} can't go through postMessage`));
        assert.match(error.message, /toMessage\(value\)/);
        return true;
      });
    }
  }
  port1.close();
  port2.close();
});

test('a worker that was made before the package was loaded shares nothing, and is told so', async () => {
  const { lines } = await programLines(`
    import { Worker } from 'node:worker_threads';
    const source = "import { parentPort } from 'node:worker_threads'; parentPort.once('message', async ({ url, message }) => { const { fromMessage, Lock } = await import(url);"
      + "try { fromMessage(message); } catch (error) { console.log(error.name, error.code); } new Lock().acquireSync(); console.log('its own works'); });";
    const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(source)));
    await new Promise((resolve) => worker.once('online', resolve));
    const { toMessage, Lock } = await import('manycore/threading');
    worker.postMessage({ url: ${JSON.stringify(index('threading'))}, message: toMessage(new Lock()) });`);
  assert.deepEqual(lines, ['StateError ERR_OTHER_MEMORY', 'its own works']);
});

test('a function and what it captures goes to such a worker too', async () => {
  const [factor, answer] = [3, new Queue<number>()];
  const made = worker('shared.answer.putSync(shared.triple(14));', { triple: (n: number) => n * factor, answer });
  const ended = once(made, 'exit');
  assert.equal(await Promise.race([answer.get(), ended]), 42);
  await ended;
  const thread = new Thread({ target: () => answer.putSync(1) });
  thread.start();
  await thread.join();
});
