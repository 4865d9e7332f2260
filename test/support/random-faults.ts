import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { SlurmExecutor } from '../../src/slurm/executor/slurm-executor.ts';
import { managersIn } from './managers.ts';
import { LONG } from './patience.ts';
import { watch } from './watchdog.ts';

/*
 * Faults at random, from a seed, on nodes that are processes of this machine: they are killed, stopped for longer and for shorter than is waited for
 * their word, and told to leave; tasks are cancelled, time out, end their worker's process, and fail, while others are handed over.
 */
export interface FaultPlan {
  readonly seed: number;
  readonly faults: number;
  readonly directory: string;
  readonly workerType: 'threads' | 'processes';
}

/** Numbers that follow from a seed (mulberry32). */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const SILENCE = 600;

/** Plays it, and checks that nothing is lost, nothing comes twice, and nothing hangs. Gives what happened. */
export async function randomFaults({ seed, faults, directory, workerType }: FaultPlan): Promise<Map<string, number>> {
  const next = numbersFrom(seed);
  const happened = new Map<string, number>();
  const count = (what: string): void => void happened.set(what, (happened.get(what) ?? 0) + 1);
  const pool = new SlurmExecutor({
    launcher: 'local',
    nodes: 2,
    workersPerNode: 2,
    nodeRetries: 10_000,
    silence: SILENCE,
    directory,
    workerType,
  });
  const isThread = workerType === 'threads';
  const slow = async (n: number, ms: number): Promise<readonly [doubled: number, manager: number]> => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return [n * 2, isThread ? process.pid : process.ppid];
  };
  // Only nodes that have come: job after job that ends before is a fault that is told, and not mended.
  const known = new Set<number>();
  // A map goes on throughout: its results come in order, each once.
  const isOver = { yes: false };
  function* items(): Generator<number> {
    for (let i = 0; !isOver.yes; i++) yield i;
  }
  let mapped = 0;
  const mapping = (async () => {
    for await (const [doubled, manager] of pool.map((n: number) => slow(n, n % 3), items(), { bufferSize: 64, chunkSize: 3 })) {
      assert.equal(doubled, mapped * 2, 'a result of the map is lost, comes twice, or in the place of another one');
      known.add(manager);
      mapped++;
    }
  })();
  mapping.catch(() => {});
  const checks: Promise<void>[] = [];
  const promise = (one: Promise<void>): void => {
    one.catch(() => {}); // It is looked at later.
    checks.push(one);
  };
  const stopped = new Set<number>();
  const resume = (pid: number): void => {
    stopped.delete(pid);
    signal(pid, 'SIGCONT');
  };
  try {
    for (let n = 0; n < faults;) {
      for (let i = next(6); i >= 0; i--) promise(check(next(1000), next(30)));
      await pause(next(40));
      if (checks.length > 200) await Promise.all(checks.splice(0, 100));
      const managers = managersIn(directory).filter((pid) => known.has(pid) && !stopped.has(pid));
      const victim = managers[next(Math.max(1, managers.length))];
      if (victim === undefined) continue;
      n++;
      watch(`fault ${n} of ${faults}, seed ${seed}`);
      const kind = next(8);
      if (kind < 2) {
        signal(victim, 'SIGKILL');
        count('killed');
      } else if (kind === 2) {
        signal(victim, next(2) === 0 ? 'SIGTERM' : 'SIGUSR2');
        count('told to leave');
      } else if (kind < 5) {
        signal(victim, 'SIGSTOP');
        stopped.add(victim);
        const isLong = kind === 3;
        setTimeout(resume, isLong ? SILENCE * 2 : next(SILENCE / 2), victim);
        count(isLong ? 'silent for long' : 'silent for a moment');
      } else if (kind === 5) {
        const future = pool.submit(slow, 0, 60_000);
        await pause(next(20));
        // Whether it could be taken back or not, it ends.
        if (!future.cancel({ running: true })) promise(check(1, 1));
        else assert.equal(future.cancelled, true);
        count('cancelled');
      } else if (kind === 6) {
        const error = await pool
          .with({ timeout: 10 + next(20) })
          .submit(slow, 0, 60_000)
          .exception();
        assert.equal((error as Error).name, 'TimeoutError');
        count('out of time');
      } else {
        const error = (await pool
          .submit(() => {
            throw new RangeError('as told');
          })
          .exception()) as Error;
        assert.deepEqual([error.name, error.message], ['RangeError', 'as told']);
        count('failed');
      }
    }
    isOver.yes = true;
    for (const pid of stopped) resume(pid);
    await within(Promise.all(checks), 'a task');
    await within(mapping, 'the map');
    await check(21, 0);
    await within(pool.shutdown(), 'the shutdown');
    count(`${mapped > 0 ? 'some' : 'no'} results of the map`);
  } catch (error) {
    isOver.yes = true;
    for (const pid of stopped) resume(pid);
    await pool.terminateWorkers();
    throw new Error(`seed ${seed}, after ${JSON.stringify([...happened])}: ${inspect(error)}`, { cause: error });
  }
  return happened;

  async function check(n: number, ms: number): Promise<void> {
    const [doubled, manager] = await pool.submit(slow, n, ms);
    assert.equal(doubled, n * 2);
    known.add(manager);
  }
}

async function within(promise: Promise<unknown>, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), LONG / 2);
  });
  await Promise.race([promise, tooLong]).finally(() => clearTimeout(timer));
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}
