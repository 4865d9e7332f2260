import assert from 'node:assert/strict';
import { createTask, run, sleep } from '../../src/asyncio/index.ts';
import { dismissSpares } from '../../src/host/process/spares.ts';
import { Client, currentProcess, Event as ProcessEvent, Manager, Process } from '../../src/multiprocessing/index.ts';
import { Event, Thread } from '../../src/threading/index.ts';
import { leavesNothing } from '../support/leaves-nothing.ts';
import { after, test } from '../support/test.ts';

leavesNothing();
after(dismissSpares);

const secret = (): Uint8Array => currentProcess().authKey;

test('who knows the secret and talks nonsense is sent away, and the manager goes on', async () => {
  await using manager = Manager();
  const dict = await manager.dict({ a: 1 });
  for (const nonsense of [Buffer.alloc(0), Buffer.from('short'), Buffer.alloc(64, 0xff)]) {
    const hostile = await Client(manager.address!, { authKey: secret() });
    await hostile.sendBytes(nonsense);
    await assert.rejects(hostile.recv(), { code: 'ERR_EOF' });
    hostile.close();
  }
  // A call that can't be read is answered as one that failed.
  const odd = await Client(manager.address!, { authKey: secret() });
  const call = Buffer.alloc(40, 0x7f);
  call.writeUInt32LE(7, 0);
  call.writeUInt32LE(1, 4);
  await odd.sendBytes(call);
  assert.equal(Buffer.from(await odd.recvBytes()).readUInt32LE(4), 5);
  odd.close();
  assert.equal(await dict.get('a'), 1);
});

test('a client that is killed in the middle of a message, and in the middle of a call, takes nothing with it', async () => {
  await using manager = Manager();
  const list = await manager.list<number>([1]);
  const isUp = new ProcessEvent();
  const child = new Process({
    target: async (same: typeof list, up: ProcessEvent) => {
      // Far more than the sockets hold: it is under way when the signal comes.
      const sending = same.append(Buffer.alloc(200 << 20, 'x') as never);
      setTimeout(() => up.set(), 0);
      await sending;
    },
    args: [list, isUp],
  });
  child.start();
  await isUp.wait();
  child.kill();
  await child.join();
  const items = await list.copy();
  // As a whole, or not at all.
  assert.ok(items.length === 1 || items.length === 2);
  await list.set(0, 5);
  assert.equal(await list.get(0), 5);
});

test('what a thread that is terminated has locked in a manager goes to the next one, who is told', async () => {
  await using manager = Manager();
  const lock = await manager.Lock();
  const holds = new Event();
  const thread = new Thread({
    target: (same: typeof lock, told: Event) => {
      same.acquireSync();
      told.set();
      for (;;);
    },
    args: [lock, holds],
  });
  thread.start();
  await holds.wait();
  const waiting = assert.rejects(lock.acquire(), { name: 'AbandonedLockError' });
  await thread.terminate();
  await waiting;
  await lock.release();
});

test('a task that is cancelled in a wait of a manager takes no item with it', async () => {
  await using manager = Manager();
  const queue = await manager.Queue<number>();
  await run(async () => {
    const task = createTask(() => queue.get());
    await sleep(1);
    await queue.size();
    task.cancel();
    await assert.rejects(Promise.resolve(task), { name: 'CancelledError' });
    await queue.put(1);
    assert.equal(await queue.get(), 1);
  });
  // The same for a signal, again and again, at whatever moment it comes: each item is got once.
  const got: number[] = [];
  const puts = (async () => {
    for (let i = 0; i < 50; i++) await queue.put(i);
  })();
  while (got.length < 50) {
    const signal = AbortSignal.timeout(got.length % 3);
    await queue.get({ signal }).then(
      (item) => got.push(item),
      (error: unknown) => assert.equal((error as Error).name, 'TimeoutError'),
    );
  }
  await puts;
  assert.deepEqual(
    got,
    Array.from({ length: 50 }, (_, i) => i),
  );
});
