import { loadTasks, manycore, type Pool, piscina, raw, WORKERS } from '../harness/pools.ts';
import { stopwatch } from '../harness/stopwatch.ts';
import type { Contender, Line } from '../harness/suite.ts';
import { everybody, type Measure, python, steady, warm } from './pool-contenders.ts';

/** There and back, with new content of the same size each time. */
const thereAndBack =
  (make: () => unknown, full: number): Measure =>
  async (pool, count) => {
    const value = make();
    return steady(() => Promise.resolve(pool.run('same', value)), count(full));
  };

/** About as many bytes as JSON. */
function record(bytes: number): unknown {
  const row = (i: number): unknown => ({ id: i, name: `row ${i}`, tags: ['one', 'two'], ratio: i / 7, isOpen: i % 2 === 0 });
  const each = JSON.stringify(row(10)).length + 1;
  return Array.from({ length: Math.round(bytes / each) }, (_, i) => row(i));
}

const TEN_MB = 10 * 2 ** 20;
const there =
  (send: (pool: Pool) => PromiseLike<unknown>, full: number): Measure =>
  (pool, count) =>
    steady(async () => {
      if ((await send(pool)) !== TEN_MB) throw new Error('not all of it arrived');
    }, count(full));

const copied = new ArrayBuffer(TEN_MB);
const shared = new SharedArrayBuffer(TEN_MB);
const copy = there((pool) => pool.run('lengthOf', copied), 50);
const share = there((pool) => pool.run('lengthOf', shared), 2000);
const give = there((pool) => pool.give!('lengthOf', new ArrayBuffer(TEN_MB)), 500);

/** Those that can do without a copy. */
const withoutCopies = (load: Measure): Contender[] => [
  warm('manycore ThreadPoolExecutor', manycore, load),
  warm('bare workers and postMessage', raw, load, { isFloor: true }),
  warm('piscina', piscina, load, { peer: 'piscina' }),
];

export const payloads: readonly Line[] = [
  { name: 'JSON of 1 KB there and back', unit: 'µs', contenders: everybody(thereAndBack(() => record(1000), 1000)) },
  { name: 'JSON of 100 KB there and back', unit: 'µs', contenders: everybody(thereAndBack(() => record(100_000), 200)) },
  {
    name: '1 MB there and back',
    unit: 'ms',
    contenders: [...everybody(thereAndBack(() => new Uint8Array(2 ** 20).fill(7), 50)), ...python('payload')],
  },
  { name: '10 MB to a task, copied', unit: 'ms', contenders: everybody(copy) },
  {
    name: '10 MB to a task, given away',
    unit: 'ms',
    contenders: withoutCopies(give),
  },
  {
    name: '10 MB to a task, shared',
    unit: 'ms',
    contenders: withoutCopies(share),
  },
];

/** About a millisecond. */
const ROUNDS = 1_000_000;

function computing(ms: number, tasks: number): Line {
  const rounds = ROUNDS * ms;
  const compute: Measure = async (pool) => {
    await Promise.all(Array.from({ length: WORKERS }, () => pool.run('burn', rounds)));
    const stop = stopwatch();
    await Promise.all(Array.from({ length: tasks }, () => pool.run('burn', rounds)));
    return stop(1);
  };
  const alone: Contender = {
    name: 'one thread, without a pool',
    isFloor: true,
    async run() {
      const { burn } = await loadTasks();
      burn(rounds);
      const stop = stopwatch();
      for (let i = 0; i < tasks; i++) burn(rounds);
      return stop(1);
    },
  };
  return { name: `${tasks} tasks that compute for ${ms} ms each`, unit: 'ms', contenders: [...everybody(compute), alone] };
}

export const computations: readonly Line[] = [computing(0.1, 1000), computing(2, 50), computing(100, 6)];
