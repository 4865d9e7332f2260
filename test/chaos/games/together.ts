import * as asyncio from '../../../src/asyncio/index.ts';
import { ThreadPoolExecutor } from '../../../src/futures/index.ts';
import { Event, Process, Queue, QueueEmpty } from '../../../src/multiprocessing/index.ts';
import { SIG_DFL, signal } from '../../../src/signal/index.ts';
import { PIPE, Popen } from '../../../src/subprocess/index.ts';
import { int64, SharedValue, Timer } from '../../../src/threading/index.ts';
import { until } from '../../support/until.ts';
import type { Game } from '../arena.ts';
import { square } from '../tasks-to-run.ts';

/*
 * One program of everything: the lines of a subprocess are read by a task, go through a queue to processes, their answers through another
 * queue to a pool of threads, which add them up in shared memory, while timers send signals, and processes and tasks are killed. What was lost with
 * a process is done again; what holds is that the sum is right, and that no line is counted twice.
 */
interface Shop {
  readonly work: Queue<number>;
  readonly answers: Queue<readonly [number, number]>;
  readonly end: Event;
}

export function serve({ work, answers, end }: Shop): void {
  while (!end.isSet()) {
    try {
      const n = work.getSync({ timeout: 50 });
      answers.putSync([n, square(n)]);
    } catch (error) {
      if (!(error instanceof QueueEmpty)) throw error;
    }
  }
}

export const together: Game = async ({ random, moves, fault, did, must }) => {
  const LINES = 200 * moves;
  const shop: Shop = { work: new Queue({ maxSize: 8 }), answers: new Queue({ maxSize: 8 }), end: new Event() };
  const total = new SharedValue(int64, 0n);
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const start = (): Process => {
    const process = new Process({ target: serve, args: [shop] as const, daemon: true });
    process.start();
    return process;
  };
  const crew = [start(), start()];
  const open = new Set<number>();
  const answered = new Set<number>();
  let signals = 0;
  let sent = 0;
  const before = signal('SIGUSR2', () => void signals++);

  await asyncio.run(async () => {
    await asyncio.TaskGroup.run(async (group) => {
      const give = group.createTask(async () => {
        await using lines = new Popen(['seq', String(LINES)], { stdout: PIPE });
        for await (const line of lines.stdout.lines()) {
          open.add(Number(line));
          await shop.work.put(Number(line));
        }
      });
      const take = group.createTask(async () => {
        for (let idle = 0; answered.size < LINES;) {
          try {
            const some = await shop.answers.getMany(64, { timeout: 100 });
            idle = 0;
            const fresh = some.filter(([n]) => !answered.has(n));
            for (const [n] of fresh) {
              answered.add(n);
              open.delete(n);
            }
            const numbers = fresh.map(([, value]) => value);
            await asyncio
              .getRunningLoop()
              .runInExecutor(
                pool,
                (values: number[]) => void total.update((sum) => sum + BigInt(values.reduce((a, b) => a + b, 0))),
                numbers,
              );
          } catch (error) {
            if (!(error instanceof QueueEmpty)) throw error;
            // What a killed process had in hand does not come any more: it is done again.
            if (give.done && ++idle > 5)
              for (const n of open)
                if (
                  !(await shop.work.put(n, { timeout: 10 }).then(
                    () => true,
                    () => false,
                  ))
                )
                  break;
          }
        }
      });
      group.createTask(async () => {
        for (let move = 0; move < moves && !take.done; move++) {
          await asyncio.sleep(random.below(60));
          const at = random.below(crew.length);
          const timer = new Timer(random.below(5), () => process.kill(process.pid, 'SIGUSR2'));
          timer.start();
          sent++;
          crew[at]!.kill();
          fault('a process killed in a program of everything');
          await crew[at]!.join();
          crew[at] = start();
          const doomed = group.createTask(() => asyncio.sleep(1e6));
          await asyncio.sleep(random.below(3));
          doomed.cancel();
          fault('a task cancelled in a program of everything');
          await timer.join();
        }
      });
    });
  });
  shop.end.set();
  for (const process of crew) must(await process.join({ timeout: 60_000 }), 'a process of a program of everything does not end');
  await pool.shutdown();
  if (sent > 0) await until(() => signals > 0, 'a signal');
  // Signals of one kind that come at once are one, as everywhere.
  must(signals <= sent, `${sent} signals were sent, ${signals} came`);
  signal('SIGUSR2', before ?? SIG_DFL);
  let sum = 0n;
  for (let n = 1n; n <= BigInt(LINES); n++) sum += n * n;
  must(total.value === sum, `the sum is ${total.value}, and should be ${sum}`);
  did('lines through a program, a task, processes, threads and shared memory', answered.size);
};
