import { spawnSync } from 'node:child_process';
import type { Future } from '../../src/futures/index.ts';
import { LONG } from './patience.ts';
import { until } from './until.ts';

/** No future is pending so long after the end of its job: a promise of the executor, and a quarter of a minute where the machine is fast. */
const BOUND = LONG / 4;
const UNDER_WAY = /PENDING|CONFIGURING|RUNNING|SUSPENDED|REQUEUE/;

/** Gives the error of a future whose job comes to its end, as the cluster says; fails when it is still pending 15 s after. */
export async function errorSoonAfter(job: string, future: Future): Promise<unknown> {
  await until(
    () => future.done || !UNDER_WAY.test(spawnSync('squeue', ['-h', '-j', job, '-o', '%T'], { encoding: 'utf8' }).stdout),
    `the end of job ${job}`,
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the job has ended, and its future is still pending after ${BOUND} ms`)), BOUND);
  });
  return await Promise.race([future.exception(), late]).finally(() => clearTimeout(timer));
}
