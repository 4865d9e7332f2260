import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dismissSpares } from '../../src/host/process/spares.ts';
import { endForkServer } from '../../src/host/process/fork/fork-server.ts';
import {
  BrokenProcessPool,
  Event,
  getContext,
  Lock,
  Pipe,
  Queue,
  Semaphore,
  SimpleQueue,
  type StartMethod,
} from '../../src/multiprocessing/index.ts';
import { leavesNothing } from '../support/leaves-nothing.ts';
import { MEDIUM } from '../support/patience.ts';
import { Program } from '../support/program.ts';
import { after, test as testOnce } from '../support/test.ts';
import { Popen } from '../../src/subprocess/index.ts';
import { until } from '../support/until.ts';

leavesNothing();
after(async () => {
  await endForkServer();
  await dismissSpares();
});

/** Each fault, with children of each start method. */
function test(name: string, body: (context: ReturnType<typeof getContext>, method: StartMethod) => Promise<void>): void {
  for (const method of ['spawn', 'forkserver'] as const) testOnce(`${method}: ${name}`, () => body(getContext(method), method));
}

const isGone = (pid: number): boolean => !existsSync(`/proc/${pid}`);

test('a process that is killed while it waits for a lock hinders nobody; one that holds it gives it up', async ({ Process }) => {
  const lock = new Lock();
  const pids = new Queue<number>();
  const held = new Semaphore(0);
  const holder = new Process({
    target: () => {
      lock.acquireSync();
      held.release();
      new Event().waitSync();
    },
  });
  holder.start();
  await held.acquire();
  const waiter = new Process({
    target: () => {
      pids.putSync(process.pid);
      lock.acquireSync();
    },
  });
  waiter.start();
  await pids.get();
  waiter.kill();
  await waiter.join();
  assert.equal(lock.locked, true);
  holder.kill();
  await holder.join();
  await assert.rejects(lock.acquire({ timeout: MEDIUM }), { name: 'AbandonedLockError' });
  lock.release();
  assert.equal(await lock.acquire({ timeout: MEDIUM }), lock);
});

test('a process that is killed while it puts leaves the queue whole: what was put is there, in order, and others go on', async ({
  Process,
}) => {
  for (let round = 0; round < 5; round++) {
    const items = new Queue<[number, string]>({ maxSize: 64 });
    const writer = new Process({
      target: () => {
        const text = 'x'.repeat(5000);
        for (let i = 0; ; i++) items.putSync([i, text]);
      },
    });
    writer.start();
    let next = 0;
    for (; next < 200 + round * 37; next++) assert.equal((await items.get())[0], next);
    writer.kill();
    await writer.join();
    while (!items.isEmpty) {
      const [number, text] = await items.get();
      assert.equal(number, next++);
      assert.equal(text.length, 5000);
    }
    await items.put([-1, 'alive']);
    assert.deepEqual(await items.get(), [-1, 'alive']);
  }
});

test('processes that are killed half-way through their start are reported as killed, and what they were sent is let go', async ({
  Process,
}) => {
  for (let i = 0; i < 5; i++) {
    const [here, there] = Pipe();
    const child = new Process({ target: (end: unknown) => void end, args: [there] });
    child.start();
    child.kill();
    await child.join();
    assert.equal(child.exitCode, -9);
    there.close();
    await assert.rejects(here.recv({ timeout: MEDIUM * 20 }), { name: 'EndOfFileError' });
    here.close();
  }
});

test('a child that closes its end of a pipe, or dies with it, is the end of the file for the other', async ({ Process }) => {
  for (const dies of [false, true]) {
    const [here, there] = Pipe();
    const go = new Event();
    const child = new Process({
      target: (end: typeof there, dying: boolean) => {
        end.sendSync('the last');
        if (dying) process.kill(process.pid, 'SIGKILL');
        end.close();
        go.waitSync();
      },
      args: [there, dies],
    });
    child.start();
    there.close();
    assert.equal(await here.recv(), 'the last');
    await assert.rejects(here.recv({ timeout: MEDIUM * 20 }), { name: 'EndOfFileError' });
    await assert.rejects(here.send('nobody reads'), { name: 'BrokenPipeError' });
    go.set();
    await child.join();
    here.close();
  }
});

test('a message that is larger than shared memory is refused where it is put, and the queue goes on', async ({ Process }) => {
  const codes = new SimpleQueue();
  const child = new Process({
    target: () => {
      try {
        codes.putSync(new Uint8Array(300 << 20));
      } catch (error) {
        codes.putSync((error as { code: string }).code);
      }
    },
  });
  child.start();
  assert.equal(await codes.get(), 'ERR_SHARED_MEMORY_FULL');
  await child.join();
  assert.equal(child.exitCode, 0);
});

test('the error of a task whose worker died says who, how, which task and what it last wrote', async ({ Pool }) => {
  await using pool = new Pool(1);
  const lost = pool.apply(function crash() {
    console.error('last words');
    process.kill(process.pid, 'SIGKILL');
  });
  await assert.rejects(lost, (error) => {
    assert.ok(error instanceof BrokenProcessPool);
    assert.match(error.message, /process PoolWorker-\d+ \(pid \d+\) was ended by signal SIGKILL while it ran crash \(task 1\)/);
    assert.match(error.message, /last words/);
    assert.equal(error.exitCode, -9);
    return true;
  });
});

test('where no descriptors are left a start is refused, with the reason, and goes again when there are some', async (_context, method) => {
  const program = new Program(
    `
    import { closeSync, openSync } from 'node:fs';
    import { getContext } from 'manycore/multiprocessing';
    const { Process } = getContext(${JSON.stringify(method)});
    const first = new Process({ target: () => {} });
    first.start();
    await first.join();
    const taken = [];
    let refused;
    // What the one before had open is closed when the loop comes to it: then there are some again, and a start succeeds.
    for (let hasStarted = true; hasStarted; ) {
      try { for (;;) taken.push(openSync('/dev/null')); } catch {}
      refused = new Process({ target: () => {} });
      try { refused.start(); await refused.join(); } catch (error) { hasStarted = false; console.log(error.name, error.code); }
    }
    for (const fd of taken) closeSync(fd);
    refused.start();
    await refused.join();
    console.log(refused.exitCode);`,
    { under: ['sh', '-c', 'ulimit -n 512; exec "$0" "$@"'], env: { MANYCORE_SPARE_PROCESSES: '0' } },
  );
  const { stdout, stderr } = await program.ended;
  assert.equal(stdout, 'StateError ERR_PROCESS_START\n0\n', stderr);
});

test('Ctrl-C at a terminal ends the program and its children, in order, and what they have printed is whole', async (_context, method) => {
  const multiprocessing = new URL('../../src/multiprocessing/index.js', import.meta.url).href;
  const program = `
    import { Event, getContext, Semaphore } from ${JSON.stringify(multiprocessing)};
    const { Process } = getContext(${JSON.stringify(method)});
    const ready = new Semaphore(0);
    const children = [0, 1].map((i) => new Process({ target: async () => {
      process.on('exit', () => console.log('child ' + i + ' ' + 'x'.repeat(2000) + ' ends'));
      ready.release();
      await new Promise((resolve) => setTimeout(resolve, 60000));
    } }));
    for (const child of children) child.start();
    for (const _ of children) await ready.acquire();
    process.once('SIGINT', async () => {
      for (const child of children) await child.join();
      console.log('all ended:', children.map(({ exitCode }) => exitCode).join());
      process.exit(130);
    });
    console.log('PIDS', JSON.stringify(children.map(({ pid }) => pid)));`;
  const popen = new Popen([process.execPath, '--input-type=module', '-e', program], { pty: true, text: true });
  let output = '';
  let pids: number[] = [];
  for await (const line of popen.stdout!.lines()) {
    output += `${line}\n`;
    const found = /PIDS (\[.*\])/.exec(line);
    if (found !== null) {
      pids = JSON.parse(found[1]!) as number[];
      await popen.stdin!.write('\x03');
    }
  }
  assert.equal(await popen.wait(), 130);
  for (const i of [0, 1]) assert.ok(output.includes(`child ${i} ${'x'.repeat(2000)} ends`), output.replaceAll(/x+/g, 'x'));
  assert.match(output, /all ended: 1,1/);
  for (const pid of pids) await until(() => isGone(pid), 'the children have ended');
});
