import * as asyncio from '../../../src/asyncio/index.ts';
import { ThreadPoolExecutor } from '../../../src/futures/index.ts';
import * as processes from '../../../src/multiprocessing/index.ts';
import { Queue } from '../../../src/queue/index.ts';
import { DEVNULL, run } from '../../../src/subprocess/index.ts';
import { Lock, Semaphore, Thread } from '../../../src/threading/index.ts';
import { type Game, told } from '../arena.ts';
import { waits } from '../tasks-to-run.ts';

/*
 * Tasks that wait for everything there is to wait for, and are cancelled at any moment. What holds: each ends by a cancellation, or with what
 * it was to do; locks and permits are free again; what was put into a queue is in it, or was got by somebody.
 */
const NAME = 'of the game of tasks';

export const tasks: Game = async ({ random, moves, fault, did, must }) => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const locks = [new asyncio.Lock(), new Lock(), new processes.Lock()];
  const semaphore = new Semaphore(2);
  const queues = [
    new asyncio.Queue<number>({ maxSize: 2 }),
    new Queue<number>({ maxSize: 2 }),
    new processes.Queue<number>({ maxSize: 2 }),
  ];
  const put = [0, 0, 0];
  const got = [0, 0, 0];

  const acts: ((n: number) => Promise<void>)[] = [
    async (n) => {
      const lock = locks[n % 3]!;
      await lock.acquire();
      try {
        await asyncio.sleep(n % 4);
      } finally {
        lock.release();
      }
    },
    async () => {
      await semaphore.acquire();
      try {
        await asyncio.sleep(1);
      } finally {
        semaphore.release();
      }
    },
    async (n) => {
      await queues[n % 3]!.put(n);
      put[n % 3]!++;
    },
    async (n) => {
      await queues[n % 3]!.get();
      got[n % 3]!++;
    },
    async (n) => void (await asyncio.getRunningLoop().runInExecutor(pool, waits, n % 4, n)),
    async (n) => void (await asyncio.toThread(waits, n % 4, n)),
    async (n) => {
      const thread = new Thread({ target: waits, args: [n % 4, n] });
      thread.start();
      await thread.join();
    },
    async (n) => {
      await asyncio.TaskGroup.run(async (group) => {
        for (let i = 0; i < 3; i++) group.createTask(() => asyncio.sleep((n + i) % 5));
      });
    },
    async (n) => {
      await asyncio
        .timeout(n % 7, () => asyncio.sleep(3))
        .catch((error: unknown) => {
          if (!(error instanceof asyncio.TimeoutError)) throw error;
        });
    },
  ];
  const programs = async (n: number): Promise<void> =>
    void (await run(['sleep', String((n % 5) / 100)], { stdout: DEVNULL, kill: { signal: 'SIGKILL' } }));

  await asyncio.run(async () => {
    for (let move = 0; move < moves; move++) {
      const some = Array.from({ length: 30 }, () => {
        const act = random.oneIn(15) ? programs : random.pick(acts);
        const n = random.below(1000);
        return asyncio.createTask(() => act(n), { name: NAME });
      });
      // Whoever is left at a queue when nobody else comes is cancelled, too.
      for (const task of some) {
        if (random.oneIn(2)) await asyncio.sleep(random.below(3));
        if (random.oneIn(2) && task.cancel()) fault('a task cancelled at whatever it waits for');
      }
      await asyncio.sleep(random.below(30));
      for (const task of some) if (!task.done && task.cancel()) fault('a task cancelled at whatever it waits for');
      for (const task of some) {
        try {
          await task;
          did('tasks that did what they were to do');
        } catch (error) {
          must(asyncio.isCancelled(error), `a task was told: ${told(error)}`);
          did('tasks that were cancelled');
        }
      }
    }
    const left = [...asyncio.allTasks()].filter(({ name }) => name === NAME).length;
    must(left === 0, `${left} tasks are left`);
  });
  for (const [i, lock] of locks.entries()) must(!lock.locked, `lock ${i} is held by nobody, and not free`);
  for (let i = 0; i < 2; i++) must(semaphore.tryAcquire() !== null, 'a permit is lost');
  for (const [i, queue] of queues.entries())
    must(queue.size === put[i]! - got[i]!, `of ${put[i]} items, ${got[i]} were got, and ${queue.size} are there`);
  await pool.shutdown();
};
