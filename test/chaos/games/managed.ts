import { AbandonedLockError, Manager, ManagerGoneError, Process } from '../../../src/multiprocessing/index.ts';
import { type Game, pause, told } from '../arena.ts';

/*
 * Processes that change the objects of a manager under its lock, and are killed anywhere; at the end the manager itself is. What holds: its
 * lock is had again, what was counted is there, and everybody is told when it has gone.
 */
interface Counter {
  readonly lock: { acquire(): Promise<unknown>; release(): Promise<unknown> };
  readonly counts: { get(key: string): Promise<number | undefined>; set(key: string, n: number): Promise<unknown> };
}

export async function countUp({ lock, counts }: Counter, name: string): Promise<void> {
  for (let n = 1; ; n++) {
    try {
      await lock.acquire();
    } catch (error) {
      if (!(error instanceof AbandonedLockError)) throw error;
    }
    await counts.set(name, n);
    if ((await counts.get(name)) !== n) await counts.set('wrong', n);
    await lock.release();
  }
}

export const managed: Game = async ({ random, moves, fault, did, must }) => {
  const manager = Manager();
  const shared = { lock: await manager.Lock(), counts: await manager.dict<string, number>() } as unknown as Counter;
  let next = 0;
  const start = (): { name: string; process: Process } => {
    const name = `child ${next++}`;
    const process = new Process({ target: countUp, args: [shared, name] as const, daemon: true });
    process.start();
    return { name, process };
  };
  const crew = [start(), start()];
  for (let move = 0; move < Math.ceil(moves / 3); move++) {
    const at = random.below(crew.length);
    const { name, process } = crew[at]!;
    for (const end = performance.now() + 60_000; (await shared.counts.get(name)) === undefined; await pause(5))
      if (performance.now() > end) return must(false, `${name} does not get the lock of the manager`);
    await pause(random.below(20));
    process.kill();
    await process.join();
    fault('a process killed that uses a manager');
    did('turns under the lock of a manager', await shared.counts.get(name));
    crew[at] = start();
  }
  must((await shared.counts.get('wrong')) === undefined, 'a count was changed by somebody who did not hold the lock');
  for (const { process } of crew) {
    process.kill();
    await process.join();
  }
  try {
    await shared.lock.acquire();
  } catch (error) {
    must(error instanceof AbandonedLockError, `the lock was had by: ${told(error)}`);
    // Who acquires it once more says that it knows of the death; the next one waits.
    await shared.lock.acquire();
  }
  const waits = shared.lock.acquire().then(
    () => must(false, 'a lock that is held was had'),
    (error: unknown) => must(error instanceof ManagerGoneError, `who waits in a manager that is killed is told: ${told(error)}`),
  );
  await pause(random.below(20));
  const pid = manager.pid!;
  process.kill(pid, 'SIGKILL');
  fault('a manager killed while somebody waits in it');
  await waits;
  await manager.shutdown().catch(() => {});
};
