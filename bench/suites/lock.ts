import { type MultithreadingModule, type AsyncMutexModule } from '../harness/peer-types.ts';
import { loadPeer } from '../harness/peers.ts';
import { ended, rawWorker } from '../harness/raw-worker.ts';
import { repeated, repeatedAsync, stopwatch } from '../harness/stopwatch.ts';
import type { Measured, Suite } from '../harness/suite.ts';
import { Barrier, Lock, SharedStruct, int32, Thread } from 'manycore/threading';

class Counter extends SharedStruct({ value: int32 }) {}

/** Two threads, which begin at once, add to one number under one lock. */
async function contended(times: number): Promise<Measured> {
  const lock = new Lock();
  const counter = new Counter();
  const gate = new Barrier(3);
  const add = (count: number): void => {
    for (let i = 0; i < count; i++) {
      lock.acquireSync();
      counter.value++;
      lock.release();
    }
  };
  const threads = [1, 2].map(
    () =>
      new Thread({
        target: () => {
          add(20_000);
          gate.waitSync();
          add(times);
        },
      }),
  );
  for (const thread of threads) thread.start();
  while (gate.nWaiting < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  const stop = stopwatch();
  gate.waitSync();
  for (const thread of threads) await thread.join();
  const measured = stop(2 * times);
  if (counter.value !== 2 * times + 40_000) throw new Error(`the lock let two in at once: ${counter.value}`);
  return measured;
}

/** The same by hand: three states, as in "Futexes Are Tricky", and nobody's name in the word. */
async function contendedRaw(times: number): Promise<Measured> {
  const view = new Int32Array(new SharedArrayBuffer(16));
  const work = ({ view, times }: { view: Int32Array<SharedArrayBuffer>; times: number }): void => {
    const add = (count: number): void => {
      for (let i = 0; i < count; i++) {
        if (Atomics.compareExchange(view, 0, 0, 1) !== 0) while (Atomics.exchange(view, 0, 2) !== 0) Atomics.wait(view, 0, 2);
        view[1]!++;
        if (Atomics.exchange(view, 0, 0) === 2) Atomics.notify(view, 0, 1);
      }
    };
    add(20_000);
    Atomics.add(view, 2, 1);
    Atomics.notify(view, 2);
    Atomics.wait(view, 3, 0);
    add(times);
  };
  const workers = [1, 2].map(() => rawWorker(work, { view, times }));
  const done = workers.map(ended);
  while (Atomics.load(view, 2) < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  const stop = stopwatch();
  Atomics.store(view, 3, 1);
  Atomics.notify(view, 3);
  await Promise.all(done);
  return stop(2 * times);
}

async function contendedMultithreading(times: number): Promise<Measured> {
  const { Mutex, spawn, move } = await loadPeer<MultithreadingModule>('multithreading');
  const mutex = new Mutex(new Int32Array(new SharedArrayBuffer(4)));
  const add = (mutex: InstanceType<MultithreadingModule['Mutex']>, count: number): void => {
    for (let i = 0; i < count; i++) {
      const guard = mutex.blockingLock();
      guard.value[0]!++;
      guard.dispose();
    }
  };
  const both = (count: number): Promise<unknown[]> => Promise.all([1, 2].map(() => spawn(move(mutex, count), add).join()));
  await both(2000);
  const stop = stopwatch();
  await both(times);
  const measured = stop(2 * times);
  if (mutex.blockingLock().value[0] !== 2 * times + 4000) throw new Error('increments were lost');
  return measured;
}

const suite: Suite = {
  name: 'lock',
  about: 'Locks: acquired and released by one thread alone; and two threads that add to one number under it.',
  lines: [
    {
      name: 'free, blocking',
      unit: 'ns',
      aim: { value: 30 },
      contenders: [
        {
          name: 'manycore Lock.acquireSync',
          run({ count }) {
            const lock = new Lock();
            return repeated((times) => {
              for (let i = 0; i < times; i++) {
                lock.acquireSync();
                lock.release();
              }
            }, count(10e6));
          },
        },
        {
          name: 'raw Atomics',
          isFloor: true,
          run({ count }) {
            const view = new Int32Array(new SharedArrayBuffer(4));
            return repeated((times) => {
              for (let i = 0; i < times; i++) {
                if (Atomics.compareExchange(view, 0, 0, 1) !== 0) throw new Error('it is held');
                Atomics.store(view, 0, 0);
              }
            }, count(10e6));
          },
        },
        {
          name: 'multithreading Mutex.blockingLock',
          peer: 'multithreading',
          async run({ count }) {
            const { Mutex } = await loadPeer<MultithreadingModule>('multithreading');
            const mutex = new Mutex(new Int32Array(new SharedArrayBuffer(4)));
            return repeated((times) => {
              for (let i = 0; i < times; i++) mutex.blockingLock().dispose();
            }, count(200_000));
          },
        },
        { name: 'CPython threading.Lock', python: 'lock.py', what: 'free' },
        { name: 'Java ReentrantLock', java: 'Locks.java', what: 'free' },
      ],
    },
    {
      name: 'free, awaited',
      unit: 'ns',
      contenders: [
        {
          name: 'manycore await Lock.acquire',
          run({ count }) {
            const lock = new Lock();
            return repeatedAsync(async (times) => {
              for (let i = 0; i < times; i++) {
                await lock.acquire();
                lock.release();
              }
            }, count(1e6));
          },
        },
        {
          name: 'async-mutex (one thread only)',
          peer: 'async-mutex',
          async run({ count }) {
            const { Mutex } = await loadPeer<AsyncMutexModule>('async-mutex');
            const mutex = new Mutex();
            return repeatedAsync(async (times) => {
              for (let i = 0; i < times; i++) (await mutex.acquire())();
            }, count(300_000));
          },
        },
        {
          name: 'multithreading await Mutex.lock',
          peer: 'multithreading',
          async run({ count }) {
            const { Mutex } = await loadPeer<MultithreadingModule>('multithreading');
            const mutex = new Mutex(new Int32Array(new SharedArrayBuffer(4)));
            return repeatedAsync(async (times) => {
              for (let i = 0; i < times; i++) (await mutex.lock()).dispose();
            }, count(100_000));
          },
        },
        { name: 'CPython asyncio.Lock (one thread only)', python: 'lock.py', what: 'asyncio' },
      ],
    },
    {
      name: 'contended, 2 threads, increments',
      unit: 'M/s',
      aim: { times: 8, of: 'CPython threading.Lock' },
      contenders: [
        { name: 'manycore Lock', run: ({ count }) => contended(count(4e6)) },
        { name: 'raw Atomics', isFloor: true, run: ({ count }) => contendedRaw(count(4e6)) },
        { name: 'multithreading Mutex', peer: 'multithreading', run: ({ count }) => contendedMultithreading(count(50_000)) },
        { name: 'CPython threading.Lock', python: 'lock.py', what: 'contended' },
        { name: 'Java ReentrantLock', java: 'Locks.java', what: 'contended' },
      ],
    },
  ],
};
export default suite;
