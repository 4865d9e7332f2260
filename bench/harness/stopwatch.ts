import { performance } from 'node:perf_hooks';
import { median } from './statistics.ts';
import type { Measured } from './suite.ts';

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Runs from the call on; what it gives stops it. */
export function stopwatch(): (operations: number) => Measured {
  const cpu = cpuSeconds();
  const start = performance.now();
  return (operations) => ({ operations, seconds: (performance.now() - start) / 1000, cpuSeconds: cpuSeconds() - cpu });
}

/** Times `turn(count)`, after it has become warm. */
export function repeated(turn: (count: number) => void, count: number): Measured {
  for (let i = 0; i < 3; i++) turn(Math.ceil(count / 10));
  const stop = stopwatch();
  turn(count);
  return stop(count);
}

export async function repeatedAsync(turn: (count: number) => Promise<void>, count: number): Promise<Measured> {
  for (let i = 0; i < 3; i++) await turn(Math.ceil(count / 10));
  const stop = stopwatch();
  await turn(count);
  return stop(count);
}

/** The median time of one turn; the CPU time is that of an average one. `before` each turn something may happen that is not timed. */
export async function middle(turn: () => unknown, count: number, before?: () => Promise<unknown>): Promise<Measured> {
  for (let i = 0; i < Math.ceil(count / 10); i++) await turn();
  const times: number[] = [];
  const stop = stopwatch();
  for (let i = 0; i < count; i++) {
    if (before !== undefined) await before();
    const start = performance.now();
    const pending = turn();
    if (pending instanceof Promise) await pending;
    times.push(performance.now() - start);
  }
  const whole = stop(count);
  return { operations: 1, seconds: median(times) / 1000, cpuSeconds: whole.cpuSeconds / count };
}
