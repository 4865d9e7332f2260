import { type MultithreadingModule } from '../harness/peer-types.ts';
import { loadPeer } from '../harness/peers.ts';
import { ended, rawWorker } from '../harness/raw-worker.ts';
import { stopwatch } from '../harness/stopwatch.ts';
import type { Measured, Suite } from '../harness/suite.ts';
import { Condition, Lock, SharedStruct, int32, Thread } from 'manycore/threading';
import { Queue } from 'manycore/queue';
import { MessageChannel, type MessagePort } from 'node:worker_threads';

class Turn extends SharedStruct({ of: int32 }) {}

/** Two threads hand a turn to and fro. */
function byCondition(times: number): Measured {
  const condition = new Condition(new Lock());
  const turn = new Turn();
  const play = (me: number, count: number): void => {
    condition.acquireSync();
    for (let i = 0; i < count; i++) {
      while (turn.of !== me) condition.waitSync();
      turn.of = 1 - me;
      condition.notify();
    }
    condition.release();
  };
  const warm = Math.ceil(times / 10);
  const thread = new Thread({ target: () => play(1, warm + times) });
  thread.start();
  play(0, warm);
  const stop = stopwatch();
  play(0, times);
  thread.joinSync();
  return stop(times);
}

async function byConditionAwaited(times: number): Promise<Measured> {
  const condition = new Condition(new Lock());
  const turn = new Turn();
  const play = async (me: number, count: number): Promise<void> => {
    await condition.acquire();
    for (let i = 0; i < count; i++) {
      while (turn.of !== me) await condition.wait();
      turn.of = 1 - me;
      condition.notify();
    }
    condition.release();
  };
  const warm = Math.ceil(times / 10);
  const thread = new Thread({ target: () => play(1, warm + times) });
  thread.start();
  await play(0, warm);
  const stop = stopwatch();
  await play(0, times);
  await thread.join();
  return stop(times);
}

function byQueue(times: number): Measured {
  const there = new Queue<number>();
  const back = new Queue<number>();
  const warm = Math.ceil(times / 10);
  const thread = new Thread({
    target: () => {
      for (let i = 0; i < warm + times; i++) back.putSync(there.getSync());
    },
  });
  thread.start();
  const play = (count: number): void => {
    for (let i = 0; i < count; i++) {
      there.putSync(i);
      back.getSync();
    }
  };
  play(warm);
  const stop = stopwatch();
  play(times);
  const measured = stop(times);
  thread.joinSync();
  return measured;
}

async function byQueueAwaited(times: number): Promise<Measured> {
  const there = new Queue<number>();
  const back = new Queue<number>();
  const warm = Math.ceil(times / 10);
  const thread = new Thread({
    target: async () => {
      for (let i = 0; i < warm + times; i++) await back.put(await there.get());
    },
  });
  thread.start();
  const play = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      await there.put(i);
      await back.get();
    }
  };
  await play(warm);
  const stop = stopwatch();
  await play(times);
  const measured = stop(times);
  await thread.join();
  return measured;
}

/** One word, waited for by its value: less than a condition, which wakes one of many and gives back a lock. */
async function byAtomics(times: number): Promise<Measured> {
  const view = new Int32Array(new SharedArrayBuffer(4));
  const warm = Math.ceil(times / 10);
  const worker = rawWorker(
    ({ view, times }) => {
      for (let i = 0; i < times; i++) {
        while (Atomics.load(view, 0) !== 1) Atomics.wait(view, 0, 0);
        Atomics.store(view, 0, 0);
        Atomics.notify(view, 0, 1);
      }
    },
    { view, times: warm + times },
  );
  const play = (count: number): void => {
    for (let i = 0; i < count; i++) {
      Atomics.store(view, 0, 1);
      Atomics.notify(view, 0, 1);
      while (Atomics.load(view, 0) !== 0) Atomics.wait(view, 0, 1);
    }
  };
  play(warm);
  const stop = stopwatch();
  play(times);
  const measured = stop(times);
  await ended(worker);
  return measured;
}

async function byPort(times: number): Promise<Measured> {
  const { port1, port2 } = new MessageChannel();
  const worker = rawWorker<object>(() => {
    const { parentPort } = process.getBuiltinModule('node:worker_threads');
    parentPort!.once('message', (port: MessagePort) => {
      port.on('message', (value) => port.postMessage(value));
    });
  }, {});
  worker.postMessage(port2, [port2]);
  let left = 0;
  let resolve: () => void;
  port1.on('message', (value: number) => {
    if (--left > 0) port1.postMessage(value);
    else resolve();
  });
  const play = (count: number): Promise<void> =>
    new Promise((done) => {
      resolve = done;
      left = count;
      port1.postMessage(1);
    });
  await play(Math.ceil(times / 10));
  const stop = stopwatch();
  await play(times);
  const measured = stop(times);
  await worker.terminate();
  return measured;
}

async function byMultithreading(times: number): Promise<Measured> {
  const { Mutex, Condvar, spawn, move } = await loadPeer<MultithreadingModule>('multithreading');
  const mutex = new Mutex(new Int32Array(new SharedArrayBuffer(4)));
  const condition = new Condvar();
  const play = (
    mutex: InstanceType<MultithreadingModule['Mutex']>,
    condition: InstanceType<MultithreadingModule['Condvar']>,
    me: number,
    count: number,
  ): void => {
    const guard = mutex.blockingLock();
    for (let i = 0; i < count; i++) {
      while (guard.value[0] !== me) condition.blockingWait(guard);
      guard.value[0] = 1 - me;
      condition.notifyOne();
    }
    guard.dispose();
  };
  const warm = Math.ceil(times / 10);
  const task = spawn(move(mutex, condition, 1, warm + times), play);
  // Its worker begins only when this thread has gone back to its loop.
  await new Promise((resolve) => setTimeout(resolve, 300));
  play(mutex, condition, 0, warm);
  const stop = stopwatch();
  play(mutex, condition, 0, times);
  const measured = stop(times);
  await task.join();
  return measured;
}

const suite: Suite = {
  name: 'condition',
  about:
    'Two threads hand a turn to and fro: one round is two wakes. Ours looks for a moment whether the turn comes at once, then sleeps; the others sleep at once.',
  lines: [
    {
      name: 'condition, blocking',
      unit: 'µs',
      contenders: [
        { name: 'manycore Condition', run: ({ count }) => byCondition(count(50_000)) },
        { name: 'raw Atomics', isFloor: true, run: ({ count }) => byAtomics(count(50_000)) },
        { name: 'multithreading Condvar', peer: 'multithreading', run: ({ count }) => byMultithreading(count(10_000)) },
        { name: 'CPython threading.Condition', python: 'condition.py', what: 'condition' },
        { name: 'Java Condition', java: 'Turns.java', what: 'condition' },
      ],
    },
    {
      name: 'condition, awaited',
      unit: 'µs',
      contenders: [
        { name: 'manycore await Condition.wait', run: ({ count }) => byConditionAwaited(count(20_000)) },
        { name: 'MessagePort', isFloor: true, run: ({ count }) => byPort(count(50_000)) },
      ],
    },
    {
      name: 'two queues, blocking',
      unit: 'µs',
      contenders: [
        { name: 'manycore Queue.getSync', run: ({ count }) => byQueue(count(50_000)) },
        { name: 'CPython queue.Queue', python: 'condition.py', what: 'queue' },
        { name: 'CPython queue.SimpleQueue', python: 'condition.py', what: 'simple' },
        { name: 'Java LinkedBlockingQueue', java: 'Turns.java', what: 'queue' },
      ],
    },
    {
      name: 'two queues, awaited',
      unit: 'µs',
      contenders: [
        { name: 'manycore await Queue.get', run: ({ count }) => byQueueAwaited(count(20_000)) },
        { name: 'MessagePort', run: ({ count }) => byPort(count(50_000)) },
      ],
    },
  ],
};
export default suite;
