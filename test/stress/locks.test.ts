import assert from 'node:assert/strict';
import { AbandonedLockError, Condition, Lock, Semaphore, Thread } from '../../src/threading/index.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

/*
 * Many threads at random: they lock, wait with time-outs, and are terminated anywhere. The seed is printed; MANYCORE_SEED
 * sets it, and MANYCORE_STRESS says for how many seconds each test runs.
 */
const seconds = Number(process.env['MANYCORE_STRESS'] ?? 20);
const seed = Number(process.env['MANYCORE_SEED'] ?? Date.now() % 1_000_000);

/** Numbers from 0 up to, not including, `below`: the same ones for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('a lock, a semaphore and a condition outlive every thread that is terminated at them', async (context) => {
  context.diagnostic(`seed ${seed}`);
  const random = numbers(seed);
  const lock = new Lock();
  const condition = new Condition(new Lock());
  const turns = new Semaphore(0);
  const counts = new Int32Array(new SharedArrayBuffer(12));
  const begun = new Int32Array(new SharedArrayBuffer(16));
  const play = (seed: number, at: number): void => {
    begun[at] = 1;
    let state = seed >>> 0;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (;;) {
      try {
        if (lock.acquireSync({ timeout: random(20) }) !== null) {
          // Two plain steps under the lock: whoever sees them apart saw another inside, or takes over from the dead.
          counts[0]!++;
          counts[1]!++;
          lock.release();
        }
        turns.release();
        turns.acquireSync({ timeout: random(5) });
        if (condition.acquireSync({ timeout: random(20) }) !== null) {
          if (random(2) === 0) condition.notifyAll();
          else condition.waitSync({ timeout: random(5) });
          condition.release();
        }
      } catch (error) {
        if (!(error instanceof AbandonedLockError)) throw error;
        Atomics.add(counts, 2, 1);
        if (error.held === lock) counts[1] = counts[0]!;
        (error.held as Lock).release();
      }
    }
  };
  const start = (_: unknown, at: number): Thread => {
    begun[at] = 0;
    const thread = new Thread({ target: play, args: [random(2 ** 31), at] as const, daemon: true });
    thread.start();
    return thread;
  };
  const threads = Array.from({ length: 4 }, start);
  const end = performance.now() + seconds * 1000;
  let killed = 0;
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, random(30)));
    const at = random(threads.length);
    // Not while its modules load: Node 20 aborts the process when a worker is terminated inside of require() of an ES module.
    await until(() => begun[at] === 1);
    await threads[at]!.terminate();
    killed++;
    threads[at] = start(undefined, at);
  }
  await until(() => begun.every((is) => is === 1));
  for (const thread of threads) await thread.terminate();
  const take = async (held: { acquire(): Promise<unknown>; release(): void }): Promise<void> => {
    await held.acquire().catch((error: unknown) => assert.ok(error instanceof AbandonedLockError));
    held.release();
  };
  await take(lock);
  await take(condition);
  assert.equal(lock.tryAcquire(), lock);
  assert.ok(counts[0]! - counts[1]! <= 1 && counts[0]! > 0, `${counts[0]} and ${counts[1]}`);
  context.diagnostic(`${killed} killed, ${counts[0]} rounds, ${counts[2]} told of a death`);
});
