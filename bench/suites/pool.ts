import { loadTasks, manycore, manycoreProcesses, piscina, poolifier, raw, synckit, workerpool } from '../harness/pools.ts';
import { loadPeer } from '../harness/peers.ts';
import { stopwatch } from '../harness/stopwatch.ts';
import type { Contender, Line, Suite } from '../harness/suite.ts';
import { everybody, type Measure, type Open, peers, python, steady, warm, withMultithreading } from './pool-contenders.ts';
import { computations, payloads } from './pool-loads.ts';

const turn: Measure = (pool, count) => steady(() => Promise.resolve(pool.run('same', 1)), count(1000));

const burst =
  (full: number): Measure =>
  async (pool, count) => {
    const times = count(full);
    const all = (): Promise<unknown> => Promise.all(Array.from({ length: times }, (_, i) => pool.run('same', i)));
    await all();
    const stop = stopwatch();
    await all();
    return stop(times);
  };

/** So many lanes, each of which hands a task over when its last one is done. */
const inFlight =
  (lanes: number, full: number): Measure =>
  async (pool, count) => {
    const times = count(full);
    let left = times;
    const lane = async (): Promise<void> => {
      while (left-- > 0) await pool.run('same', left);
    };
    const all = (): Promise<unknown> => Promise.all(Array.from({ length: lanes }, lane));
    await all();
    left = times;
    const stop = stopwatch();
    await all();
    return stop(times);
  };

/** What the process holds more when all tasks have been handed over, and none has been taken note of. */
const memory: Measure = async (pool, count) => {
  const times = count(100_000);
  const before = process.memoryUsage().rss;
  const stop = stopwatch();
  const pending = Array.from({ length: times }, (_, i) => pool.run('same', i));
  const bytes = process.memoryUsage().rss - before;
  await Promise.all(pending);
  return { ...stop(times), bytes };
};

const ITEMS = 1_000_000;
const PIECE = 10_000;

/** What people write who have no `map`. */
const inPieces: Measure = async (pool, count) => {
  const items = Array.from({ length: count(ITEMS) }, (_, i) => i);
  const all = async (): Promise<void> => {
    const pieces: PromiseLike<unknown>[] = [];
    for (let at = 0; at < items.length; at += PIECE) pieces.push(pool.run('square', items.slice(at, at + PIECE)));
    const results = (await Promise.all(pieces)).flat();
    if (results.length !== items.length) throw new Error(`${results.length} results`);
  };
  await all();
  const stop = stopwatch();
  await all();
  return stop(1);
};

const ourMap: Contender = {
  name: 'manycore ThreadPoolExecutor.map',
  async run({ count }) {
    const { executor } = await manycore();
    const items = Array.from({ length: count(ITEMS) }, (_, i) => i);
    const square = (x: number): number => x * x;
    await executor.map(square, items).toArray();
    const stop = stopwatch();
    const results = await executor.map(square, items).toArray();
    const measured = stop(1);
    if (results.length !== items.length) throw new Error(`${results.length} results`);
    return measured;
  },
};

const start = (name: string, open: Open, rest: { readonly peer?: string; readonly isFloor?: boolean } = {}): Contender => ({
  name,
  ...rest,
  async run() {
    // What is loaded first is not counted, the workers are.
    await loadTasks();
    if (rest.peer !== undefined) await loadPeer(rest.peer);
    const stop = stopwatch();
    const pool = await open();
    await pool.run('same', 1);
    return stop(1);
  },
});

const lines: Line[] = [
  { name: 'one task there and back, awaited', unit: 'µs', contenders: [...everybody(turn), withMultithreading(turn), ...python('turn')] },
  {
    name: 'one task there and back, blocking',
    unit: 'µs',
    contenders: [
      {
        name: 'manycore resultSync',
        async run({ count }) {
          const { executor } = await manycore();
          const { same } = await loadTasks();
          return steady(() => executor.submit(same, 1).resultSync(), count(1000));
        },
      },
      {
        name: 'synckit',
        peer: 'synckit',
        async run({ count }) {
          const call = await synckit();
          return steady(() => call(1), count(1000));
        },
      },
      ...python('turn'),
    ],
  },
  { name: 'tiny tasks, 16 in flight', unit: 'k/s', contenders: everybody(inFlight(16, 20_000)) },
  { name: 'tiny tasks, 1,000 in flight', unit: 'k/s', contenders: everybody(inFlight(1000, 50_000)) },
  {
    name: '10,000 tiny tasks at once',
    unit: 'k/s',
    contenders: [...everybody(burst(10_000)), withMultithreading(burst(10_000)), ...python('burst')],
  },
  {
    name: '100,000 tiny tasks at once',
    unit: 'k/s',
    aim: { times: 40, of: 'piscina' },
    contenders: [
      warm('manycore ThreadPoolExecutor', manycore, burst(100_000)),
      warm('bare workers and postMessage', raw, burst(100_000), { isFloor: true }),
      warm('piscina', piscina, burst(100_000), { peer: 'piscina' }),
      warm('poolifier', poolifier, burst(100_000), { peer: 'poolifier' }),
      { name: 'CPython ThreadPoolExecutor', python: 'pools.py', what: 'threads many' },
    ],
  },
  {
    name: 'map over 1,000,000 ints',
    unit: 'ms',
    aim: { value: 20 },
    contenders: [
      ourMap,
      warm('bare workers, pieces of 10,000', raw, inPieces, { isFloor: true }),
      warm('piscina, pieces of 10,000', piscina, inPieces, { peer: 'piscina' }),
      warm('workerpool, pieces of 10,000', workerpool, inPieces, { peer: 'workerpool' }),
      { name: 'CPython ProcessPoolExecutor.map', python: 'pools.py', what: 'processes map' },
    ],
  },
  ...payloads,
  ...computations,
  {
    name: 'memory with 100,000 tasks in flight',
    unit: 'MB',
    contenders: [
      warm('manycore ThreadPoolExecutor', manycore, memory),
      warm('bare workers and postMessage', raw, memory, { isFloor: true }),
      ...peers.map(([name, open]) => warm(name, open, memory, { peer: name })),
    ],
  },
  {
    name: 'start to the first result',
    unit: 'ms',
    contenders: [
      start('manycore ThreadPoolExecutor', manycore),
      start('manycore ProcessPoolExecutor', manycoreProcesses),
      start('bare workers and postMessage', raw, { isFloor: true }),
      ...peers.map(([name, open]) => start(name, open, { peer: name })),
      ...python('start'),
    ],
  },
];

const suite: Suite = {
  name: 'pool',
  about:
    'Pools of two workers. All is run once, or as often, before it is measured, for by then what runs long is compiled; the start to the first result is what it is without. Tiny tasks give back what they get. Ours copies any function; the peers call a function of a file by its name. CPython threads hand over a pointer, where all others copy; they compute one at a time, and so are left out where that is the question.',
  lines,
};
export default suite;
