import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { endForkServer } from '../../src/host/process/fork/fork-server.ts';
import { dismissSpares } from '../../src/host/process/spares.ts';
import {
  BaseManager,
  BaseProxy,
  Event as ProcessEvent,
  getContext,
  Manager,
  type ManagerGoneError,
  Pipe,
  type PipeConnection,
  Process,
  Queue as ProcessQueue,
  SharedMemoryManager,
  SyncManager,
} from '../../src/multiprocessing/index.ts';
import { Thread } from '../../src/threading/index.ts';
import { leavesNothing } from '../support/leaves-nothing.ts';
import { collectGarbage } from '../support/garbage.ts';
import { LONG, SHORT } from '../support/patience.ts';
import { Program } from '../support/program.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';

leavesNothing();
after(dismissSpares);

const gone = { name: 'ManagerGoneError', code: 'ERR_MANAGER_GONE' };

test('a dict, a list, a set, a namespace, a value and an array are shared by proxies, awaiting and blocking', async () => {
  await using manager = Manager();
  const dict = await manager.dict({ a: 1 } as Record<string, unknown>);
  await dict.set('b', { deep: [1n, new Map([[1, 2]])] });
  assert.deepEqual(await dict.entries(), [
    ['a', 1],
    ['b', { deep: [1n, new Map([[1, 2]])] }],
  ]);
  assert.equal(dict.getSync('a'), 1);
  assert.equal(await dict.get('absent', 'otherwise'), 'otherwise');
  assert.equal(await dict.setDefault('a', 2), 1);
  assert.deepEqual([await dict.pop('a'), await dict.has('a'), await dict.size()], [1, false, 1]);
  dict.updateSync({ c: 3 });
  assert.deepEqual(
    await dict.getValue(),
    new Map<string, unknown>([
      ['b', { deep: [1n, new Map([[1, 2]])] }],
      ['c', 3],
    ]),
  );

  const list = manager.listSync([3, 1, 2]);
  await list.append(10);
  await list.sort();
  assert.deepEqual(await list.copy(), [1, 2, 3, 10]);
  await list.sort((a, b) => b - a);
  assert.deepEqual([list.getSync(-1), list.popSync(0), await list.slice(1)], [1, 10, [2, 1]]);
  await assert.rejects(list.get(7), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });

  const set = await manager.set(['x']);
  assert.deepEqual([await set.add('y'), await set.add('x'), (await set.values()).toSorted()], [true, false, ['x', 'y']]);

  const names = await manager.Namespace<{ x: number; text: string }>({ x: 1 });
  await names.set('text', 'hello');
  assert.deepEqual(await names.copy(), { x: 1, text: 'hello' });

  const value = await manager.Value(5);
  assert.equal(await value.add(2), 7);
  assert.equal(value.getSync(), 7);
  const array = await manager.Array([1.5, 2.5] as number[]);
  await array.set(0, 9);
  assert.deepEqual(await array.getValue(), [9, 2.5]);
  assert.match(await array.describe(), /List/);
});

test('proxies are used from processes and threads, and changes are seen by all', async () => {
  await using manager = Manager();
  const [dict, list, lock] = await Promise.all([manager.dict<string, number>(), manager.list<string>(), manager.Lock()]);
  const work = async (name: string, counts: typeof dict, log: typeof list, held: typeof lock): Promise<void> => {
    for (let i = 0; i < 20; i++) {
      await held.acquire();
      await counts.set('n', ((await counts.get('n')) ?? 0) + 1);
      held.releaseSync();
    }
    log.appendSync(name);
  };
  const processes = ['one', 'two'].map((name) => new Process({ target: work, args: [name, dict, list, lock] }));
  const thread = new Thread({ target: work, args: ['thread', dict, list, lock] });
  for (const one of processes) one.start();
  thread.start();
  await Promise.all([thread.join(), ...processes.map((one) => one.join())]);
  assert.deepEqual(
    processes.map((one) => one.exitCode),
    [0, 0],
  );
  assert.equal(await dict.get('n'), 60);
  assert.deepEqual((await list.copy()).toSorted(), ['one', 'thread', 'two']);
});

test('a queue in a manager waits, times out, and breaks off a wait whose signal or program is gone', async () => {
  await using manager = Manager();
  const queue = await manager.Queue<number>(1);
  await queue.put(1);
  await assert.rejects(queue.put(2, { timeout: SHORT }), { name: 'QueueFull' });
  assert.equal(await queue.get(), 1);
  await assert.rejects(queue.get({ timeout: SHORT }), { name: 'QueueEmpty' });
  await assert.rejects(queue.get({ signal: AbortSignal.timeout(SHORT) }), { name: 'TimeoutError' });
  // One that waits and is killed takes nothing with it.
  const isUp = new ProcessEvent();
  const child = new Process({
    target: async (q: typeof queue, up: ProcessEvent) => {
      const waiting = q.get();
      await q.size();
      up.set();
      await waiting;
    },
    args: [queue, isUp],
  });
  child.start();
  await isUp.wait();
  child.kill();
  await child.join();
  await until2(async () => !(await manager.debugInfo()).includes('2 proxies'));
  const got = queue.get();
  await queue.put(3);
  assert.equal(await got, 3);
});

test('the items of a queue in a manager are iterated until it is shut down, in another process', async () => {
  await using manager = Manager();
  const [queue, sum] = await Promise.all([manager.Queue<number>(), manager.Value(0)]);
  const child = new Process({
    target: async (items: typeof queue, total: typeof sum) => {
      for await (const item of items) await total.add(item);
    },
    args: [queue, sum],
  });
  child.start();
  for (let i = 1; i <= 10; i++) await queue.put(i);
  await queue.shutdown();
  await child.join();
  assert.equal(child.exitCode, 0);
  assert.equal(await sum.get(), 55);
});

/** As `until`, for what has to be asked for. */
async function until2(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + LONG;
  while (!(await condition())) assert.ok(performance.now() < end, condition.toString());
}

test('locks in a manager are held by the thread that acquired them, and given back with its scope', async () => {
  await using manager = Manager();
  const lock = await manager.Lock();
  {
    await using held = await lock.acquire();
    assert.equal(held, lock);
    assert.equal(await lock.locked(), true);
    assert.equal(await lock.tryAcquire(), null);
    assert.equal(await lock.acquire({ timeout: SHORT }), null);
    assert.equal(lock.acquireSync({ timeout: 1 }), null);
  }
  assert.equal(await lock.locked(), false);
  await assert.rejects(lock.release(), { name: 'StateError', code: 'ERR_NOT_HELD' });
  const rlock = await manager.RLock();
  await rlock.acquire();
  assert.equal(await rlock.acquire(), rlock);
  const [here, there] = Pipe();
  const child = new Process({
    target: async (same: typeof rlock, pipe: PipeConnection) => {
      pipe.sendSync(await same.acquire({ timeout: 20 }));
      await same.release().catch((error: unknown) => pipe.send((error as { code: string }).code));
      await pipe.send((await same.acquire()) === same);
    },
    args: [rlock, there],
  });
  child.start();
  assert.equal(await here.recv(), null);
  assert.equal(await here.recv(), 'ERR_NOT_OWNER');
  await rlock.release();
  await rlock.release();
  assert.equal(await here.recv(), true);
  await child.join();
  here.close();
  there.close();
});

test('what a process that is killed has locked goes to the next one, who is told; one that ends in order keeps it', async () => {
  await using manager = Manager();
  for (const how of ['is killed', 'ends'] as const) {
    const lock = await manager.Lock();
    const isUp = new ProcessEvent();
    const child = new Process({
      target: async (same: typeof lock, up: ProcessEvent, stays: boolean) => {
        await same.acquire();
        up.set();
        if (stays) await new Promise((resolve) => setTimeout(resolve, 60_000));
      },
      args: [lock, isUp, how === 'is killed'],
    });
    child.start();
    await isUp.wait();
    if (how === 'ends') {
      await child.join();
      assert.equal(await lock.acquire({ timeout: SHORT }), null);
      await lock.release();
      continue;
    }
    const waiting = lock.acquire();
    child.kill();
    const error: unknown = await waiting.then(
      () => assert.fail('it should be told'),
      (thrown: unknown) => thrown,
    );
    assert.equal((error as Error).name, 'AbandonedLockError');
    assert.equal((error as { held: unknown }).held, lock);
    assert.equal(await lock.locked(), true);
    await lock.release();
    await child.join();
  }
});

test('conditions, semaphores, events and barriers of a manager do as those of threads', async () => {
  await using manager = Manager();
  const [condition, semaphore, event, barrier] = await Promise.all([
    manager.Condition(),
    manager.Semaphore(1),
    manager.Event(),
    manager.Barrier(2),
  ]);
  const dict = await manager.dict<string, boolean>();
  const child = new Process({
    target: async (c: typeof condition, s: typeof semaphore, e: typeof event, b: typeof barrier, d: typeof dict) => {
      await e.wait();
      await c.acquire();
      await d.set('done', true);
      await c.notifyAll();
      await c.release();
      await s.release();
      await b.wait();
    },
    args: [condition, semaphore, event, barrier, dict],
  });
  child.start();
  await condition.acquire();
  await event.set();
  assert.equal(await condition.waitFor(() => dict.has('done')), true);
  assert.equal(await condition.wait({ timeout: SHORT }), false);
  await condition.release();
  await assert.rejects(condition.notify(), { name: 'StateError', code: 'ERR_NOT_HELD' });
  assert.ok((await barrier.wait()) < 2);
  assert.equal(await barrier.parties(), 2);
  await child.join();
  assert.equal(await semaphore.value(), 2);
  const broken = assert.rejects(barrier.wait(), { name: 'BrokenBarrierError' });
  await until2(async () => (await barrier.nWaiting()) === 1);
  await barrier.abort();
  await broken;
});

class Maths {
  #calls = 0;
  add(a: number, b: number): number {
    this.#calls++;
    return a + b;
  }
  async slowly(value: string): Promise<string> {
    return Promise.resolve(value);
  }
  fail(): never {
    throw new TypeError('no', { cause: new Error('the reason') });
  }
  strange(): unknown {
    return Promise.resolve(() => new WeakRef({}));
  }
  unsendable(): unknown {
    return new WeakRef({});
  }
  counter(): { next(): number } {
    let n = 0;
    return { next: () => ++n };
  }
  get calls(): number {
    return this.#calls;
  }
  _hidden(): void {}
}

const MathsManager = BaseManager.register('Maths', Maths, { methodToTypeId: { counter: 'Counter' } });
const Both = MathsManager.register('Shouter', (mark: string) => ({ shout: (text: string) => text.toUpperCase() + mark }));

test('types of the program are registered, and their proxies are typed with promises', async () => {
  await using manager = new Both();
  await manager.start();
  const maths = await manager.Maths();
  const sum: number = await maths.add(1, 2);
  assert.equal(sum, 3);
  const text: string = await maths.slowly('text');
  assert.equal(text, 'text');
  assert.equal(maths.addSync(3, 4), 7);
  assert.equal(await maths.calls(), 2);
  const shouter = manager.ShouterSync('!');
  assert.equal(await shouter.shout('hey'), 'HEY!');
  const counter = (await maths.counter()) as unknown as BaseProxy;
  assert.deepEqual([await counter.callMethod('next'), counter.callMethodSync('next')], [1, 2]);
  await assert.rejects(maths.callMethod('_hidden'), { name: 'StateError', code: 'ERR_NOT_EXPOSED' });
  await assert.rejects(maths.callMethod('constructor'), { code: 'ERR_NOT_EXPOSED' });
  await assert.rejects(manager.create('Absent'), { name: 'StateError', code: 'ERR_NOT_REGISTERED', message: /it makes Maths, Shouter/ });
});

test('errors keep their class, their cause and both stacks; what cannot travel is told to the caller', async () => {
  await using manager = new Both();
  manager.startSync();
  const maths = await manager.Maths();
  for (const failing of [() => maths.fail(), () => Promise.resolve(caught(() => maths.failSync()))]) {
    const error = (await failing().catch((thrown: unknown) => thrown)) as Error;
    assert.ok(error instanceof TypeError);
    assert.equal(error.message, 'no');
    assert.equal((error.cause as Error).message, 'the reason');
    assert.match(error.stack!, /Maths\.fail|fail \(/);
    assert.match(error.stack!, /called here/);
    assert.match(error.stack!, /manager\.test/);
  }
  await assert.rejects(maths.unsendable(), { name: 'SendError' });
  assert.throws(() => maths.unsendableSync(), { name: 'SendError' });
  assert.equal(await maths.add(1, 1), 2);
});

function caught(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

test('an object lives as long as a proxy of it, and proxies nest', async () => {
  await using manager = Manager({ linger: 1 });
  const outer = await manager.dict<string, BaseProxy>();
  await (async () => {
    const inner = await manager.list([1, 2]);
    await outer.set('inner', inner);
  })();
  assert.equal(await manager.numberOfObjects(), 2);
  const inner = await outer.get('inner');
  assert.deepEqual(await inner!.callMethod('copy'), [1, 2]);
  const child = new Process({
    target: async (d: typeof outer) => {
      const list = (await d.get('inner'))!;
      await list.callMethod('append', 3);
    },
    args: [outer],
  });
  child.start();
  await child.join();
  assert.deepEqual(await inner!.callMethod('copy'), [1, 2, 3]);
  // A process that ends has no proxies any more.
  const other = new Process({ target: async (m: string) => void m, args: ['x'] });
  other.start();
  await other.join();
  assert.equal(await manager.numberOfObjects(), 2);
});

test('many calls at once are answered each, in the order in which they were made, also among blocking ones', async () => {
  await using manager = Manager();
  const list = await manager.list<number>();
  const calls: Promise<number>[] = [];
  for (let i = 0; i < 200; i++) {
    calls.push(list.append(i));
    if (i % 50 === 0) list.sizeSync();
  }
  assert.deepEqual(
    await Promise.all(calls),
    Array.from({ length: 200 }, (_, i) => i + 1),
  );
  assert.deepEqual(
    await list.copy(),
    Array.from({ length: 200 }, (_, i) => i),
  );
  const big = 'x'.repeat(5 << 20);
  const [a, b] = await Promise.all([list.append(1), (await manager.dict<string, string>({ big })).get('big')]);
  assert.deepEqual([a, b === big], [201, true]);
});

test('a manager that is killed is a named error for all who wait and all who come', async () => {
  const manager = Manager();
  const queue = await manager.Queue<number>();
  const lock = await manager.Lock();
  await lock.acquire();
  const [here, there] = Pipe();
  const child = new Process({
    target: async (q: typeof queue, l: typeof lock, pipe: PipeConnection) => {
      const waiting = q.get();
      await q.size();
      await pipe.send('up');
      const error = await waiting.then(
        () => null,
        (thrown: unknown) => thrown,
      );
      await pipe.send((error as ManagerGoneError).name);
      try {
        l.acquireSync();
      } catch (thrown) {
        await pipe.send((thrown as ManagerGoneError).name);
      }
    },
    args: [queue, lock, there],
  });
  child.start();
  assert.equal(await here.recv(), 'up');
  const waits = Promise.all([assert.rejects(queue.get(), gone), assert.rejects(lock.acquire(), gone)]);
  await queue.size();
  process.kill(manager.pid!, 'SIGKILL');
  await waits;
  assert.equal(await here.recv(), 'ManagerGoneError');
  assert.equal(await here.recv(), 'ManagerGoneError');
  await assert.rejects(queue.put(1), gone);
  assert.throws(() => queue.sizeSync(), gone);
  await assert.rejects(manager.dict(), gone);
  await manager.shutdown();
  await manager.shutdown();
  await child.join();
  here.close();
  there.close();
});

test('a blocked caller of a manager that is killed is told', async () => {
  const manager = Manager();
  const queue = await manager.Queue<number>();
  const killer = new Process({
    target: (pid: number) => process.kill(pid, 'SIGKILL'),
    args: [manager.pid!],
  });
  killer.start();
  assert.throws(() => queue.getSync(), gone);
  await killer.join();
  await manager.shutdown();
});

test('after a shutdown nothing of the manager is left, and its proxies say that it is gone', async () => {
  const manager = Manager();
  const dict = await manager.dict();
  const path = manager.address as string;
  const pid = manager.pid!;
  assert.ok(existsSync(path));
  await manager.shutdown();
  assert.ok(!existsSync(path));
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  await assert.rejects(dict.size(), gone);
  await assert.rejects(manager.dict(), gone);
  assert.equal(await manager.join({ timeout: 1 }), true);
});

test('what keeps a manager from starting is told by the first call', async () => {
  const manager = new SyncManager({ address: '/no/such/folder/socket' });
  await assert.rejects(manager.start(), { name: 'ConnectionRefusedError', code: 'ENOENT' });
  await assert.rejects(manager.dict(), gone);
  const failing = new SyncManager();
  await assert.rejects(failing.start({ initializer: () => Promise.reject(new RangeError('not today')) }), {
    name: 'RangeError',
    message: 'not today',
  });
  const dying = new SyncManager();
  assert.throws(() => dying.startSync({ initializer: () => process.exit(3) }), { ...gone, message: /before it served/ });
  const unused = new SyncManager();
  await assert.rejects(unused.dict(), { name: 'StateError', code: 'ERR_MANAGER_NOT_STARTED' });
});

test('another program connects to a manager over the network, with the secret', async () => {
  await using manager = new Both({ address: ['127.0.0.1', 0], authKey: 'a secret' });
  await manager.start();
  const [host, port] = manager.address as readonly [string, number];
  const source = (secret: string): string => `
    import { BaseManager } from 'manycore/multiprocessing';
    const Remote = BaseManager.register('Maths');
    const manager = new Remote({ address: ['${host}', ${port}], authKey: '${secret}' });
    try {
      await manager.connect();
      const maths = await manager.Maths();
      console.log(await maths.callMethod('add', 20, 22), maths.callMethodSync('add', 1, 1));
    } catch (error) {
      console.log(error.name);
    }`;
  const right = await new Program(source('a secret')).ended;
  assert.equal(right.stdout, '42 2\n', right.stderr);
  const wrong = await new Program(source('another')).ended;
  assert.equal(wrong.stdout, 'AuthenticationError\n', wrong.stderr);
  // Its proxies are given up with the program.
  await until2(async () => (await manager.numberOfObjects()) === 0 || (await manager.debugInfo()).includes(' 0 proxies'));
  // Processes of this program get the secret with the proxy.
  const maths = await manager.Maths();
  const [here, there] = Pipe();
  const child = new Process({
    target: async (m: typeof maths, pipe: PipeConnection) => pipe.send(await m.add(2, 3)),
    args: [maths, there],
  });
  child.start();
  assert.equal(await here.recv(), 5);
  await child.join();
  here.close();
  there.close();
});

test('a program whose manager is not shut down ends all the same, and leaves nothing', async () => {
  for (const how of ['ends', 'is killed'] as const) {
    const program = new Program(`
      import { Manager } from 'manycore/multiprocessing';
      const manager = Manager();
      const dict = await manager.dict({ a: 1 });
      console.log(JSON.stringify([manager.pid, manager.address, await dict.get('a')]));
      ${how === 'ends' ? '' : 'setInterval(() => {}, 1000);'}`);
    await program.printed('\n');
    const [pid, path, value] = JSON.parse(program.stdout) as [number, string, number];
    assert.equal(value, 1);
    if (how === 'is killed') program.child.kill('SIGKILL');
    const { stderr } = await program.ended;
    assert.equal(stderr, '');
    await until(() => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    }, 'the manager has ended');
    if (how === 'ends') assert.ok(!existsSync(path));
  }
});

test('a manager of shared memory unlinks what it has made', () => {
  const manager = new SharedMemoryManager();
  const memory = manager.SharedMemory(100);
  const list = manager.ShareableList([1, 'two']);
  assert.equal(list.at(1), 'two');
  assert.ok(existsSync(`/dev/shm/${memory.name}`));
  manager.shutdown();
  manager.shutdown();
  assert.ok(!existsSync(`/dev/shm/${memory.name}`));
  assert.ok(!existsSync(`/dev/shm/${list.shm.name}`));
  assert.throws(() => manager.SharedMemory(1), { name: 'StateError', code: 'ERR_MANAGER_GONE' });
});

const parentOf = (pid: number): number => Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);

test('a pool in a manager works for all who have a proxy of it, with processes of the manager’s', async () => {
  await using manager = Manager({ linger: 1 });
  const pool = await manager.Pool(2);
  const factor = 10;
  assert.equal(await pool.apply((a: number, b: number) => (a + b) * factor, [1, 2]), 30);
  assert.deepEqual(await pool.map((n: number) => n * factor, new Set([1, 2, 3])), [10, 20, 30]);
  assert.deepEqual(
    pool.starmapSync(
      (a: number, b: string) => b.repeat(a),
      [
        [2, 'x'],
        [3, 'y'],
      ],
    ),
    ['xx', 'yyy'],
  );
  const later = await pool.mapAsync((n: number) => n + 1, [1, 2]);
  assert.deepEqual(await later.get({ timeout: LONG }), [2, 3]);
  assert.deepEqual([await later.ready(), await later.successful()], [true, true]);
  const squares: number[] = [];
  for await (const square of await pool.imap((n: number) => n * n, [1, 2, 3])) squares.push(square);
  assert.deepEqual(squares, [1, 4, 9]);
  await assert.rejects(
    pool.apply(() => assert.fail('from the worker')),
    { message: 'from the worker' },
  );
  await assert.rejects(
    pool.apply(() => process.kill(process.pid, 'SIGKILL')),
    { name: 'BrokenProcessPool' },
  );
  const answers = new ProcessQueue();
  const child = new Process({
    target: async (same: typeof pool, there: ProcessQueue) => there.putSync(await same.map((n: number) => n * 2, [4, 5])),
    args: [pool, answers],
  });
  child.start();
  assert.deepEqual(await answers.get(), [8, 10]);
  await child.join();
  const pids = await pool.pids();
  assert.equal(pids.length, 2);
  assert.ok(pids.every((pid) => parentOf(pid) === manager.pid));
  await pool.close();
  assert.equal(await pool.join({ timeout: LONG }), true);
  await assert.rejects(
    pool.apply(() => 1),
    { code: 'ERR_POOL_CLOSED' },
  );
});

test('the workers of a pool in a manager end with its last proxy, with the manager, and when that is killed', async () => {
  const gone = (pids: readonly number[]): Promise<void> => until(() => pids.every((pid) => !existsSync(`/proc/${pid}`)), 'the workers end');
  for (const how of ['the last proxy', 'a shutdown', 'a kill'] as const) {
    const manager = Manager({ linger: 1 });
    const pids = await (async () => {
      const pool = await manager.Pool(1);
      const [pid] = await pool.pids();
      if (how !== 'the last proxy') void pool.apply(() => void new ProcessEvent().waitSync()).catch(() => {});
      return [pid!];
    })();
    if (how === 'a kill') process.kill(manager.pid!, 'SIGKILL');
    else if (how === 'a shutdown') await manager.shutdown();
    else await until(() => (collectGarbage(), pids.every((pid) => !existsSync(`/proc/${pid}`))), 'nobody refers to the pool');
    await gone(pids);
    await manager.shutdown();
  }
});

class Loud extends BaseProxy {
  async shout(text: string): Promise<string> {
    return `${String(await this.callMethod('say', text))}!`;
  }
}

test('a type may have a class of proxies of its own, which travels with them', async () => {
  class Speaker {
    say(text: string): string {
      return text.toUpperCase();
    }
  }
  const Talks = BaseManager.register('Speaker', Speaker, { proxyType: Loud });
  await using manager = new Talks();
  await manager.start();
  const speaker = (await manager.Speaker()) as unknown as Loud & { say(text: string): Promise<string> };
  assert.ok(speaker instanceof Loud);
  assert.equal(await speaker.shout('a'), 'A!');
  const answers = new ProcessQueue<string>();
  const child = new Process({
    target: async (same: Loud, there: ProcessQueue<string>) => there.putSync(await same.shout('b')),
    args: [speaker, answers],
  });
  child.start();
  assert.equal(await answers.get(), 'B!');
  await child.join();
  assert.equal(await speaker.say('c'), 'C');
});

test('a manager of a context is started by its method', async () => {
  class Probe {
    hasThreads(): boolean {
      try {
        void new Worker('', { eval: true }).terminate();
        return true;
      } catch {
        return false;
      }
    }
  }
  const Probing = BaseManager.register('Probe', Probe);
  for (const method of ['spawn', 'forkserver'] as const) {
    await using manager = new Probing({ mpContext: getContext(method), shutdownTimeout: LONG });
    await manager.start();
    const probe = await manager.Probe();
    assert.equal(await probe.hasThreads(), method === 'spawn');
    await using names = getContext(method).Manager();
    assert.equal(await (await names.dict({ a: 1 })).get('a'), 1);
  }
  await endForkServer();
});

test("a manager's set has Python's operations, with any number of others", async () => {
  await using manager = Manager();
  const set = await manager.set([1, 2, 3]);
  assert.deepEqual(await set.union([3, 4], [5]), new Set([1, 2, 3, 4, 5]));
  assert.deepEqual(await set.intersection(new Set([2, 3, 9]), [3]), new Set([3]));
  assert.deepEqual(await set.difference([1]), new Set([2, 3]));
  assert.deepEqual(await set.symmetricDifference([3, 4]), new Set([1, 2, 4]));
  assert.deepEqual(
    [await set.isSubsetOf([1, 2, 3, 4]), await set.isSupersetOf([1, 9]), await set.isDisjointFrom([7]), await set.isDisjointFrom([1])],
    [true, false, true, false],
  );
  await set.symmetricDifferenceUpdate([3, 4, 4]);
  await set.intersectionUpdate([1, 4, 8]);
  await set.update([5], [6]);
  await set.differenceUpdate([1]);
  assert.deepEqual([await set.remove(5), await set.discard(5), await set.values()], [true, false, [4, 6]]);
});
