import type { MultithreadingModule, WorkerpoolModule } from '../harness/peer-types.ts';
import { loadPeer } from '../harness/peers.ts';
import { rawWorker } from '../harness/raw-worker.ts';
import { middle, stopwatch } from '../harness/stopwatch.ts';
import type { Contender, Line, Measured, Suite } from '../harness/suite.ts';
import { ThreadPoolExecutor } from 'manycore/futures';
import { decode, encode } from '../../src/message/index.ts';
import { helperSum, scaled } from './closure-parts.ts';

/** A closure over a number, a list, a function of this module and one of another. */
function closureOver(factor: number): (x: number) => number {
  const weights = [1, 2, 3, factor];
  const weigh = (x: number): number => weights.reduce((sum, weight) => sum + weight * x, 0);
  return (x) => weigh(x) + helperSum(weights) + scaled(x, factor);
}

const packing = (name: string, turn: () => void, times: number): Contender => ({
  name,
  run: ({ count }) => middle(turn, count(times)),
});

const known = closureOver(2);

/** Closures from one place in the source, each with its own variables: what a loop that submits makes. */
const pack: Line = {
  name: 'pack a closure over four things, another one each time',
  unit: 'µs',
  aim: { value: 80 },
  contenders: [packing('manycore', () => void encode(closureOver(Math.random())), 5000)],
};
const packAgain: Line = {
  name: 'pack a closure that was packed before',
  unit: 'µs',
  contenders: [packing('manycore', () => void encode(known), 5000)],
};
const unpack: Line = {
  name: 'unpack a closure over four things',
  unit: 'µs',
  contenders: [
    {
      name: 'manycore',
      run({ count }) {
        const bytes = Buffer.from(encode(known).bytes);
        return middle(() => void decode(bytes), count(5000));
      },
    },
  ],
};

async function coldPack(): Promise<Measured> {
  const stop = stopwatch();
  encode(closureOver(3));
  return Promise.resolve(stop(1));
}

async function pool(submit: (i: number) => PromiseLike<unknown>, times: number): Promise<Measured> {
  return middle(() => Promise.resolve(submit(1)), times);
}

const called: Line = {
  name: 'a closure over a list, made, sent to a worker, called, its result back',
  unit: 'µs',
  contenders: [
    {
      name: 'manycore ThreadPoolExecutor',
      async run({ count }) {
        const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
        const measured = await pool((i) => {
          const list = [i, 2, 3];
          return executor.submit(() => list.reduce((a, b) => a + b, 0));
        }, count(2000));
        await executor.shutdown();
        return measured;
      },
    },
    {
      name: 'multithreading spawn(move(…))',
      peer: 'multithreading',
      async run({ count }) {
        const { spawn, move, shutdown } = await loadPeer<MultithreadingModule>('multithreading');
        const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
        const measured = await pool((i) => spawn(move([i, 2, 3]), sum as (...values: never[]) => unknown).join(), count(500));
        shutdown();
        return measured;
      },
    },
    {
      name: 'workerpool exec(text)',
      peer: 'workerpool',
      async run({ count }) {
        const executor = (await loadPeer<WorkerpoolModule>('workerpool')).pool({ maxWorkers: 1 });
        const measured = await pool((i) => executor.exec((list: number[]) => list.reduce((a, b) => a + b, 0), [[i, 2, 3]]), count(2000));
        await executor.terminate();
        return measured;
      },
    },
    {
      name: 'raw Worker, text and list by postMessage',
      isFloor: true,
      async run({ count }) {
        const worker = rawWorker(() => {
          const { parentPort } = process.getBuiltinModule('worker_threads');
          parentPort!.on('message', ([text, list]: [string, number[]]) => {
            // oxlint-disable-next-line no-eval -- what such a program does
            const fn = (0, eval)(`(${text})`) as (list: number[]) => number;
            parentPort!.postMessage(fn(list));
          });
        }, null);
        const measured = await pool(
          (i) =>
            new Promise((resolve) => {
              worker.once('message', resolve);
              worker.postMessage([((list: number[]) => list.reduce((a, b) => a + b, 0)).toString(), [i, 2, 3]]);
            }),
          count(2000),
        );
        await worker.terminate();
        return measured;
      },
    },
  ],
};

const suite: Suite = {
  name: 'closure',
  about: 'Functions with what they capture, on the way to another thread.',
  lines: [
    {
      name: 'pack a closure over four things, the first of the process',
      unit: 'ms',
      contenders: [{ name: 'manycore', run: coldPack }],
    },
    pack,
    packAgain,
    unpack,
    called,
  ],
};
export default suite;
