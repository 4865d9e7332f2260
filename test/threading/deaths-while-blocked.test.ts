import assert from 'node:assert/strict';
import { BrokenExecutorError, ThreadPoolExecutor } from '../../src/futures/index.ts';
import { Queue } from '../../src/queue/index.ts';
import { orders } from '../../src/queue/order.ts';
import { BoundedSemaphore, Event, Lock, RLock, RWLock, Semaphore, Thread } from '../../src/threading/index.ts';
import type { Place } from '../../src/threading/face.ts';
import { LONG } from '../support/patience.ts';
import { programLines } from '../support/program-lines.ts';
import { test } from '../support/test.ts';

/*
 * The main thread hears of the ends of its workers in its event loop. Here it blocks from before a thread dies until it has what that one held.
 */
const limits = { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 };
const tooLittle = { maxOldGenerationSizeMb: 5, maxYoungGenerationSizeMb: 1 };

type Fate = 'is terminated' | 'runs out of memory' | 'ends its worker';
const FATES: readonly Fate[] = ['is terminated', 'runs out of memory', 'ends its worker'];

function meet(fate: Fate): void {
  if (fate === 'is terminated') new Event().waitSync();
  if (fate === 'ends its worker') process.exit(3);
  for (const all: unknown[] = []; ;) all.push({ numbers: new Array(1000).fill(all.length), text: 'x'.repeat(1000) + all.length });
}

interface Held {
  readonly what: string;
  /** Takes it, and does not come back: `then` is called when it has it. */
  readonly take: (then: () => void) => void;
  /** What the main thread does meanwhile. */
  readonly has: () => boolean;
}

const semaphore = new Semaphore(1);
const bounded = new BoundedSemaphore(2);
const inner = new Semaphore(1);
const lock = new Lock();
const rlock = new RLock();
const rwlock = new RWLock();
const queue = new Queue<number>();

const gets = (grant: unknown): boolean => grant !== null && grant !== false;
function getsAbandoned(acquire: () => unknown): boolean {
  try {
    acquire();
    return false;
  } catch (error) {
    return error instanceof Error && error.name === 'AbandonedLockError';
  }
}
const timeout = LONG;

const held: readonly Held[] = [
  {
    what: 'the permit of a semaphore',
    take: (then) => {
      semaphore.acquireSync();
      then();
    },
    has: () => gets(semaphore.acquireSync({ timeout })) && (semaphore.release(), true),
  },
  {
    what: 'two permits of a bounded semaphore',
    take: (then) => {
      bounded.acquireSync();
      bounded.acquireSync();
      then();
    },
    has: () => gets(bounded.acquireSync({ timeout })) && gets(bounded.acquireSync({ timeout })) && (bounded.release(2), true),
  },
  {
    what: 'the lock inside of a semaphore',
    take: (then) => {
      const { place } = inner as unknown as { readonly place: Place };
      place.word(12).store(place.heap.self.id);
      then();
    },
    has: () => gets(inner.acquireSync({ timeout })) && (inner.release(), true),
  },
  {
    what: 'a lock',
    take: (then) => {
      lock.acquireSync();
      then();
    },
    has: () => getsAbandoned(() => lock.acquireSync({ timeout })) && (lock.release(), true),
  },
  {
    what: 'a re-entrant lock, twice',
    take: (then) => {
      rlock.acquireSync();
      rlock.acquireSync();
      then();
    },
    has: () => getsAbandoned(() => rlock.acquireSync({ timeout })) && (rlock.release(), true),
  },
  {
    what: 'a lock for readers',
    take: (then) => {
      rwlock.acquireReadSync();
      then();
    },
    has: () => gets(rwlock.acquireWriteSync({ timeout })) && (rwlock.releaseWrite(), true),
  },
  {
    what: 'the lock inside of a queue',
    take: (then) => {
      Object.assign(orders[0]!, { put: then });
      queue.putSync(1);
    },
    has: () => (queue.putSync(2), queue.getSync({ timeout }) === 2),
  },
];

for (const fate of FATES) {
  for (const [number, { what, has }] of held.entries()) {
    test(`a thread ${fate} that holds ${what}: the main thread has it, which blocks from before that`, async () => {
      const holds = new Event();
      const thread = new Thread({
        args: [number, fate],
        // With so little memory, Node 26 may end the whole process when a thread ends: it is for the one that needs it.
        ...(fate === 'runs out of memory' ? { resourceLimits: limits } : {}),
        target: (number: number, fate: Fate) =>
          held[number]!.take(() => {
            holds.set();
            meet(fate);
          }),
      });
      thread.start();
      await holds.wait();
      if (fate === 'is terminated') void thread.terminate();
      assert.ok(has());
      assert.ok(thread.joinSync({ timeout }));
    });
  }
}

test('a thread whose worker has no memory to come up has died for who joins it by blocking', () => {
  const thread = new Thread({ target: () => {}, resourceLimits: tooLittle });
  thread.start();
  assert.ok(thread.joinSync({ timeout }));
  assert.deepEqual(thread.death?.how, 'lost');
});

test('a pool whose workers have no memory to come up is broken for who waits for a result by blocking', async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1, resourceLimits: tooLittle });
  const future = pool.submit(() => 1);
  assert.throws(() => future.resultSync({ timeout }), BrokenExecutorError);
  await pool.shutdown();
});

test('a thread ends that another one terminates while the main thread waits for a result by blocking', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const endless = new Thread({ target: () => new Event().waitSync() });
  endless.start();
  const hasEnded = new Event();
  const other = new Thread({
    target: async () => {
      await endless.terminate();
      hasEnded.set();
    },
  });
  other.start();
  assert.equal(pool.submit(() => hasEnded.waitSync({ timeout })).resultSync({ timeout }), true);
  await other.join();
});

for (const [who, then, printed] of [
  ['who joins it', 'void starter.terminate(); console.log(child.joinSync(), child.death.how)', ['true lost']],
  ['the program, which ends', 'await starter.terminate()', ['']],
] as const) {
  test(`a thread that is ended while it starts another leaves that one to nobody: it is lost for ${who}`, async () => {
    const { lines, code } = await programLines(`
      import { noWorkers } from 'manycore/host/thread/flags';
      import { Event, Thread } from 'manycore/threading';
      import { Queue } from 'manycore/queue';
      const [children, reached] = [new Queue(), new Event()];
      const starter = new Thread({ target: () => {
        noWorkers.reason = () => { reached.set(); new Event().waitSync(); };
        const child = new Thread({ target: () => {}, fresh: true });
        children.putSync(child);
        child.start();
      } });
      starter.start();
      const child = children.getSync();
      reached.waitSync();
      ${then};`);
    assert.deepEqual([lines, code], [printed, 0]);
  });
}
