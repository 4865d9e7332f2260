import {
  BrokenProcessPool,
  BrokenWorkerError,
  CancelledError,
  type Future,
  ProcessPoolExecutor,
  ThreadPoolExecutor,
  TimeoutError,
} from '../../../src/futures/index.ts';
import { until } from '../../support/until.ts';
import { type Arena, type Game, pause, told } from '../arena.ts';
import { counts, dies, fails, spins, square, waits } from '../tasks-to-run.ts';

/*
 * Tasks that succeed, fail, end their worker, never end, are taken back, cancelled, timed out and aborted; workers that are killed. What holds:
 *
 *   - every future is settled: by its value, or by the error that says what was done to it
 *   - a task of a thread never suffers from the death of another's; one of a process may, as its process was killed, and then says so
 *   - what may be retried comes through
 */
type Pool = ThreadPoolExecutor | ProcessPoolExecutor;

async function play(name: string, pool: Pool, kill: (() => void) | null, arena: Arena): Promise<void> {
  const { random, moves, fault, did, must } = arena;
  const checks: Promise<void>[] = [];
  /** What a future must come to; a task whose process was killed may also say that. */
  const comes = (future: PromiseLike<unknown>, what: string, right: (outcome: { value?: unknown; error?: unknown }) => boolean): void => {
    const check = async (): Promise<void> => {
      const outcome = await Promise.resolve(future).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      const fell = kill !== null && 'error' in outcome && outcome.error instanceof BrokenProcessPool;
      if (fell) did(`tasks of a ${name} that say that it was killed`);
      else if (right(outcome)) did(`tasks of a ${name}: ${what}`);
      else must(false, `a task that ${what}: ${'error' in outcome ? told(outcome.error) : `gave ${JSON.stringify(outcome.value)}`}`);
    };
    checks.push(check());
  };
  const gives =
    (wanted: unknown) =>
    ({ value, error }: { value?: unknown; error?: unknown }): boolean =>
      error === undefined && JSON.stringify(value) === JSON.stringify(wanted);
  const throws =
    (type: new (...args: never[]) => Error) =>
    ({ error }: { error?: unknown }): boolean =>
      error instanceof type;

  const acts: (() => void | Promise<void>)[] = [
    () => {
      for (let i = 0; i < 20; i++) {
        const n = random.below(1000);
        comes(pool.submit(square, n), 'gives its value', gives(n * n));
      }
    },
    () => {
      for (let i = 0; i < 10; i++) {
        const n = random.below(1000);
        const check = Promise.resolve(pool.with({ retries: 50 }).submit(square, n)).then(
          (value) => (value === n * n ? did(`tasks of a ${name}: come through by a retry`) : must(false, `${n} squared gave ${value}`)),
          (error: unknown) => must(false, `a task with retries is lost: ${told(error)}`),
        );
        checks.push(check);
      }
    },
    () => {
      const numbers = Array.from({ length: 100 }, () => random.below(1000));
      comes(pool.map(square, numbers).toArray(), 'map', gives(numbers.map((n) => n * n)));
    },
    () => comes(pool.submit(fails, random.below(1000)), 'throws its error', throws(RangeError)),
    () => {
      fault(`a task that ends its worker, in a ${name}`);
      comes(pool.submit(dies), 'ends its worker', throws(kill === null ? BrokenWorkerError : BrokenProcessPool));
    },
    () => {
      fault(`a task that never ends, timed out in a ${name}`);
      comes(pool.with({ timeout: 20 + random.below(50) }).submit(spins), 'is timed out', throws(TimeoutError));
    },
    async () => {
      const future: Future = pool.submit(spins);
      await until(() => future.running || future.done, 'a task to run');
      await pause(random.below(10));
      if (future.cancel({ running: true })) fault(`a task that runs, cancelled in a ${name}`);
      comes(future, 'is cancelled while it runs', throws(CancelledError));
    },
    () => {
      const futures = Array.from({ length: 10 }, (_, n) => pool.submit(waits, random.below(4), n));
      for (const [n, future] of futures.entries()) {
        const taken = random.oneIn(2) && future.cancel();
        if (taken) fault(`a task taken back from a ${name}`);
        comes(future, taken ? 'is taken back' : 'waits', taken ? throws(CancelledError) : gives(n));
      }
    },
    async () => {
      const controller = new AbortController();
      const future = pool.with({ signal: controller.signal }).submit(waits, 1e6, 1);
      await pause(random.below(20));
      const reason = new RangeError('aborted');
      controller.abort(reason);
      fault(`a task aborted in a ${name}`);
      comes(future, 'is aborted', throws(RangeError));
    },
    async () => {
      const wanted = random.below(50);
      const stream = async (): Promise<number> => {
        let last = -1;
        for await (const n of await pool.submit(counts, 100)) if ((last = n) === wanted) break;
        return last;
      };
      if (kill === null) comes(stream(), 'is read as it comes, and left', gives(wanted));
    },
  ];
  for (let move = 0; move < moves; move++) {
    await random.pick(acts)();
    if (kill !== null && random.oneIn(2)) {
      await pause(random.below(20));
      kill();
    }
  }
  await Promise.all(checks);
  must((await pool.submit(square, 3)) === 9, 'the pool does not work any more');
  await pool.shutdown();
}

export const poolOfThreads: Game = (arena) => play('pool of threads', new ThreadPoolExecutor({ maxWorkers: 2 }), null, arena);

export const poolOfProcesses: Game = async (arena) => {
  const pool = new ProcessPoolExecutor({ maxWorkers: 2 });
  const kill = (): void => {
    const { pids } = pool;
    if (pids.length === 0) return;
    try {
      process.kill(arena.random.pick(pids), 'SIGKILL');
      arena.fault('a process of a pool killed');
    } catch {
      // It has just ended by itself.
    }
  };
  await play('pool of processes', pool, kill, arena);
};
