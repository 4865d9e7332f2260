import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { sleep, TaskGroup } from 'manycore/asyncio';
import { ProcessPoolExecutor, ThreadPoolExecutor } from 'manycore/futures';
import { Process } from 'manycore/multiprocessing';
import { run } from 'manycore/subprocess';
import { Thread } from 'manycore/threading';
import { middle, stopwatch } from '../harness/stopwatch.ts';
import type { Line, Measured, Suite } from '../harness/suite.ts';

/*
 * What it costs to have one thing run beside another: for docs/choosing.md. One line asks the same of everything there is, so here
 * ours stand beside each other and nobody can lose.
 */
const nothing = (): void => {};
const same = (n: number): number => n;

/** The memory that these processes have for themselves. */
function memory(...pids: readonly (number | 'self')[]): number {
  const rows = pids.map((pid) => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  const kilobytes = rows.flatMap((text) => [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+)/gm)].map((match) => Number(match[1])));
  return 1024 * kilobytes.reduce((sum, n) => sum + n, 0);
}

/** How much memory `count` of something take, each. */
async function held(count: number, start: () => Promise<() => readonly number[]>): Promise<Measured> {
  globalThis.gc!();
  const before = memory('self');
  const stop = stopwatch();
  const others = await start();
  globalThis.gc!();
  return { ...stop(1), bytes: (memory('self', ...others()) - before) / count };
}

const processOnce = async (process: Process<never[]>): Promise<void> => {
  process.start();
  await process.join();
};
const threadOnce = async (): Promise<void> => {
  const thread = new Thread({ target: nothing });
  thread.start();
  await thread.join();
};

const TASKS = 10_000;
const first: Line = {
  name: 'the first one of a program: started, and ended',
  unit: 'ms',
  contenders: [
    { name: 'manycore task of asyncio', run: () => once(() => TaskGroup.run(async (group) => void group.createTask(async () => {}))) },
    { name: 'manycore Thread', run: () => once(threadOnce) },
    { name: 'manycore Process', run: () => once(() => processOnce(new Process({ target: nothing }))) },
    { name: 'manycore subprocess.run true', run: () => once(() => run(['true'])) },
  ],
};
const next: Line = {
  name: 'each further one: started, and ended',
  unit: 'µs',
  contenders: [
    {
      name: 'manycore task of asyncio',
      run: async ({ count }) => {
        const stop = stopwatch();
        for (let i = 0; i < count(20); i++)
          await TaskGroup.run(async (group) => {
            for (let j = 0; j < TASKS; j++) group.createTask(async () => {});
          });
        return stop(count(20) * TASKS);
      },
    },
    { name: 'manycore Thread', run: ({ count }) => middle(threadOnce, count(1000)) },
    // A spare is ready for each: that is how it is where a program starts one now and then.
    { name: 'manycore Process', run: ({ count }) => rested(() => processOnce(new Process({ target: nothing })), count(10)) },
    { name: 'manycore subprocess.run true', run: ({ count }) => middle(() => run(['true']), count(100)) },
  ],
};
const trip: Line = {
  name: 'a small call there and back',
  unit: 'µs',
  contenders: [
    {
      name: 'manycore ThreadPoolExecutor.submit',
      run: async ({ count }) => {
        const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
        const measured = await middle(() => pool.submit(same, 1).result(), count(5000));
        await pool.shutdown();
        return measured;
      },
    },
    {
      name: 'manycore ProcessPoolExecutor.submit',
      run: async ({ count }) => {
        const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
        const measured = await middle(() => pool.submit(same, 1).result(), count(3000));
        await pool.shutdown();
        return measured;
      },
    },
  ],
};

const FEW = 8;
const has: Line = {
  name: 'memory of one that waits',
  unit: 'MB',
  contenders: [
    {
      name: 'manycore task of asyncio',
      run: () =>
        held(TASKS, async () => {
          void TaskGroup.run(async (group) => {
            for (let i = 0; i < TASKS; i++) group.createTask(() => sleep(1e6));
          }).catch(nothing);
          return () => [];
        }),
    },
    {
      name: 'manycore Thread',
      run: () =>
        held(FEW, async () => {
          const pool = new ThreadPoolExecutor({ maxWorkers: FEW, minWorkers: FEW });
          await Promise.all(Array.from({ length: FEW }, (_, n) => pool.submit(waits, n)));
          return () => [];
        }),
    },
    {
      name: 'manycore process of a pool',
      run: () =>
        held(FEW, async () => {
          const pool = new ProcessPoolExecutor({ maxWorkers: FEW });
          await Promise.all(Array.from({ length: FEW }, (_, n) => pool.submit(waits, n)));
          return () => pool.pids;
        }),
    },
    { name: 'raw node, child_process.fork', isFloor: true, run: () => forked() },
  ],
};

/** Long enough that each has one of them. */
async function waits(n: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 500));
  return n;
}

async function forked(): Promise<Measured> {
  const children: ChildProcess[] = [];
  const measured = await held(FEW, async () => {
    for (let i = 0; i < FEW; i++)
      children.push(fork('/dev/null', { stdio: 'ignore', execArgv: ['-e', 'process.on("message", () => {}); process.send("up")'] }));
    await Promise.all(children.map((child) => new Promise((resolve) => child.once('message', resolve))));
    return () => children.map(({ pid }) => pid!);
  });
  for (const child of children) child.kill('SIGKILL');
  return measured;
}

async function once(start: () => PromiseLike<unknown>): Promise<Measured> {
  const stop = stopwatch();
  await start();
  return stop(1);
}

/** One after the other, with a pause in which the next spare gets ready. */
async function rested(turn: () => Promise<unknown>, count: number): Promise<Measured> {
  const times: Measured[] = [];
  await turn();
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    times.push(await once(turn));
  }
  const { seconds, cpuSeconds } = times.toSorted((a, b) => a.seconds - b.seconds)[count >> 1]!;
  return { operations: 1, seconds, cpuSeconds };
}

const suite: Suite = {
  name: 'cost',
  about: 'What it costs to have something run beside something else, by whatever runs it. Memory is what no other process shares.',
  lines: [first, next, trip, has],
};
export default suite;
