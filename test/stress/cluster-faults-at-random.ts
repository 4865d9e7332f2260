import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Future } from '../../src/futures/future.ts';
import type { SlurmExecutor } from '../../src/slurm/executor/slurm-executor.ts';
import { Random } from '../chaos/random.ts';
import { managersIn } from '../support/managers.ts';

/*
 * Hands tasks to an executor, and meanwhile does what goes wrong on a cluster, at random, from a seed. Every task has to end, once, as it must: with
 * its value, with its error, or cancelled if somebody has cancelled it; and none may be pending for long after the last fault.
 */
export interface Play {
  readonly pool: SlurmExecutor;
  /** The folder that the executor was given; all nodes see it. */
  readonly directory: string;
  readonly seed: number;
  readonly faults: number;
  /** Faults of the cluster's own, beside those of processes. */
  readonly more?: Readonly<Record<string, (random: Random) => Promise<void> | void>>;
  /** After every so many faults a task is waited for. */
  readonly recovers: number;
  /** Called now and then, with how many faults there have been. */
  readonly onMove?: (faults: number) => void;
}

export interface Outcome {
  /** What went wrong: lost, twice, or with another outcome than it must have. */
  readonly wrong: readonly string[];
  readonly tasks: number;
  readonly caused: Readonly<Record<string, number>>;
  /** How long the last task took to end after the last fault, in milliseconds. */
  readonly afterLast: number;
}

/** So many tasks are under way at any time. */
const AHEAD = 40;
const STOPPED_MS = 3000;
/** Slurm takes its time, but not so long. */
const HANGS_MS = 120_000;

export async function faultsAtRandom({ pool, directory, seed, faults, more = {}, recovers, onMove = () => {} }: Play): Promise<Outcome> {
  const random = new Random(seed);
  const marks = join(directory, 'marks');
  mkdirSync(marks, { recursive: true });
  const wrong: string[] = [];
  const caused: Record<string, number> = {};
  const pending = new Map<number, Future>();
  const stopped = new Set<Promise<void>>();
  let tasks = 0;
  let done = 0;
  let isCancelled = new Set<number>();

  function follow(future: Future, check: (id: number) => string | null): void {
    const id = tasks++;
    let ends = 0;
    pending.set(id, future);
    future.addDoneCallback(() => {
      pending.delete(id);
      if (++ends > 1) wrong.push(`task ${id} has ended ${ends} times`);
      const said = isCancelled.has(id) && future.cancelled ? null : check(id);
      if (said !== null) wrong.push(`task ${id}: ${said}`);
    });
  }

  const outcomeOf = (future: Future): string => {
    if (future.cancelled) return 'cancelled';
    try {
      return `value ${JSON.stringify(future.resultSync())}`;
    } catch (error) {
      return String(error);
    }
  };
  const expects = (future: Future, outcome: string): void =>
    follow(future, () => (outcomeOf(future) === outcome ? null : `${outcomeOf(future)} instead of ${outcome}`));

  function handOver(): void {
    const ms = random.oneIn(4) ? random.below(30) : 0;
    const number = tasks;
    const future = pool.submit(
      async (n: number, delay: number) => {
        if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
        return n;
      },
      number,
      ms,
    );
    expects(future, `value ${number}`);
  }

  const signal = (name: NodeJS.Signals) => (): void => {
    const managers = managersIn(directory);
    if (managers.length === 0) return;
    const pid = random.pick(managers);
    send(pid, name);
    if (name !== 'SIGSTOP') return;
    const back = pause(random.below(STOPPED_MS)).then(() => send(pid, 'SIGCONT'));
    stopped.add(back);
    void back.then(() => stopped.delete(back));
  };

  const kinds: Record<string, (random: Random) => Promise<void> | void> = {
    ...more,
    'a node is killed': signal('SIGKILL'),
    'a node stands still for a while': signal('SIGSTOP'),
    'a node is told to end': signal('SIGTERM'),
    'a node is told that its time will be up': signal('SIGUSR2'),
    'a task kills its node': () => {
      const number = tasks;
      const mark = join(marks, `${number}`);
      const future = pool.submit(
        async (path: string, n: number) => {
          const fs = await import('node:fs');
          if (fs.existsSync(path)) return n;
          fs.writeFileSync(path, '');
          process.kill(process.pid, 'SIGKILL');
          return await new Promise<number>(() => {});
        },
        mark,
        number,
      );
      expects(future, `value ${number}`);
    },
    'a task throws': () => {
      const number = tasks;
      const future = pool.submit((n: number) => {
        throw new RangeError(`${n} is too far`);
      }, number);
      expects(future, `RangeError: ${number} is too far`);
    },
    'a task is cancelled': () => {
      const all = [...pending];
      if (all.length === 0) return;
      const [id, future] = random.pick(all);
      isCancelled.add(id);
      // What is refused goes on, and has its outcome.
      if (!future.cancel({ running: random.oneIn(2) })) isCancelled.delete(id);
    },
  };

  const waitFor = async (future: Future): Promise<void> => {
    const begun = performance.now();
    while (!future.done) {
      onMove(done);
      await Promise.race([future.exception().catch(() => {}), pause(1000)]);
      if (performance.now() - begun > HANGS_MS) return void wrong.push(`a task has not ended within ${HANGS_MS} ms`);
    }
  };
  await pool.submit(() => 1);
  for (let count = 0; count < faults; count++) {
    while (pending.size < AHEAD) handOver();
    const kind = random.pick(Object.keys(kinds));
    caused[kind] = (caused[kind] ?? 0) + 1;
    await kinds[kind]!(random);
    done = count + 1;
    onMove(done);
    await pause(random.below(60));
    if (count % recovers === 0) {
      handOver();
      await waitFor([...pending.values()].at(-1)!);
    }
  }
  await Promise.all(stopped);
  const last = performance.now();
  const allEnded = async (): Promise<void> => {
    while (pending.size > 0) {
      onMove(done);
      await Promise.race([...pending.values()].map((future) => future.exception().catch(() => {})).concat(pause(1000) as never));
      if (performance.now() - last > HANGS_MS)
        return void wrong.push(`${pending.size} tasks have not ended: ${[...pending.keys()].join(', ')}`);
    }
  };
  await allEnded();
  const afterLast = performance.now() - last;
  isCancelled = new Set();
  if (!existsSync(marks)) wrong.push('the folder is gone');
  return { wrong, tasks, caused, afterLast };
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}
