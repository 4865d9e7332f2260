import { manycore, manycoreProcesses, multithreading, type Pool, piscina, poolifier, raw, tinypool, workerpool } from '../harness/pools.ts';
import { middle } from '../harness/stopwatch.ts';
import type { Contender, Measured } from '../harness/suite.ts';

export type Open = () => Pool | Promise<Pool>;
export type Measure = (pool: Pool, count: (full: number) => number) => Promise<Measured>;

/** Measures a pool whose workers are there and warm. */
export const warm = (
  name: string,
  open: Open,
  measure: Measure,
  rest: { readonly peer?: string; readonly isFloor?: boolean } = {},
): Contender => ({
  name,
  ...rest,
  async run({ count }) {
    const pool = await open();
    for (let i = 0; i < 5; i++) await Promise.all(Array.from({ length: 200 }, (_, k) => pool.run('same', k)));
    return await measure(pool, count);
  },
});

/** The median of turns; as many go before, for by then all that runs long is compiled. */
export async function steady(turn: () => unknown, count: number): Promise<Measured> {
  for (let i = 0; i < count; i++) await turn();
  return middle(turn, count);
}

export const peers: readonly (readonly [name: string, open: Open])[] = [
  ['piscina', piscina],
  ['tinypool', tinypool],
  ['workerpool', workerpool],
  ['poolifier', poolifier],
];

export const everybody = (measure: Measure): Contender[] => [
  warm('manycore ThreadPoolExecutor', manycore, measure),
  warm('manycore ProcessPoolExecutor', manycoreProcesses, measure),
  warm('bare workers and postMessage', raw, measure, { isFloor: true }),
  ...peers.map(([name, open]) => warm(name, open, measure, { peer: name })),
];
export const withMultithreading = (measure: Measure): Contender =>
  warm('multithreading', multithreading, measure, { peer: 'multithreading' });

export const python = (what: string): Contender[] => [
  { name: 'CPython ThreadPoolExecutor', python: 'pools.py', what: `threads ${what}` },
  { name: 'CPython ProcessPoolExecutor', python: 'pools.py', what: `processes ${what}` },
];
