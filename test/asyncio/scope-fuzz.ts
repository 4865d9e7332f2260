import assert from 'node:assert/strict';
import {
  allTasks,
  CancelledError,
  CancelScope,
  createTask,
  ExceptionGroup,
  forEach,
  gather,
  isCancelled,
  map,
  select,
  sleep,
  type Task,
  TaskGroup,
  timeout,
  TimeoutError,
  until,
  wait,
  waitFor,
} from '../../src/asyncio/index.ts';
import { generator } from './generator.ts';
import { Boom } from './support.ts';

/*
 * Programs of groups, time-outs, scopes, gathers and tasks, one inside the other, that fail, expire and are cancelled at any moment, and clean up in
 * different ways. Each handles every failure, and lets cancellations pass. So one that nobody cancels is never cancelled, whatever ends inside it;
 * and one that is cancelled never ends otherwise, whatever comes at the same time.
 */

type Step = () => Promise<unknown>;

/** What a program tells on its way: that its last wait has begun, after which a cancellation may be too late. */
interface Progress {
  isEnding: boolean;
  /** What comes after its cancellation was cut as well. */
  isCutTwice: boolean;
}

function program(random: () => number, progress: Progress): () => Promise<string> {
  const below = (n: number): number => Math.floor(random() * n);
  const pauses: readonly Step[] = [
    () => Promise.resolve(),
    () => new Promise((resolve) => setImmediate(resolve)),
    () => sleep(0),
    () => sleep(random() * 2),
  ];
  const pause: Step = async () => await pauses[below(pauses.length)]!();
  const handled = async (step: Step): Promise<void> => {
    try {
      await step();
    } catch (error) {
      if (isCancelled(error) || !(error instanceof Boom || error instanceof ExceptionGroup || error instanceof TimeoutError)) throw error;
    }
  };
  const cleanUps: readonly ((step: Step) => Promise<unknown>)[] = [
    (step) => step(),
    async (step) => {
      try {
        return await step();
      } finally {
        await pause();
      }
    },
    (step) =>
      step().catch((error: unknown) => {
        throw isCancelled(error) ? new CancelledError('another one') : error;
      }),
  ];
  const cleaning = (depth: number): Step => {
    const cleanUp = cleanUps[below(cleanUps.length)]!;
    return () => cleanUp(() => body(depth));
  };
  const body = async (depth: number): Promise<void> => {
    for (let i = below(2); i >= 0; i--) await step(depth);
    if (random() < 0.1) throw new Boom('of a body');
  };
  const inGroup =
    (depth: number): Step =>
    () =>
      TaskGroup.run(async (group) => {
        const tasks: Task[] = [];
        for (let i = below(4); i > 0; i--) tasks.push(group.createTask(cleaning(depth), { eagerStart: random() < 0.7 }));
        if (tasks.length > 0 && random() < 0.5) await tasks[below(tasks.length)];
        if (random() < 0.2) group.cancel();
        await pause();
        if (random() < 0.1) throw new Boom('of the body of a group');
      });
  const inScope = (depth: number): Step => {
    const sticky = random() < 0.2;
    const shield = random() < 0.2;
    return () =>
      CancelScope.run(
        async (scope) => {
          if (random() < 0.3) scope.cancel();
          else if (random() < 0.5) setTimeout(() => scope.cancel(), random() * 3);
          await cleaning(depth)();
        },
        { sticky, shield },
      );
  };
  async function* coming(): AsyncGenerator<number> {
    for (let i = 0; i < 4; i++) {
      await pause();
      yield i;
    }
  }
  const kinds: readonly ((depth: number) => Step)[] = [
    inGroup,
    inScope,
    (depth) => () => timeout(random() * 4, cleaning(depth)),
    (depth) => () => waitFor(cleaning(depth), { timeout: random() * 4 }),
    (depth) => async () => await gather(() => body(depth), pause),
    (depth) => async () => await createTask(cleaning(depth)),
    (depth) => () => select({ body: () => body(depth), time: () => sleep(random() * 3) }),
    (depth) => () => map([1, 2, 3], cleaning(depth), { limit: 2 }).toArray(),
    (depth) => () => forEach([1, 2, 3, 4], () => body(depth), { limit: 2 }),
    (depth) => () => forEach(random() < 0.5 ? [1, 2, 3] : coming(), () => cleaning(depth)(), { limit: 3 }),
    (depth) => async () => {
      const breaks = below(4);
      let seen = 0;
      for await (const _ of map(random() < 0.5 ? [1, 2, 3, 4] : coming(), () => cleaning(depth)(), { limit: 2 }))
        if (++seen === breaks) break;
    },
    () => () => until(new Promise((resolve) => setTimeout(resolve, random() * 3))),
    () => pause,
  ];
  const step = (depth: number): Promise<unknown> => (depth === 0 ? pause() : handled(kinds[below(kinds.length)]!(depth - 1)));

  return async () => {
    try {
      for (let i = 0; i < 3; i++) await step(4);
      await sleep(0);
      progress.isEnding = true;
      await sleep(0);
      return 'ended';
    } catch (error) {
      try {
        for (let i = 0; i < 5; i++) await sleep(0);
      } catch {
        progress.isCutTwice = true;
      }
      throw error;
    }
  };
}

/** Runs so many programs, twenty at once, and cancels every other one at some moment. Gives how many cancellations came in time. */
export async function fuzzScopes(seed: number, rounds: number): Promise<number> {
  let cancels = 0;
  for (let round = 0; round < rounds; round++) {
    const programs = Array.from({ length: 20 }, (_, i) => {
      const name = `seed ${seed}, round ${round}, program ${i}`;
      const random = generator(seed * 1e6 + round * 100 + i);
      const progress: Progress = { isEnding: false, isCutTwice: false };
      const one = { task: createTask(program(random, progress), { name }), progress, isCancelled: false, isLate: false };
      if (i % 2 === 0) return one;
      setTimeout(() => {
        const { isEnding } = progress;
        if (!one.task.cancel('from outside')) return;
        if (isEnding) one.isLate = true;
        else one.isCancelled = true;
      }, random() * 6);
      return one;
    });
    await wait(programs.map(({ task }) => task));
    for (const { task, progress, isCancelled: wasCancelled, isLate } of programs) {
      assert.ok(!progress.isCutTwice, `${task.name}: what came after its cancellation was cut as well`);
      if (isLate) continue;
      if (wasCancelled) cancels++;
      else if (!task.cancelled) assert.equal(task.result(), 'ended');
      assert.equal(task.cancelled, wasCancelled, `${task.name}: ${wasCancelled ? 'its cancellation was lost' : 'nobody has cancelled it'}`);
    }
    // What a gather that has failed has left goes on.
    for (let left = [...allTasks()]; left.length > 0; left = [...allTasks()]) await wait(left);
  }
  return cancels;
}
