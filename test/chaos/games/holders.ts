import * as processes from '../../../src/multiprocessing/index.ts';
import * as queues from '../../../src/queue/index.ts';
import * as threads from '../../../src/threading/index.ts';
import { until } from '../../support/until.ts';
import { type Arena, type Game, pause } from '../arena.ts';

/*
 * Writers add to two numbers under a lock and send numbered items through a queue with little room, which is read slowly. Readers take
 * items from another queue. Both are killed at any moment. What holds:
 *
 *   - of each writer come 1, 2, 3, … without a gap, and at least as many as it saw put
 *   - the lock is always had again; the numbers differ by no more than what the last dead holder left undone
 *   - of what the readers take, nothing comes twice, and nothing is missing but what a killed one had in hand
 */
type Numbers = Pick<threads.SharedArray, 'view'>;

export interface Sent {
  readonly lock: { acquireSync(): unknown; release(): void };
  readonly room: { acquireSync(): unknown; release(): void };
  readonly both: Numbers;
  readonly items: { putSync(item: readonly [number, number]): unknown };
  readonly seen: Numbers;
  readonly begun: Numbers;
  readonly end: { isSet(): boolean };
}

/** Repairs what a dead holder left half done. */
function take({ lock, both }: Pick<Sent, 'lock' | 'both'>): void {
  try {
    lock.acquireSync();
  } catch (error) {
    if (!(error instanceof threads.AbandonedLockError)) throw error;
    both.view[1] = both.view[0]!;
  }
}

export function write(shared: Sent, id: number): void {
  shared.begun.view[id] = 1;
  for (let n = 1; !shared.end.isSet(); n++) {
    take(shared);
    shared.both.view[0]!++;
    shared.both.view[1]!++;
    shared.lock.release();
    shared.room.acquireSync();
    shared.items.putSync([id, n]);
    shared.room.release();
    shared.seen.view[id] = n;
  }
}

export interface Taken {
  readonly jobs: { getSync(): number };
  readonly counts: Numbers;
  readonly begun: Numbers;
}

export function read({ jobs, counts, begun }: Taken, id: number): void {
  begun.view[id] = 1;
  for (let job = jobs.getSync(); job >= 0; job = jobs.getSync()) Atomics.add(counts.view as Int32Array, job, 1);
}

interface Runner {
  start(): void;
  join(options?: { timeout: number }): Promise<unknown>;
}

/** The two worlds: threads and processes have the same things under the same names. */
interface World {
  readonly name: string;
  readonly makes: {
    readonly Lock: typeof threads.Lock;
    readonly Semaphore: typeof threads.Semaphore;
    readonly Event: typeof threads.Event;
    readonly Queue: typeof queues.Queue;
    readonly SharedArray: typeof threads.SharedArray;
  };
  run<S>(target: (shared: S, id: number) => void, shared: S, id: number): Runner;
  kill(runner: Runner): Promise<unknown>;
}

const ofThreads: World = {
  name: 'thread',
  makes: { ...threads, Queue: queues.Queue },
  run: (target, shared, id) => new threads.Thread({ target, args: [shared as never, id], daemon: true }),
  kill: (runner) => (runner as threads.Thread).terminate(),
};

const ofProcesses: World = {
  name: 'process',
  makes: processes as unknown as World['makes'],
  run: (target, shared, id) => new processes.Process({ target, args: [shared as never, id], daemon: true }),
  kill: async (runner) => {
    (runner as processes.Process).kill();
    await runner.join();
  },
};

const RUNNERS = 64;

async function play(world: World, arena: Arena): Promise<void> {
  const { random, moves, did, fault, must } = arena;
  const { Lock, Semaphore, Event, Queue, SharedArray } = world.makes;
  const begun = new SharedArray(threads.int32, RUNNERS);
  const items = new Queue<readonly [number, number]>({ maxSize: 4 });
  const sent = {
    lock: new Lock(),
    room: new Semaphore(2),
    both: new SharedArray(threads.int32, 2),
    items,
    seen: new SharedArray(threads.int32, RUNNERS),
    begun,
    end: new Event(),
  };
  const jobs = new Queue<number>({ maxSize: 4 });
  const JOBS = 40 * moves;
  const taken = { jobs, counts: new SharedArray(threads.int32, JOBS), begun };
  let next = 0;
  const start = (writes: boolean): { id: number; writes: boolean; runner: Runner } => {
    const id = next++;
    const runner = writes ? world.run<Sent>(write, sent, id) : world.run<Taken>(read, taken, id);
    runner.start();
    return { id, writes, runner };
  };
  const crew = [start(true), start(true), start(false), start(false)];

  const came = new Map<number, number>();
  const note = ([id, n]: readonly [number, number]): void => {
    must(n === (came.get(id) ?? 0) + 1, `after ${came.get(id)} of writer ${id} came ${n}`);
    came.set(id, n);
  };
  const all = new AbortController();
  const reader = (async () => {
    while (!all.signal.aborted) {
      const item = await items.get({ timeout: 50 }).catch((error: unknown) => {
        if (!(error instanceof queues.QueueEmpty)) throw error;
      });
      if (item !== undefined) note(item);
      if (random.oneIn(30)) await pause(random.below(5));
    }
  })();
  const giver = (async () => {
    for (let job = 0; job < JOBS; job++) await jobs.put(job);
  })();

  let inHand = 0;
  for (let move = 0; move < moves; move++) {
    const at = random.below(crew.length);
    const { id, writes, runner } = crew[at]!;
    // One that has not begun takes no part yet.
    await until(() => begun.view[id] === 1, `${world.name} ${id} to begin`);
    await pause(random.below(20));
    await world.kill(runner);
    fault(`a ${world.name} ${writes ? 'killed that locks and puts' : 'killed that gets'}`);
    if (!writes) inHand++;
    crew[at] = start(writes);
  }
  await giver;
  sent.end.set();
  for (const { writes } of crew) if (!writes) await jobs.put(-1);
  for (const { runner } of crew) must((await runner.join({ timeout: 60_000 })) !== false, `a ${world.name} does not end`);
  all.abort();
  await reader;
  while (items.size > 0) note(await items.get());

  for (let id = 0; id < next; id++) {
    const [saw, got] = [sent.seen.view[id]!, came.get(id) ?? 0];
    must(got === saw || got === saw + 1, `writer ${id} has put ${saw}, and ${got} came`);
  }
  did(
    `items of ${world.name === 'thread' ? 'threads' : 'processes'} through a queue`,
    [...came.values()].reduce((sum, n) => sum + n, 0),
  );
  const counts = [...taken.counts.view];
  const missing = counts.filter((count) => count === 0).length;
  must(
    counts.every((count) => count <= 1),
    'a job came twice',
  );
  must(missing <= inHand, `${missing} jobs are missing, and ${inHand} readers were killed`);
  did(`jobs taken by ${world.name === 'thread' ? 'threads' : 'processes'}`, JOBS - missing);
  did('jobs that a killed reader had in hand', missing);
  take(sent);
  const [one, two] = [sent.both.view[0]!, sent.both.view[1]!];
  must(one === two, `the numbers under the lock are ${one} and ${two}`);
  sent.lock.release();
  did('turns under a lock', one);
  for (let i = 0; i < 2; i++) must((await sent.room.acquire({ timeout: 60_000 })) !== null, 'a permit is lost');
}

export const killedThreads: Game = (arena) => play(ofThreads, arena);
export const killedProcesses: Game = (arena) => play(ofProcesses, arena);
