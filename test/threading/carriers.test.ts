import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Barrier, getNativeId, Event, Thread } from '../../src/threading/index.ts';
import { run, sleep } from '../../src/asyncio/index.ts';
import { ThreadPoolExecutor } from '../../src/futures/index.ts';
import { Queue } from '../../src/queue/index.ts';
import { busyCarriers, dismissCarriers } from '../../src/host/thread/carrier.ts';
import { sharedHeap } from '../../src/word/heap.ts';
import {
  BUSY,
  carrierOffset,
  claimCarrier,
  ENDING,
  freeCarrier,
  GONE,
  OF_MAIN,
  PARKED,
  parkedCarriers,
} from '../../src/host/thread/table.ts';
import { LONG } from '../support/patience.ts';
import { programLines } from '../support/program-lines.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

/** Runs a function in a thread, and then asks, in the next one, what there is to see: whether it was the same worker. */
async function isReusedAfter(act: () => unknown): Promise<boolean> {
  await until(() => busyCarriers() === 0);
  await dismissCarriers();
  const seen = new Queue<number | null>();
  const first = new Thread({
    target: () => {
      seen.putSync(getNativeId());
      return act();
    },
  });
  first.start();
  await first.join();
  await until(() => busyCarriers() === 0);
  const ids: (number | null)[] = [];
  for (let i = 0; i < 4; i++) {
    const next = new Thread({ target: () => seen.putSync(getNativeId()) });
    next.start();
    await next.join();
  }
  for (let i = 0; i < 5; i++) ids.push(await seen.get());
  return ids.slice(1).includes(ids[0]!);
}

if (process.platform === 'linux') {
  test('a worker carries one thread after another', async () => {
    // In doubt a worker is let go: Node itself may have something open in it at the moment of the look.
    const isUsuallyReusedAfter = async (act: () => unknown): Promise<boolean> => (await isReusedAfter(act)) || isReusedAfter(act);
    assert.equal(await isUsuallyReusedAfter(() => {}), true);
    assert.equal(await isUsuallyReusedAfter(async () => new Promise((resolve) => setTimeout(resolve, 1))), true);
  });

  test('a worker whose thread has loaded other modules of the package, and run a pool, is used again', async () => {
    const act = async (): Promise<void> => {
      const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
      await pool.submit(() => 1);
      await pool.shutdown();
      await run(() => sleep(1));
    };
    assert.equal((await isReusedAfter(act)) || (await isReusedAfter(act)), true);
  });

  for (const [what, act] of [
    ['sets a global', () => void ((globalThis as Record<string, unknown>)['leftBehind'] = 1)],
    ['replaces a global', () => void (globalThis.structuredClone = ((value: unknown) => value) as never)],
    ['deletes a global', () => void Reflect.deleteProperty(globalThis, 'structuredClone')],
    ['replaces Math.random', () => void (Math.random = () => 4)],
    ['replaces console.log', () => void (console.log = () => {})],
    ['adds to a built-in prototype', () => void ((Array.prototype as unknown as Record<string, unknown>)['last'] = () => 1)],
    ['adds to the prototype of all texts', () => void ((String.prototype as unknown as Record<string, unknown>)['last'] = () => 1)],
    ['adds to the prototype of all objects', () => void ((Object.prototype as Record<string, unknown>)['last'] = () => 1)],
    ['leaves a listener on process', () => void process.on('exit', () => {})],
    ['leaves a timer', () => void setTimeout(() => {}, 10_000)],
    ['leaves a timer that keeps nothing alive', () => void setInterval(() => {}, 10_000).unref()],
  ] as const) {
    test(`a worker whose thread ${what} is not used again`, async () => {
      assert.equal(await isReusedAfter(act), false);
    });
  }
} else test('which worker carries a thread is not known here: only Linux tells', () => {});

for (const [what, leave] of [
  ['a tick', (act: () => void) => process.nextTick(act)],
  ['a reaction of a promise', (act: () => void) => void Promise.resolve().then(act)],
  ['an immediate', (act: () => void) => void setImmediate(act)],
  ['an immediate that keeps nothing alive', (act: () => void) => void setImmediate(act).unref()],
] as const)
  test(`${what} that a thread has left has its turn before the next thread of its worker`, async () => {
    const seen = new Queue<readonly [what: 'left' | 'next', worker: number | null]>();
    for (let round = 0; round < 5; round++) {
      for (const target of [() => leave(() => seen.putSync(['left', getNativeId()])), () => seen.putSync(['next', getNativeId()])]) {
        const thread = new Thread({ target });
        thread.start();
        await thread.join();
      }
      const [first, second] = [await seen.get(), await seen.get()];
      assert.ok(first[0] === 'left' || second[1] !== first[1], `a thread came before what the last one had left`);
    }
  });

test('what a thread has entered in an AsyncLocalStorage is not there for the next thread of its worker', async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen = new Queue<string | null>();
  const enters = [
    () => {
      seen.putSync(storage.getStore() ?? null);
      storage.enterWith('left');
    },
    async () => {
      seen.putSync(storage.getStore() ?? null);
      storage.enterWith('left');
      await Promise.resolve();
      storage.enterWith('left later');
    },
  ];
  for (let i = 0; i < 10; i++) {
    const thread = new Thread({ target: enters[i % 2]! });
    thread.start();
    await thread.join();
    assert.equal(await seen.get(), null);
  }
});

test('a server that a thread leaves open is not seen by the next thread', async () => {
  const ports = new Queue<number>();
  const server = new Thread({
    target: async () => {
      const { createServer } = await import('node:net');
      const listening = createServer().listen(0);
      await new Promise((resolve) => listening.once('listening', resolve));
      ports.putNoWait((listening.address() as { port: number }).port);
    },
  });
  server.start();
  await server.join();
  assert.ok((await ports.get()) > 0);
  const handles = new Queue<string[]>();
  for (let i = 0; i < 3; i++) {
    const thread = new Thread({ target: () => handles.putNoWait(process.getActiveResourcesInfo()) });
    thread.start();
    await thread.join();
    assert.ok(!(await handles.get()).includes('TCPServerWrap'));
  }
});

test('threads have one environment, as in Python', async () => {
  const thread = new Thread({ target: () => void (process.env['MANYCORE_TEST_ENV'] = 'set in a thread') });
  thread.start();
  await thread.join();
  assert.equal(process.env['MANYCORE_TEST_ENV'], 'set in a thread');
  delete process.env['MANYCORE_TEST_ENV'];
});

test('a thread lives on although the fresh worker that started it has nothing to do any more', async () => {
  const { lines, code } = await programLines(`import * as threading from 'manycore/threading'; const { Thread } = threading;
     const outer = new Thread({ fresh: true, target: () => {
       new Thread({ name: 'inner', target: async () => { await new Promise((resolve) => setTimeout(resolve, 100)); console.log('inner ends'); } }).start();
     } });
     outer.start(); await outer.join(); console.log('outer has ended');`);
  assert.deepEqual([lines, code], [['outer has ended', 'inner ends'], 0]);
});

test('a thread with a worker of its own leaves none behind, though the main thread is blocked all the while', () => {
  for (let i = 0; i < 20; i++) {
    const thread = new Thread({ target: () => {}, fresh: true });
    thread.start();
    assert.equal(thread.joinSync(), true);
  }
});

test('an error in a callback ends the thread, and goes to the hook', async () => {
  const { lines, stderr } =
    await programLines(`import * as threading from 'manycore/threading'; const { Thread, setExcepthook } = threading;
     const fail = async () => { setTimeout(() => { throw new TypeError('in a timer'); }, 1); await new Promise(() => setInterval(() => {}, 1000)); };
     const t = new Thread({ name: 'w', target: fail });
     t.start(); console.log(t.joinSync(), t.death.how, t.death.code);
     setExcepthook(({ excValue, thread }) => console.log(thread.name, excValue.message));
     const u = new Thread({ name: 'u', target: async () => { void Promise.reject(new Error('nobody awaits this')); await new Promise(() => setInterval(() => {}, 1000)); } });
     u.start(); console.log(await u.join(), u.death.how);
     const v = new Thread({ target: async () => { setTimeout(threading.exitThread, 1); await new Promise(() => setInterval(() => {}, 1000)); } });
     v.start(); console.log(await v.join(), v.death.how, v.death.code);`);
  assert.deepEqual(lines, ['true exited 1', 'u nobody awaits this', 'true exited', 'true exited 0']);
  assert.match(stderr, /^Exception in thread w:\nTypeError: in a timer\n +at /);
});

test('a thread that is terminated before it has begun has ended for who joins it by blocking, where no event tells of the end of its worker', () => {
  for (const fresh of [true, false, true, false]) {
    const thread = new Thread({
      target: () => {
        for (;;);
      },
      fresh,
    });
    thread.start();
    void thread.terminate();
    assert.equal(thread.joinSync({ timeout: LONG }), true);
    assert.deepEqual(thread.death, { how: 'terminated', code: 1 });
  }
});

test('terminate hits the thread that it is meant for, and no other that its worker carries afterwards', async () => {
  for (let i = 0; i < 40; i++) {
    const short = new Thread({ target: () => {} });
    short.start();
    const [ended] = await Promise.all([short.join(), short.terminate()]);
    assert.equal(ended, true);
    const done = new Event();
    const next = new Thread({ target: () => done.set() });
    next.start();
    assert.equal(await next.join(), true);
    assert.equal(next.death, null);
    assert.equal(done.isSet(), true);
  }
});

test('a thread ends another whose maker is blocked in a join of it', async () => {
  const { lines, code } = await programLines(`import * as threading from 'manycore/threading'; const { Thread, Event } = threading;
     const begun = new Event();
     const loop = new Thread({ name: 'loop', target: () => { begun.set(); for (;;); } });
     loop.start();
     const killer = new Thread({ target: async () => { begun.waitSync(); await loop.terminate(); } });
     killer.start();
     console.log(loop.joinSync(), loop.death.how, killer.joinSync());`);
  assert.deepEqual([lines, code], [['true terminated true'], 0]);
});

test('five hundred threads one after another leave no handles, listeners or memory', async () => {
  const run = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const thread = new Thread({ target: () => {} });
      thread.start();
      thread.joinSync();
    }
  };
  run(50);
  const count = (): number => process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  const before = { listeners: count(), handles: process.getActiveResourcesInfo().length, rss: process.memoryUsage().rss };
  run(500);
  await until(() => count() <= before.listeners && process.getActiveResourcesInfo().length <= before.handles + 1);
  assert.ok(process.memoryUsage().rss - before.rss < 64 << 20);
});

test('a start that is refused leaves the worker that was made for it to the next thread', async () => {
  // One may still start whose thread another has run.
  await until(() => busyCarriers() === 0);
  await dismissCarriers();
  const refused = new Thread({ target: (promise) => promise, args: [Promise.resolve() as never] });
  assert.throws(() => refused.start(), { code: 'E_PROMISE' });
  assert.equal(busyCarriers() + parkedCarriers(), 1);
  const next = new Thread({ target: () => {} });
  next.start();
  assert.equal(busyCarriers() + parkedCarriers(), 1);
  await next.join();
  await until(() => busyCarriers() === 0);
});

test('a worker that is about to be free counts as one that is free: no other one is made for what it can carry', async () => {
  await dismissCarriers();
  const carrier = claimCarrier(-1, BUSY);
  const become = (state: number): void => void Atomics.store(sharedHeap().i32, carrierOffset(carrier) / 4, state);
  assert.equal(freeCarrier(OF_MAIN), -1);
  for (const state of [ENDING, PARKED]) {
    become(state);
    assert.equal(freeCarrier(OF_MAIN), carrier);
    assert.equal(freeCarrier({ maker: carrier, orMain: false }), -1, 'it was made by another one');
  }
  become(GONE);
  assert.equal(freeCarrier(OF_MAIN), -1);
});

test('a thread is not carried by a worker that another thread has made, and would end with that one', async () => {
  await until(() => busyCarriers() === 0);
  await dismissCarriers();
  const [together, gate, idle] = [new Barrier(5), new Event(), new Event()];
  const outer = new Thread({
    target: () => {
      const inner = Array.from({ length: 4 }, () => new Thread({ target: () => void together.waitSync() }));
      for (const thread of inner) thread.start();
      together.waitSync();
      for (const thread of inner) thread.joinSync();
      idle.set();
      for (;;);
    },
  });
  outer.start();
  await idle.wait();
  await until(() => parkedCarriers() === 4);
  const others = Array.from({ length: 4 }, () => new Thread({ target: () => void gate.waitSync() }));
  for (const thread of others) thread.start();
  await outer.terminate();
  await until(() => parkedCarriers() === 0);
  gate.set();
  for (const thread of others) assert.deepEqual([await thread.join(), thread.death], [true, null]);
});

test('with a worker that is not used again, those end that its thread has made', async () => {
  await until(() => busyCarriers() === 0);
  await dismissCarriers();
  const outer = new Thread({
    target: () => {
      const inner = [0, 1].map(() => new Thread({ target: () => {} }));
      for (const thread of inner) thread.start();
      for (const thread of inner) thread.joinSync();
      (globalThis as Record<string, unknown>)['leftBehind'] = 1;
    },
  });
  outer.start();
  assert.equal(outer.joinSync(), true);
  await until(() => busyCarriers() + parkedCarriers() === 0);
});

test('the program ends when no thread is left, though one of them was ended before it could count itself out [THR-10]', async () => {
  const { lines, code } = await programLines(`import { Thread } from 'manycore/threading';
    import { nonDaemonsOffset } from 'manycore/host/thread/table'; import { sharedHeap } from 'manycore/word/heap';
    const thread = new Thread({ target: () => {} });
    thread.start(); await thread.join();
    Atomics.add(sharedHeap().i32, nonDaemonsOffset() / 4, 1);
    new Thread({ target: () => new Promise((resolve) => setTimeout(resolve, 20)).then(() => console.log('the last one')) }).start();`);
  assert.deepEqual([lines, code], [['the last one'], 0]);
});
