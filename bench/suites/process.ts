import type { Contender, Line, Suite } from '../harness/suite.ts';
import {
  copiedByIpc,
  forks,
  handedOver,
  ITEMS,
  lockContended,
  lockFree,
  mapped,
  mappedByExecutor,
  queued,
  queuedByIpc,
  roundTrips,
  type Size,
  starts,
  together,
} from './process-parts.ts';

const python = (name: string, what: string): Contender => ({ name: `CPython ${name}`, python: 'processes.py', what });

const start: Line = {
  name: 'a process: started, and joined',
  unit: 'ms',
  contenders: [
    { name: 'manycore Process, forkserver', run: ({ count }) => starts('forkserver', count(10)) },
    { name: 'manycore Process, spawn', run: ({ count }) => starts('spawn', count(10)) },
    { name: 'manycore Process, spawn, one a second', run: ({ count }) => starts('spawn', count(10), 1000) },
    { name: 'child_process.fork', run: ({ count }) => forks(count(5)) },
    python('Process, forkserver', 'start forkserver'),
    python('Process, spawn', 'start spawn'),
    { ...python('Process, fork', 'start fork'), isFloor: true },
  ],
};

const pools = (measure: (name: string, times: number) => ReturnType<typeof together>, ours: number, theirs: number): Contender[] => [
  { name: 'manycore ProcessPoolExecutor.submit', run: ({ count }) => measure('executor', count(ours)) },
  { name: 'manycore Pool.applyAsync', run: ({ count }) => measure('pool', count(ours)) },
  ...['workerpool', 'poolifier', 'jest-worker', 'tinypool'].map((name): Contender => ({
    name: `${name} (${name === 'poolifier' ? 'cluster' : 'process'})`,
    peer: name,
    run: ({ count }) => measure(name, count(theirs)),
  })),
];

const trips: Line = {
  name: 'a tiny task, there and back',
  unit: 'µs',
  contenders: [...pools(roundTrips, 3000, 1000), python('ProcessPoolExecutor.submit', 'trip executor'), python('Pool.apply', 'trip pool')],
};

const tasks: Line = {
  name: 'tiny tasks, all handed over at once',
  unit: 'k/s',
  contenders: [
    ...pools(together, 50_000, 4000),
    python('ProcessPoolExecutor.submit', 'together executor'),
    python('Pool.apply_async', 'together pool'),
  ],
};

const maps: Line = {
  name: 'map over 100,000 integers',
  unit: 'ms',
  contenders: [
    { name: 'manycore Pool.map', run: ({ count }) => mapped(count(100_000)) },
    { name: 'manycore ProcessPoolExecutor.map', run: ({ count }) => mappedByExecutor(count(100_000)) },
    python('Pool.map', 'map pool'),
    python('ProcessPoolExecutor.map', 'map executor'),
  ],
};

const queue = (size: Size, name: string): Line => ({
  name: `queue, ${name}`,
  unit: 'µs',
  contenders: [
    { name: 'manycore Queue', run: ({ count }) => queued(size, count(ITEMS[size].times)) },
    { name: 'child_process, advanced', run: ({ count }) => queuedByIpc(size, count(Math.min(ITEMS[size].times, 20_000))) },
    python('Queue', `queue Queue ${size}`),
    python('SimpleQueue', `queue SimpleQueue ${size}`),
  ],
});

const suite: Suite = {
  name: 'process',
  about:
    'Processes: starts, pools of two workers, queues from a child to its parent, locks, and memory that is shared. CPU is that of the parent alone.',
  lines: [
    start,
    trips,
    tasks,
    maps,
    queue('int', 'integers'),
    queue('1KB', 'buffers of 1 KB'),
    queue('1MB', 'buffers of 1 MB'),
    {
      name: 'lock, free',
      unit: 'ns',
      aim: { value: 25 },
      contenders: [{ name: 'manycore Lock', run: ({ count }) => lockFree(count(5e6)) }, python('Lock', 'lock free')],
    },
    {
      name: 'lock, contended by two',
      unit: 'ns',
      aim: { value: 60 },
      contenders: [{ name: 'manycore Lock', run: ({ count }) => lockContended(count(2e6)) }, python('Lock', 'lock contended')],
    },
    {
      name: '100 MB, handed to a child and answered',
      unit: 'ms',
      contenders: [
        { name: 'manycore SharedArray', run: ({ count }) => handedOver(count(500)) },
        { name: 'child_process, advanced', run: ({ count }) => copiedByIpc(count(3)) },
        python('SharedMemory', 'share handle'),
      ],
    },
  ],
};
export default suite;
