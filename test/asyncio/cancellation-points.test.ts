import assert from 'node:assert/strict';
import { getRunningLoop, run, timeout } from '../../src/asyncio/index.ts';
import { asCompleted, gather, ProcessPoolExecutor, ThreadPoolExecutor, wait } from '../../src/futures/index.ts';
import * as multiprocessing from '../../src/multiprocessing/index.ts';
import { Queue } from '../../src/queue/index.ts';
import { pause, signals, sigwait } from '../../src/signal/index.ts';
import { SlurmExecutor } from '../../src/slurm/executor/slurm-executor.ts';
import { call, PIPE, pipeline, Popen, run as runCommand, sh } from '../../src/subprocess/index.ts';
import { Barrier, Condition, Event, Lock, Once, RWLock, Semaphore, Thread } from '../../src/threading/index.ts';
import { SHORT } from '../support/patience.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

const stands = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);

type Wait = () => PromiseLike<unknown>;

/** Each of the waits has no end of its own: only the time-out of the task that awaits it. */
async function allAreCancelled(waits: Readonly<Record<string, Wait>>): Promise<void> {
  await run(async () => {
    for (const [name, act] of Object.entries(waits)) {
      await assert.rejects(
        timeout(SHORT, async () => void (await act())),
        { name: 'TimeoutError' },
        name,
      );
    }
  });
}

test('a cancel reaches every wait for threads, and for what they share', async () => {
  const lock = new Lock();
  const pages = new RWLock();
  const thread = new Thread({
    daemon: true,
    target: () => {
      using _ = lock.acquireSync();
      using __ = pages.acquireWriteSync();
      stands();
    },
  });
  thread.start();
  await until(() => lock.locked && pages.holders !== 0);
  const condition = new Condition();
  const once = new Once();
  void once.call(() => new Promise(() => {}));
  const full = new Queue<number>({ maxSize: 1 });
  await full.put(1);
  await allAreCancelled({
    'Thread.join': () => thread.join(),
    'Lock.acquire': () => lock.acquire(),
    'RWLock.acquireRead': () => pages.acquireRead(),
    'RWLock.acquireWrite': () => pages.acquireWrite(),
    'Semaphore.acquire': () => new Semaphore(0).acquire(),
    'Event.wait': () => new Event().wait(),
    'Barrier.wait': () => new Barrier(2).wait(),
    'Condition.wait': async () => {
      using _ = (await condition.acquire())!;
      await condition.wait();
    },
    'Once.call': () => once.call(() => {}),
    'Queue.get': () => new Queue().get(),
    'Queue.put': () => full.put(2),
    'Queue.join': () => full.join(),
    'for await of a queue': async () => {
      for await (const _ of new Queue());
    },
  });
  assert.equal(full.size, 1);
  await thread.terminate();
});

test('a cancel reaches every wait for futures and executors, and their tasks go on', async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
  const future = pool.submit(stands);
  const far = processes.submit(stands);
  await until(() => future.running && far.running);
  await allAreCancelled({
    'await future': async () => await future,
    'future.result': () => future.result(),
    'future.exception': () => future.exception(),
    'process future': async () => await far,
    wait: () => wait([future]),
    gather: () => gather([future]),
    asCompleted: async () => {
      for await (const _ of asCompleted([future]));
    },
    map: async () => {
      for await (const _ of pool.map((x: number) => x, [1, 2]));
    },
    shutdown: () => pool.shutdown(),
  });
  assert.deepEqual([future.running, far.running], [true, true]);
  await Promise.all([pool.terminateWorkers(), processes.terminateWorkers()]);
});

test('a cancel reaches every wait for the nodes of a cluster, and what runs there goes on', async () => {
  const cluster = new SlurmExecutor({ launcher: 'local', workersPerNode: 1 });
  const future = cluster.submit(stands);
  await until(() => future.running);
  await allAreCancelled({
    'await future': async () => await future,
    'future.result': () => future.result(),
    wait: () => wait([future]),
    gather: () => gather([future]),
    map: async () => {
      for await (const _ of cluster.map((x: number) => x, [1, 2]));
    },
    runInExecutor: () => getRunningLoop().runInExecutor(cluster, (x: number) => x, 1),
    shutdown: () => cluster.shutdown(),
  });
  assert.equal(future.running, true);
  future.cancel({ running: true });
  await cluster.shutdown();
});

test('a cancel reaches every wait for processes, commands and signals', async () => {
  const child = new multiprocessing.Process({ target: stands });
  child.start();
  const [here, there] = multiprocessing.Pipe();
  using listener = new multiprocessing.Listener();
  const [client, accepted] = await Promise.all([multiprocessing.Client(listener.address), listener.accept()]);
  const pool = new multiprocessing.Pool(1);
  const result = pool.applyAsync(stands);
  const command = new Popen(['cat'], { stdin: PIPE, stdout: PIPE });
  const other = new Popen(['sleep', '1000']);
  const silent = new Popen(['sleep', '1000'], { stdout: PIPE });
  const lines = silent.stdout.lines();
  const [deaf, deafToo] = [new Popen(['sleep', '1000'], { stdin: PIPE }), new Popen(['sleep', '1000'], { stdin: PIPE })];
  const much = Buffer.alloc(4 << 20);
  const chain = pipeline(['sleep', '1000'], ['cat']);
  using come = signals('SIGUSR2');
  await allAreCancelled({
    'Process.join': () => child.join(),
    'Connection.recv': () => here.recv(),
    'Connection.poll': () => here.poll({ timeout: Infinity }),
    'Listener.accept': () => listener.accept(),
    'Listener, gone through': async () => {
      for await (const one of listener) one.close();
    },
    'SocketConnection.recv': () => client.recv(),
    'SocketConnection.poll': () => client.poll({ timeout: Infinity }),
    connectionWait: () => multiprocessing.connectionWait([here]),
    'multiprocessing.Queue.get': () => new multiprocessing.Queue().get(),
    'multiprocessing.Event.wait': () => new multiprocessing.Event().wait(),
    'AsyncResult.get': () => result.get(),
    'AsyncResult.wait': () => result.wait(),
    'Popen.wait': () => other.wait(),
    'Popen.stdout.read': () => command.stdout.read(),
    'Popen.stdout.lines': () => lines.next(),
    'Popen.stdin.write, of a full pipe': () => deaf.stdin.write(much),
    'Popen.stdin.close, of a full pipe': () => deaf.stdin.close(),
    'Popen.communicate': () => deafToo.communicate(much),
    run: () => runCommand(['sleep', '1000']),
    call: () => call(['sleep', '1000']),
    'pipeline.run': () => pipeline(['sleep', '1000'], ['cat']).run(),
    'pipeline.wait': () => chain.wait(),
    'pipeline.lines': () => chain.lines().next(),
    sh: () => sh`sleep 1000; true`,
    sigwait: () => sigwait('SIGUSR2'),
    pause: () => pause(),
    signals: () => come.next(),
  });
  for (const one of [deaf, deafToo, silent, ...chain.stages]) {
    one.kill();
    await one.wait();
  }
  child.kill();
  other.kill();
  command.kill();
  pool.terminate();
  client.close();
  accepted!.close();
  here.close();
  there.close();
  await Promise.all([child.join(), other.wait(), command.wait(), pool.join()]);
});
