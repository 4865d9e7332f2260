import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { sources } from '../harness/outside.ts';
import type { JestWorkerModule, PoolifierModule, TinypoolModule, WorkerpoolModule } from '../harness/peer-types.ts';
import { loadPeer } from '../harness/peers.ts';
import { middle, stopwatch } from '../harness/stopwatch.ts';
import type { Measured } from '../harness/suite.ts';
import { ProcessPoolExecutor } from 'manycore/futures';
import { Event, getContext, int32, Lock, Pool, Process, Queue, Semaphore, SharedArray, uint8, Value } from 'manycore/multiprocessing';

/*
 * What the suite `process` does: each function takes one sample.
 */
const peerFile = (name: string): string => join(sources, 'peers', name);
const WORKERS = Math.min(2, cpus().length);
const MEGABYTES = 100;

// ------------------------------------------------------------------ starts

/** A process that does nothing, from its start to its end; `pause` milliseconds lie between two. */
export async function starts(method: 'spawn' | 'forkserver', times: number, pause = 0): Promise<Measured> {
  const { Process } = getContext(method);
  const one = async (): Promise<void> => {
    const child = new Process({ target: () => {} });
    child.start();
    await child.join();
  };
  await one();
  return middle(one, times, pause === 0 ? undefined : () => new Promise((resolve) => setTimeout(resolve, pause)));
}

export function forks(times: number): Promise<Measured> {
  return middle(async () => {
    const child = fork(peerFile('ipc-child.mjs'));
    await once(child, 'message');
    child.send('end');
    await once(child, 'exit');
  }, times);
}

// ------------------------------------------------------------------ tasks

/** A pool that adds one to a number, whoever it is made by. */
export interface Adder {
  add(n: number): PromiseLike<unknown>;
  end(): unknown;
}

export const adders: Readonly<Record<string, () => Promise<Adder>>> = {
  async executor() {
    const pool = new ProcessPoolExecutor({ maxWorkers: WORKERS });
    return { add: (n) => pool.submit((m: number) => m + 1, n), end: () => pool.shutdown() };
  },
  async pool() {
    const pool = new Pool(WORKERS);
    const increment = (m: number): number => m + 1;
    return { add: (n) => pool.applyAsync(increment, [n]).get(), end: () => pool.terminate() };
  },
  async workerpool() {
    const { pool } = await loadPeer<WorkerpoolModule>('workerpool');
    const workers = pool({ maxWorkers: WORKERS, workerType: 'process' });
    return { add: (n) => workers.exec((m: number) => m + 1, [n]), end: () => workers.terminate() };
  },
  async poolifier() {
    const { FixedClusterPool } = await loadPeer<PoolifierModule>('poolifier');
    const pool = new FixedClusterPool(WORKERS, peerFile('increment-poolifier.mjs'));
    return { add: (n) => pool.execute(n), end: () => pool.destroy() };
  },
  async 'jest-worker'() {
    const { Worker } = await loadPeer<JestWorkerModule>('jest-worker');
    const farm = new Worker(peerFile('increment.mjs'), { numWorkers: WORKERS, exposedMethods: ['increment'] });
    return { add: (n) => farm.increment(n), end: () => farm.end() };
  },
  async tinypool() {
    const { default: Tinypool } = await loadPeer<TinypoolModule>('tinypool');
    const pool = new Tinypool({ filename: peerFile('increment.mjs'), runtime: 'child_process', minThreads: WORKERS, maxThreads: WORKERS });
    return { add: (n) => pool.run(n), end: () => pool.destroy() };
  },
};

/** Some pools lose a task now and then, or all of them: poolifier's of processes does on Node 20. */
const PATIENCE_MS = 10_000;

async function warmed(name: string): Promise<Adder> {
  const adder = await adders[name]!();
  const first = Promise.resolve(adder.add(0)).then(() => true);
  if (!(await Promise.race([first, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, false))])))
    throw new Error(`no answer within ${PATIENCE_MS / 1000} s`);
  for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 40 }, (_, i) => adder.add(i)));
  return adder;
}

export async function roundTrips(name: string, times: number): Promise<Measured> {
  const adder = await warmed(name);
  const measured = await middle(() => Promise.resolve(adder.add(1)), times);
  await adder.end();
  return measured;
}

export async function together(name: string, times: number): Promise<Measured> {
  const adder = await warmed(name);
  const stop = stopwatch();
  const results = await Promise.all(Array.from({ length: times }, (_, i) => adder.add(i)));
  const measured = stop(times);
  if (results[times - 1] !== times) throw new Error(`a wrong result: ${String(results[times - 1])}`);
  await adder.end();
  return measured;
}

export async function mapped(times: number): Promise<Measured> {
  await using pool = new Pool(WORKERS);
  const items = Array.from({ length: times }, (_, i) => i);
  const increment = (n: number): number => n + 1;
  await pool.map(increment, items);
  return await middle(() => pool.map(increment, items), 5);
}

export async function mappedByExecutor(times: number): Promise<Measured> {
  await using pool = new ProcessPoolExecutor({ maxWorkers: WORKERS });
  const items = Array.from({ length: times }, (_, i) => i);
  const increment = (n: number): number => n + 1;
  const all = (): Promise<number[]> => pool.map(increment, items, { chunkSize: Math.ceil(times / 8) }).toArray();
  await all();
  return await middle(all, 5);
}

// ------------------------------------------------------------------ queues

export const ITEMS = {
  int: { bytes: undefined, times: 100_000 },
  '1KB': { bytes: 1024, times: 30_000 },
  '1MB': { bytes: 1 << 20, times: 200 },
} as const;
export type Size = keyof typeof ITEMS;

/** A child puts, and this process gets. */
export async function queued(size: Size, times: number): Promise<Measured> {
  const { bytes } = ITEMS[size];
  const items = new Queue({ maxSize: bytes === 1 << 20 ? 16 : 0 });
  const begun = new Event();
  const ready = new Semaphore(0);
  const child = new Process({
    target: () => {
      const item = bytes === undefined ? 7 : new Uint8Array(bytes).fill(1);
      ready.release();
      begun.waitSync();
      for (let i = 0; i < times; i++) items.putSync(item);
    },
  });
  child.start();
  await ready.acquire();
  const stop = stopwatch();
  begun.set();
  for (let i = 0; i < times; i++) items.getSync();
  const measured = stop(times);
  await child.join();
  return measured;
}

/** The same over Node's own channel, in its better mode. */
export async function queuedByIpc(size: Size, times: number): Promise<Measured> {
  const child = fork(peerFile('ipc-child.mjs'), { serialization: 'advanced' });
  await once(child, 'message');
  const stop = stopwatch();
  child.send({ send: times, bytes: ITEMS[size].bytes });
  await new Promise<void>((resolve) => {
    let left = times;
    child.on('message', () => --left === 0 && resolve());
  });
  const measured = stop(times);
  child.kill();
  await once(child, 'exit');
  return measured;
}

// ------------------------------------------------------------------ locks

export function lockFree(times: number): Measured {
  const lock = new Lock();
  const turn = (count: number): void => {
    for (let i = 0; i < count; i++) {
      lock.acquireSync();
      lock.release();
    }
  };
  turn(times / 10);
  const stop = stopwatch();
  turn(times);
  return stop(times);
}

export async function lockContended(times: number): Promise<Measured> {
  const lock = new Lock();
  const total = new Value(int32, 0);
  const ready = new Semaphore(0);
  const begun = new Event();
  const children = Array.from(
    { length: 2 },
    () =>
      new Process({
        target: () => {
          const add = (count: number): void => {
            for (let i = 0; i < count; i++) {
              lock.acquireSync();
              total.value++;
              lock.release();
            }
          };
          add(10_000);
          ready.release();
          begun.waitSync();
          add(times);
        },
      }),
  );
  for (const child of children) child.start();
  for (let i = 0; i < 2; i++) await ready.acquire();
  const stop = stopwatch();
  begun.set();
  for (const child of children) await child.join();
  const measured = stop(2 * times);
  if (total.value !== 2 * times + 20_000) throw new Error(`the lock let two in at once: ${total.value}`);
  return measured;
}

// ------------------------------------------------------------------ memory

/** 100 MB that lie in shared memory are handed to a child, which reads its last byte, and answers. */
export async function handedOver(times: number): Promise<Measured> {
  const array = new SharedArray(uint8, MEGABYTES * 2 ** 20);
  const [inbox, outbox] = [new Queue<SharedArray | null>(), new Queue<number>()];
  const child = new Process({
    target: () => {
      for (let given = inbox.getSync(); given !== null; given = inbox.getSync())
        outbox.putSync(given.view[given.view.length - 1] as number);
    },
  });
  child.start();
  const turn = (): void => {
    inbox.putSync(array as unknown as SharedArray);
    outbox.getSync();
  };
  turn();
  const measured = await middle(turn, times);
  inbox.putSync(null);
  await child.join();
  return measured;
}

/** The same as a copy, through Node's own channel. */
export async function copiedByIpc(times: number): Promise<Measured> {
  const child = fork(peerFile('ipc-child.mjs'), { serialization: 'advanced' });
  await once(child, 'message');
  const bytes = new Uint8Array(MEGABYTES * 2 ** 20);
  const measured = await middle(async () => {
    child.send(bytes);
    await once(child, 'message');
  }, times);
  child.kill();
  await once(child, 'exit');
  return measured;
}
