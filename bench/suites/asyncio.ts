import * as asyncio from 'manycore/asyncio';
import type { AsyncMutexModule, EffectionModule, EffectModule, PLimitModule, PMapModule, PQueueModule } from '../harness/peer-types.ts';
import { loadPeer } from '../harness/peers.ts';
import { repeatedAsync } from '../harness/stopwatch.ts';
import type { Contender, Line, Suite } from '../harness/suite.ts';

/*
 * Tasks of one thread: what it costs to start them, to wait for them, and to hand over between them. Ours run inside of a task, as programs do.
 */
type Turn = (count: number) => Promise<unknown>;

const times = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const leaf = async (): Promise<number> => 1;
const suspended = async (): Promise<number> => {
  await Promise.resolve();
  return 1;
};
const WAVE = 1000;

async function inWaves(count: number, wave: (size: number) => Promise<unknown>): Promise<void> {
  for (let left = count; left > 0; left -= WAVE) await wave(Math.min(WAVE, left));
}

const ours = (full: number, turn: Turn, name = 'manycore'): Contender => ({
  name,
  run: ({ count }) => asyncio.run(() => repeatedAsync(async (n) => void (await turn(n)), count(full))),
});
const bare = (full: number, turn: Turn, name = 'bare promises', isFloor = true): Contender => ({
  name,
  isFloor,
  run: ({ count }) => repeatedAsync(async (n) => void (await turn(n)), count(full)),
});
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
const peer = <M>(name: string, full: number, make: (module: M) => Turn, label = name): Contender => ({
  name: label,
  peer: name,
  run: async ({ count }) => {
    const turn = make(await loadPeer<M>(name));
    return repeatedAsync(async (n) => void (await turn(n)), count(full));
  },
});
const python = (what: string): Contender => ({ name: 'CPython asyncio', python: 'tasks.py', what });

const effect = (full: number, make: (module: EffectModule) => (count: number) => unknown, label?: string): Contender =>
  peer<EffectModule>(
    'effect',
    full,
    (module) => {
      const program = make(module);
      return (count) => module.Effect.runPromise(program(count));
    },
    label,
  );

const spawned = (full: number): Contender[] => [
  peer<PLimitModule>('p-limit', full, ({ default: pLimit }) => {
    const limit = pLimit(Infinity);
    return (n) => inWaves(n, (size) => Promise.all(times(size).map(() => limit(leaf))));
  }),
  peer<PMapModule>(
    'p-map',
    full,
    ({ default: pMap }) =>
      (n) =>
        inWaves(n, (size) => pMap(times(size), leaf)),
  ),
  peer<PQueueModule>('p-queue', full, ({ default: PQueue }) => {
    const queue = new PQueue();
    return (n) => inWaves(n, (size) => Promise.all(times(size).map(() => queue.add(leaf))));
  }),
  effect(
    full / 2,
    ({ Effect, Fiber }) =>
      (n) =>
        Effect.gen(function* () {
          for (let left = n; left > 0; left -= WAVE) {
            const fibers: unknown[] = [];
            for (let i = Math.min(WAVE, left); i > 0; i--) fibers.push(yield* Effect.forkChild(Effect.succeed(1)));
            for (const fiber of fibers) yield* Fiber.join(fiber);
          }
        }),
  ),
  peer<EffectionModule>(
    'effection',
    full / 50,
    ({ run, spawn }) =>
      (n) =>
        run(function* () {
          for (let left = n; left > 0; left -= WAVE) {
            const tasks: Iterable<unknown>[] = [];
            for (let i = Math.min(WAVE, left); i > 0; i--)
              tasks.push(
                // oxlint-disable-next-line require-yield
                (yield* spawn(function* () {
                  return 1;
                })) as Iterable<unknown>,
              );
            for (const task of tasks) yield* task;
          }
        }),
  ),
];

async function contend(
  lock: { acquire(): Promise<unknown> },
  release: (held: unknown) => void,
  n: number,
  all: typeof Promise.all,
): Promise<void> {
  const one = async (): Promise<void> => {
    for (let i = 0; i < n / 100; i++) {
      const held = await lock.acquire();
      await Promise.resolve();
      release(held);
    }
  };
  await all.call(Promise, times(100).map(one));
}

async function through(queue: asyncio.Queue<number>, n: number): Promise<void> {
  await asyncio.gather([
    async () => {
      for (let i = 0; i < n; i++) await queue.put(i);
    },
    async () => {
      for (let i = 0; i < n; i++) await queue.get();
    },
  ]);
}

const gathered = (full: number, inWords: string, what: string): Line => ({
  name: `${inWords} tasks with one await each, gathered`,
  unit: 'ns',
  contenders: [
    ours(full, (n) => asyncio.gather(times(n).map(() => suspended)).toPromise()),
    bare(full, (n) => Promise.all(times(n).map(suspended))),
    python(what),
  ],
});

const lines: Line[] = [
  {
    name: 'tasks started and awaited, in waves of 1,000',
    unit: 'ns',
    aim: { value: 250 },
    contenders: [
      ours(400_000, (n) =>
        inWaves(n, async (size) => {
          const tasks = times(size).map(() => asyncio.createTask(leaf));
          for (const task of tasks) await task;
        }),
      ),
      ours(
        400_000,
        (n) =>
          inWaves(n, (size) =>
            asyncio.TaskGroup.run((group) => {
              for (let i = 0; i < size; i++) group.createTask(leaf);
            }),
          ),
        'manycore TaskGroup',
      ),
      bare(400_000, (n) => inWaves(n, (size) => Promise.all(times(size).map(leaf)))),
      ...spawned(200_000),
      python('waves'),
    ],
  },
  gathered(100_000, '100,000', 'gather'),
  gathered(1_000_000, '1,000,000', 'million'),
  {
    name: '100,000 tasks through a semaphore of 10',
    unit: 'ns',
    aim: { value: 2800 },
    contenders: [
      ours(100_000, (n) => {
        const semaphore = new asyncio.Semaphore(10);
        const one = async (): Promise<void> => {
          await semaphore.acquire();
          await Promise.resolve();
          semaphore.release();
        };
        return asyncio.gather(times(n).map(() => one)).toPromise();
      }),
      peer<PLimitModule>('p-limit', 100_000, ({ default: pLimit }) => (n) => {
        const limit = pLimit(10);
        return Promise.all(times(n).map(() => limit(suspended)));
      }),
      peer<PQueueModule>('p-queue', 100_000, ({ default: PQueue }) => (n) => {
        const queue = new PQueue({ concurrency: 10 });
        return Promise.all(times(n).map(() => queue.add(suspended)));
      }),
      // The time for each grows with their number: a hundred thousand take minutes.
      effect(
        5000,
        ({ Effect, Semaphore }) =>
          (n) =>
            Effect.gen(function* () {
              const semaphore = (yield* Semaphore.make(10)) as { withPermits(count: number): (body: unknown) => unknown };
              yield* Effect.forEach(times(n), () => semaphore.withPermits(1)(Effect.yieldNow), { concurrency: 'unbounded', discard: true });
            }),
        'effect, 5,000 tasks',
      ),
      python('semaphore'),
    ],
  },
  {
    name: 'items mapped, 10 at a time',
    unit: 'ns',
    aim: { value: 600 },
    contenders: [
      ours(200_000, (n) => asyncio.map(times(n), suspended, { limit: 10 }).toArray()),
      peer<PMapModule>(
        'p-map',
        200_000,
        ({ default: pMap }) =>
          (n) =>
            pMap(times(n), suspended, { concurrency: 10 }),
      ),
      peer<PLimitModule>('p-limit', 100_000, ({ default: pLimit }) => (n) => {
        const limit = pLimit(10);
        return Promise.all(times(n).map(() => limit(suspended)));
      }),
      effect(
        100_000,
        ({ Effect }) =>
          (n) =>
            Effect.forEach(times(n), () => Effect.promise(suspended), { concurrency: 10 }),
      ),
    ],
  },
  {
    name: 'items mapped, 10 at a time, their results read one by one',
    unit: 'ns',
    contenders: [
      ours(200_000, async (n) => {
        for await (const _ of asyncio.map(times(n), suspended, { limit: 10 }));
      }),
      peer<PMapModule>('p-map', 200_000, ({ pMapIterable }) => async (n) => {
        for await (const _ of pMapIterable(times(n), suspended, { concurrency: 10 }));
      }),
    ],
  },
  {
    name: 'a free lock, acquired and released',
    unit: 'ns',
    aim: { value: 95 },
    contenders: [
      ours(1_000_000, async (n) => {
        const lock = new asyncio.Lock();
        for (let i = 0; i < n; i++) {
          await lock.acquire();
          lock.release();
        }
      }),
      peer<AsyncMutexModule>('async-mutex', 300_000, ({ Mutex }) => async (n) => {
        const mutex = new Mutex();
        for (let i = 0; i < n; i++) (await mutex.acquire())();
      }),
      python('lock'),
    ],
  },
  {
    name: 'a lock that 100 tasks want',
    unit: 'ns',
    contenders: [
      ours(200_000, (n) => {
        const lock = new asyncio.Lock();
        return contend(lock, () => lock.release(), n, Promise.all);
      }),
      peer<AsyncMutexModule>(
        'async-mutex',
        100_000,
        ({ Mutex }) =>
          (n) =>
            contend(new Mutex(), (held) => (held as () => void)(), n, Promise.all),
      ),
      python('contended'),
    ],
  },
  {
    name: 'put and get, a queue without limit',
    unit: 'ns',
    aim: { value: 220 },
    contenders: [ours(1_000_000, (n) => through(new asyncio.Queue<number>(), n)), python('queue 0')],
  },
  {
    name: 'put and get, a queue of one',
    unit: 'ns',
    aim: { value: 230 },
    contenders: [ours(500_000, (n) => through(new asyncio.Queue<number>({ maxSize: 1 }), n)), python('queue 1')],
  },
  {
    name: 'sleep(0), 1,000 tasks in turn',
    unit: 'ns',
    aim: { value: 350 },
    contenders: [
      ours(200_000, (n) =>
        asyncio
          .gather(
            times(1000).map(() => async () => {
              for (let i = 0; i < n / 1000; i++) await asyncio.sleep(0);
            }),
          )
          .toPromise(),
      ),
      python('sleep'),
    ],
  },
  {
    name: 'a call that comes soon',
    unit: 'ns',
    contenders: [
      ours(200_000, (n) => {
        const loop = asyncio.getRunningLoop();
        const called = new asyncio.Future<void>();
        let left = n;
        const call = (): void => void (--left === 0 && called.setResult());
        for (let i = 0; i < n; i++) loop.callSoon(call);
        return called.toPromise();
      }),
      bare(
        200_000,
        (n) =>
          new Promise<void>((resolve) => {
            let left = n;
            for (let i = 0; i < n; i++) setImmediate(() => void (--left === 0 && resolve()));
          }),
        'setImmediate',
        false,
      ),
      python('soon'),
    ],
  },
  {
    name: 'a time-out that does not expire',
    unit: 'ns',
    aim: { value: 900 },
    contenders: [
      ours(200_000, async (n) => {
        for (let i = 0; i < n; i++) await asyncio.timeout(10_000, leaf);
      }),
      bare(
        100_000,
        async (n) => {
          for (let i = 0; i < n; i++) {
            let timer: NodeJS.Timeout | undefined;
            await Promise.race([leaf(), new Promise((_, reject) => (timer = setTimeout(reject, 10_000)))]);
            clearTimeout(timer);
          }
        },
        'Promise.race with setTimeout',
        false,
      ),
      python('timeout'),
    ],
  },
  {
    name: 'a sleeping task, started and cancelled, 10,000 at once',
    unit: 'ns',
    aim: { value: 2000 },
    contenders: [
      ours(50_000, async (n) => {
        for (let left = n; left > 0; left -= 10_000) {
          const tasks = times(Math.min(10_000, left)).map(() => asyncio.createTask(() => asyncio.sleep(1e6)));
          for (const task of tasks) task.cancel();
          await asyncio.wait(tasks);
        }
      }),
      python('cancel'),
    ],
  },
];

const suite: Suite = {
  name: 'asyncio',
  about:
    'Tasks of one thread. All times, and the aims, are CPU time, with that of the garbage collector. Ours can be cancelled wherever they wait, have names, and are known to `allTasks`; promises and the packages that limit them are none of that. CPython hands over once a turn of its loop, ours in a microtask.',
  lines: lines.map((line) => ({ ...line, clock: 'cpu' })),
};
export default suite;
