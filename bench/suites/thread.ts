import type { MultithreadingModule } from '../harness/peer-types.ts';
import { loadPeer } from '../harness/peers.ts';
import { ended, rawWorker } from '../harness/raw-worker.ts';
import { middle, stopwatch } from '../harness/stopwatch.ts';
import type { Contender, Line, Measured, Suite } from '../harness/suite.ts';
import { Thread } from 'manycore/threading';

const nothing = (): void => {};

/** One thread after the other: the median of a start with its join. */
const inTurns = (name: string, make: () => Promise<() => unknown>, times: number, peer?: string): Contender => ({
  name,
  run: async ({ count }) => middle(await make(), count(times)),
  ...(peer === undefined ? {} : { peer }),
});

/** So many at once, from the first start to the last join. */
async function together(threads: number, rounds: number, start: () => PromiseLike<unknown>): Promise<Measured> {
  const all = (): Promise<unknown> => Promise.all(Array.from({ length: threads }, start));
  // All workers have started, and what runs often is compiled.
  for (const end = performance.now() + WARM_UP_MS; performance.now() < end;) await all();
  const stop = stopwatch();
  for (let i = 0; i < rounds; i++) await all();
  return stop(threads * rounds);
}

const AT_ONCE = 16;
const WARM_UP_MS = 1000;
const atOnce = (name: string, make: () => Promise<() => PromiseLike<unknown>>, rounds: number, peer?: string): Contender => ({
  name,
  run: async ({ count }) => together(AT_ONCE, count(rounds), await make()),
  ...(peer === undefined ? {} : { peer }),
});

const started = (): Promise<unknown> => {
  const thread = new Thread({ target: nothing });
  thread.start();
  return thread.join();
};
const worker = (): Promise<unknown> => ended(rawWorker(nothing, null));
const spawned = async (): Promise<() => Promise<unknown>> => {
  const { spawn } = await loadPeer<MultithreadingModule>('multithreading');
  return () => spawn(() => {}).join();
};

const cold: Line = {
  name: 'the first thread of a process: start and join',
  unit: 'ms',
  contenders: [
    { name: 'manycore', run: () => once(started) },
    { name: 'raw Worker', run: () => once(worker) },
    { name: 'multithreading', run: async () => once(await spawned()), peer: 'multithreading' },
    { name: 'CPython', python: 'threads.py', what: 'cold' },
  ],
};

async function once(start: () => PromiseLike<unknown>): Promise<Measured> {
  const stop = stopwatch();
  await start();
  return stop(1);
}

const suite: Suite = {
  name: 'thread',
  about: 'A thread that does nothing, from its start until it is joined. Ours run in workers that are kept for the next one.',
  lines: [
    {
      name: 'start and join, warm',
      unit: 'µs',
      aim: { value: 25 },
      contenders: [
        inTurns('manycore, awaited', async () => started, 2000),
        inTurns(
          'manycore, blocking',
          async () => () => {
            const thread = new Thread({ target: nothing });
            thread.start();
            thread.joinSync();
          },
          2000,
        ),
        inTurns('raw Worker', async () => worker, 40),
        inTurns('multithreading', spawned, 400, 'multithreading'),
        { name: 'CPython', python: 'threads.py', what: 'warm' },
      ],
    },
    {
      name: `${AT_ONCE} at once, each`,
      unit: 'µs',
      contenders: [
        atOnce('manycore', async () => started, 50),
        atOnce('raw Worker', async () => worker, 3),
        atOnce('multithreading', spawned, 20, 'multithreading'),
        { name: 'CPython', python: 'threads.py', what: 'together' },
      ],
    },
    cold,
  ],
};
export default suite;
