import { spawnSync } from 'node:child_process';
import { ProcessPoolExecutor } from 'manycore/futures';
import { ArrayRun, SlurmExecutor } from 'manycore/slurm';
import { middle, stopwatch } from '../harness/stopwatch.ts';
import type { Contender, Line, Measured, Suite } from '../harness/suite.ts';

/*
 * Tasks on nodes: on a cluster when SLURM_CONF names one, otherwise on processes of this machine that stand in for nodes: then what is measured is what
 * the program and its node cost, without a network.
 */
const hasCluster = process.env['SLURM_CONF'] !== undefined;
const launcher = hasCluster ? 'slurm' : 'local';
const where = hasCluster ? 'on Slurm' : 'on local nodes';
const increment = (n: number): number => n + 1;
const pool = (): SlurmExecutor => new SlurmExecutor({ launcher, workersPerNode: 2 });

async function onWarmNodes(measure: (nodes: SlurmExecutor) => Promise<Measured>): Promise<Measured> {
  await using nodes = pool();
  for (let i = 0; i < 3; i++) await Promise.all(Array.from({ length: 2000 }, (_, n) => nodes.submit(increment, n)));
  return await measure(nodes);
}

async function inProcesses(measure: (processes: ProcessPoolExecutor) => Promise<Measured>): Promise<Measured> {
  await using processes = new ProcessPoolExecutor({ maxWorkers: 2 });
  for (let i = 0; i < 3; i++) await Promise.all(Array.from({ length: 2000 }, (_, n) => processes.submit(increment, n)));
  return await measure(processes);
}

type Either = SlurmExecutor | ProcessPoolExecutor;
const both = (measure: (on: Either, count: (full: number) => number) => Promise<Measured>): Contender[] => [
  { name: `manycore ${where}`, run: ({ count }) => onWarmNodes((nodes) => measure(nodes, count)) },
  { name: 'processes of this machine', isFloor: true, run: ({ count }) => inProcesses((processes) => measure(processes, count)) },
];

/** What everybody does without an executor: each task is a job. */
const aJobEach: Contender = {
  name: 'a job each, by sbatch',
  run: ({ count }) => {
    const jobs = Math.max(2, count(40));
    const stop = stopwatch();
    for (let i = 0; i < jobs; i++) {
      const { status, stderr } = spawnSync('sbatch', ['--wrap', 'true', '-o', '/dev/null', '--mem=50'], { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
    }
    return stop(jobs);
  },
};

const lines: Line[] = [
  {
    name: 'tasks, each with a future',
    unit: 'k/s',
    aim: { value: 20 },
    contenders: [
      ...both(async (on, count) => {
        const tasks = count(50_000);
        const stop = stopwatch();
        await Promise.all(Array.from({ length: tasks }, (_, n) => on.submit(increment, n)));
        return stop(tasks);
      }),
      ...(hasCluster ? [aJobEach] : []),
    ],
  },
  {
    name: 'there and back, one task at a time',
    unit: 'µs',
    aim: { value: 250 },
    contenders: both((on, count) => middle(async () => await on.submit(increment, 1), count(2000))),
  },
  {
    name: 'items of a map, read as they come',
    unit: 'M/s',
    aim: { value: 0.5 },
    contenders: both(async (on, count) => {
      const items = count(1_000_000);
      const stop = stopwatch();
      let seen = 0;
      for await (const _ of on.map(increment, Array(items).keys(), { bufferSize: 100_000 })) seen++;
      if (seen !== items) throw new Error(`${seen} of ${items} items`);
      return stop(items);
    }),
  },
  {
    name: 'items of an array, through files',
    unit: 'k/s',
    contenders: [
      {
        name: `manycore ${where}`,
        run: async ({ count }) => {
          const items = count(50_000);
          const stop = stopwatch();
          const run = ArrayRun.start(increment, Array(items).keys(), { launcher, elements: 4 });
          await run.toArray();
          const measured = stop(items);
          run.remove();
          return measured;
        },
      },
    ],
  },
  {
    name: 'from nothing to the first result',
    unit: 'ms',
    aim: { value: 2000 },
    contenders: [
      {
        name: `manycore ${where}`,
        run: async () => {
          const stop = stopwatch();
          const nodes = pool();
          await nodes.submit(increment, 1);
          const measured = stop(1);
          await nodes.shutdown();
          return measured;
        },
      },
    ],
  },
];

const suite: Suite = { name: 'slurm', about: `Tasks ${where}, two workers on one node.`, lines };
export default suite;
