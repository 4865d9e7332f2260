import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { isCopy } from '../../src/host/process/fork/copy.ts';
import { endForkServer, forkServerPid, readyCopyPid } from '../../src/host/process/fork/fork-server.ts';
import { flagsForChildren } from '../../src/host/process/launch.ts';
import { dismissSpares } from '../../src/host/process/spares.ts';
import { BrokenProcessPool, Event, getContext, Lock, Queue, SystemExit } from '../../src/multiprocessing/index.ts';
import { ProcessPoolExecutor } from '../../src/futures/index.ts';
import { leavesNothing } from '../support/leaves-nothing.ts';
import { Program } from '../support/program.ts';
import { programLines } from '../support/program-lines.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';

const { Process, Pool } = getContext('forkserver');
const warnings: string[] = [];
process.on('warning', (warning) => void warnings.push(warning.message));

leavesNothing();
after(async () => {
  await endForkServer();
  await dismissSpares();
});

async function exitCodeOf(target: () => unknown): Promise<number | null> {
  const child = new Process({ target });
  child.start();
  await child.join();
  return child.exitCode;
}

test('a child is a copy of the server, and in all it knows of itself a process in its own right', async () => {
  const answers = new Queue<unknown[]>();
  const random: number[] = [];
  for (let i = 0; i < 3; i++) {
    const child = new Process({
      target: (n: number) => answers.putSync([n, isCopy(), process.pid, process.ppid, process.execArgv, process.title, Math.random()]),
      args: [i],
      name: 'Copied',
    });
    child.start();
    await child.join();
    assert.equal(child.exitCode, 0);
    const answer = await answers.get();
    random.push(answer.pop() as number);
    assert.deepEqual(answer, [i, true, child.pid, process.pid, flagsForChildren(), 'Copied']);
  }
  assert.equal(new Set(random).size, 3);
  assert.deepEqual(warnings, []);
});

test('exit codes are those of other children: the end, an exit, an error, signals', async () => {
  assert.equal(await exitCodeOf(() => {}), 0);
  assert.equal(
    await exitCodeOf(() => {
      throw new SystemExit(7);
    }),
    7,
  );
  assert.equal(await exitCodeOf(() => process.exit(4)), 4);
  assert.equal(await exitCodeOf(() => process.kill(process.pid, 'SIGKILL')), -9);
  const ended: (number | null)[] = [];
  for (const end of ['terminate', 'kill', 'interrupt'] as const) {
    const begun = new Event();
    const child = new Process({
      target: async () => {
        begun.set();
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      },
    });
    child.start();
    await begun.wait();
    child[end]();
    await child.join();
    ended.push(child.exitCode);
  }
  assert.deepEqual(ended, [-15, -9, 1]);
});

test('a blocked parent joins it, and sees its exit code', () => {
  const child = new Process({ target: () => process.exit(3) });
  child.start();
  assert.equal(child.joinSync(), true);
  assert.equal(child.exitCode, 3);
});

test('an error that nobody catches, also in a timer or a promise, is printed, and listeners for the exit run', async () => {
  const { lines, stderr } = await programLines(`
    import { getContext } from 'manycore/multiprocessing';
    const { Process } = getContext('forkserver');
    const targets = [
      () => { throw new TypeError('at once'); },
      () => { setTimeout(() => { throw new TypeError('later'); }); return new Promise(() => {}); },
      () => { Promise.reject(new TypeError('unheard')); return new Promise(() => {}); },
    ];
    for (const target of targets) {
      const child = new Process({ args: [target], target: (act) => { process.on('exit', (code) => console.log('at exit', code)); return act(); } });
      child.start();
      await child.join();
      console.log(child.exitCode);
    }`);
  assert.deepEqual(lines, ['at exit 1', '1', 'at exit 1', '1', 'at exit 1', '1'], stderr);
  for (const text of ['at once', 'later', 'unheard']) assert.match(stderr, new RegExp(`TypeError: ${text}\\n\\s+at `));
});

test('in a child everything works that needs the loop, late modules, sockets and processes', async () => {
  const answers = new Queue();
  const child = new Process({
    target: async () => {
      const { execFileSync } = await import('node:child_process');
      const { gzipSync, gunzip } = await import('node:zlib');
      const { promisify } = await import('node:util');
      const unzipped = await promisify(gunzip)(gzipSync('zipped'));
      await answers.put([execFileSync('/bin/echo', ['started'], { encoding: 'utf8' }), unzipped.toString()]);
    },
  });
  child.start();
  await child.join();
  assert.deepEqual(await answers.get(), ['started\n', 'zipped']);
});

test('threads are refused in a child, by name, and the process goes on', async () => {
  const answers = new Queue();
  const child = new Process({
    target: async () => {
      const { Worker } = await import('node:worker_threads');
      const threading = (await import(
        new URL('../../src/threading/index.js', import.meta.url).href
      )) as typeof import('../../src/threading/index.ts');
      for (const make of [() => new Worker(''), () => new threading.Thread({ target: () => {} }).start()]) {
        try {
          make();
        } catch (error) {
          answers.putSync([(error as Error).name, (error as { code: string }).code]);
        }
      }
    },
  });
  child.start();
  await child.join();
  assert.equal(child.exitCode, 0);
  for (let i = 0; i < 2; i++) assert.deepEqual(await answers.get(), ['StateError', 'ERR_NO_THREADS_IN_FORK']);
});

test('a child starts children of its own, by a server of its own', async () => {
  const { lines, stderr } = await programLines(`
    import { Process, setStartMethod } from 'manycore/multiprocessing';
    import { isCopy } from 'manycore/host/process/fork/copy';
    setStartMethod('forkserver');
    const grow = async (depth) => {
      console.log(depth, isCopy());
      if (depth === 0) return;
      const child = new Process({ target: grow, args: [depth - 1] });
      child.start();
      await child.join();
    };
    await grow(2);`);
  assert.deepEqual(lines, ['2 false', '1 true', '0 true'], stderr);
});

test('pools and executors have copies as workers, and one that is killed fails its task only', async () => {
  {
    await using pool = new Pool(2);
    assert.deepEqual(await pool.map((n: number) => n * 2, [5, 10, 20]), [10, 20, 40]);
    assert.equal(await pool.apply(isCopy), true);
    const lock = new Lock();
    const victim = pool.applyAsync(() => {
      lock.acquireSync();
      process.kill(process.pid, 'SIGKILL');
    });
    await assert.rejects(victim.get(), BrokenProcessPool);
    await assert.rejects(lock.acquire(), { name: 'AbandonedLockError' });
    assert.equal(await pool.apply(isCopy), true);
  }
  await using executor = new ProcessPoolExecutor({ maxWorkers: 1, mpContext: getContext('forkserver') });
  assert.equal(await executor.submit(isCopy), true);
});

test('when the server is killed, its copies live on, and the next child comes from another one', async () => {
  const go = new Event();
  const first = new Process({ target: () => go.waitSync() });
  first.start();
  const server = forkServerPid()!;
  process.kill(server, 'SIGKILL');
  await until(() => !existsSync(`/proc/${server}`), 'the server ends');
  // The next copy may have been made before; the one after that is another server's.
  for (let i = 0; i < 2; i++) assert.equal(await exitCodeOf(() => {}), 0);
  assert.notEqual(forkServerPid(), server);
  assert.equal(first.isAlive, true);
  go.set();
  await first.join();
  assert.equal(first.exitCode, 0);
  assert.deepEqual(warnings, []);
});

const copyWaits = (): Promise<void> => until(() => readyCopyPid() !== null, 'the next copy waits');

test('the next copy waits for its start, and one that was killed while it waited is not handed out', async () => {
  assert.equal(await exitCodeOf(() => {}), 0);
  await copyWaits();
  const waiting = readyCopyPid()!;
  const taken = new Process({ target: () => {} });
  taken.start();
  assert.equal(taken.pid, waiting);
  await taken.join();
  assert.equal(taken.exitCode, 0);
  await copyWaits();
  const killed = readyCopyPid()!;
  process.kill(killed, 'SIGKILL');
  // This process has no time to hear of it.
  while (!readFileSync(`/proc/${killed}/stat`, 'latin1').includes(') Z '));
  const next = new Process({ target: () => {} });
  next.start();
  assert.notEqual(next.pid, killed);
  await next.join();
  assert.equal(next.exitCode, 0);
  await until(() => !existsSync(`/proc/${killed}`), 'the killed one is reaped');
});

test('when the server is killed while it makes the next copy, the start after that gets another server', async () => {
  for (let round = 0; round < 5; round++) {
    // Two in a row: the next one is asked for at once.
    for (let i = 0; i < 2; i++) assert.equal(await exitCodeOf(() => {}), 0);
    process.kill(forkServerPid()!, 'SIGKILL');
    for (let i = 0; i < 2; i++) assert.equal(await exitCodeOf(() => {}), 0);
  }
  assert.deepEqual(warnings, []);
});

test('a server that is killed between a copy and telling of it leaves no copy behind', async () => {
  const deadly = `
    const { writeInt32LE } = Buffer.prototype;
    let copies = 0;
    Buffer.prototype.writeInt32LE = function (...args) {
      // What is about to be sent: that a copy is whole. One has examined itself, one was handed out.
      if (this.length === 8 && args[0] === 1 && args[1] === 4 && ++copies === 3) process.kill(process.pid, 'SIGKILL');
      return writeInt32LE.apply(this, args);
    };`;
  const { lines, stderr } = await programLines(`
    import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
    import { getContext, setForkServerPreload } from 'manycore/multiprocessing';
    import { endForkServer, forkServerPid } from 'manycore/host/process/fork/fork-server';
    const folder = mkdtempSync('/tmp/manycore-preload-');
    writeFileSync(folder + '/deadly.cjs', ${JSON.stringify(deadly)});
    setForkServerPreload([folder + '/deadly.cjs']);
    const { Process } = getContext('forkserver');
    const servers = new Set();
    for (let i = 0; i < 6; i++) {
      const child = new Process({ target: () => {} });
      child.start();
      servers.add(forkServerPid());
      await child.join();
      console.log(child.exitCode);
    }
    await endForkServer();
    // Servers that were killed are reaped when this program hears of it.
    const children = () => readFileSync('/proc/self/task/' + process.pid + '/children', 'latin1').trim();
    for (let looks = 0; children() !== '' && looks < 500; looks++) await new Promise((resolve) => setTimeout(resolve, 10));
    console.log(servers.size > 1, children().split(' ').map((pid) => pid && readFileSync('/proc/' + pid + '/stat', 'latin1')));
    rmSync(folder, { recursive: true });`);
  assert.deepEqual(lines, [...Array(6).fill('0'), "true [ '' ]"], stderr);
  assert.equal(stderr, '');
});

test('many children at once come and go, and none is left as a zombie', async () => {
  const children = Array.from({ length: 20 }, () => new Process({ target: () => new Event().waitSync() }));
  for (const child of children) child.start();
  for (const child of children) child.terminate();
  for (const child of children) await child.join();
  assert.deepEqual(new Set(children.map(({ exitCode }) => exitCode)), new Set([-15]));
  assert.deepEqual(
    children.filter(({ pid }) => existsSync(`/proc/${pid}`)),
    [],
  );
});

test('a copy that lacks memory, for V8 took some in the middle of the copying, is never handed out', async () => {
  // The look at the memory right before a copy ends with such a comparison: here memory is taken after each third.
  const heavy = `
    const { compare } = Buffer.prototype;
    globalThis.taken = [];
    let looks = 0;
    Buffer.prototype.compare = function (...args) {
      const order = compare.apply(this, args);
      if (order === 0 && ++looks % 3 === 0) globalThis.taken.push(new Array(100_000).fill(looks));
      return order;
    };`;
  const { lines, stderr } = await programLines(`
    import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
    import { getContext, setForkServerPreload } from 'manycore/multiprocessing';
    const folder = mkdtempSync('/tmp/manycore-preload-');
    writeFileSync(folder + '/heavy.cjs', ${JSON.stringify(heavy)});
    setForkServerPreload([folder + '/heavy.cjs']);
    const { Process, Queue } = getContext('forkserver');
    const sums = new Queue();
    for (let i = 0; i < 12; i++) {
      const child = new Process({ target: () => sums.putSync(globalThis.taken.flat().reduce((sum, n) => sum + n, 0) / 100_000) });
      child.start();
      await child.join();
      console.log(child.exitCode, child.exitCode === 0 && Number.isInteger(await sums.get()));
    }
    rmSync(folder, { recursive: true });`);
  assert.deepEqual(lines, Array(12).fill('0 true'), stderr);
  assert.equal(stderr, '');
});

test('modules are loaded ahead, once for all children', async () => {
  const { lines, stderr } = await programLines(`
    import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
    import { getContext, setForkServerPreload } from 'manycore/multiprocessing';
    const folder = mkdtempSync('/tmp/manycore-preload-');
    const file = folder + '/heavy.mjs';
    writeFileSync(file, 'globalThis.loadedBy = process.pid;');
    setForkServerPreload([file]);
    const { Process } = getContext('forkserver');
    for (let i = 0; i < 2; i++) {
      const child = new Process({ target: () => console.log(typeof globalThis.loadedBy, globalThis.loadedBy === process.pid) });
      child.start();
      await child.join();
    }
    rmSync(folder, { recursive: true });`);
  assert.deepEqual(lines, ['number false', 'number false'], stderr);
});

test('what a module that was loaded ahead has drawn at random, or listens for, is not what its copies draw, and hears of no end but theirs', async () => {
  const { lines, stderr } = await programLines(`
    import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
    import { randomInt, randomUUID } from 'node:crypto';
    import { getContext, setForkServerPreload } from 'manycore/multiprocessing';
    const folder = mkdtempSync('/tmp/manycore-preload-');
    writeFileSync(folder + '/draws.cjs', "const crypto = require('node:crypto'); crypto.randomInt(10); crypto.randomUUID(); Math.random(); process.on('exit', () => console.log('exit'));");
    setForkServerPreload([folder + '/draws.cjs']);
    const { Process, SimpleQueue } = getContext('forkserver');
    const drawn = new SimpleQueue();
    for (let i = 0; i < 3; i++) {
      const child = new Process({ target: () => drawn.putSync([Math.random(), randomInt(2 ** 40), randomUUID()]) });
      child.start();
      await child.join();
    }
    const all = [drawn.getSync(), drawn.getSync(), drawn.getSync()];
    for (const kind of [0, 1, 2]) console.log(new Set(all.map((one) => one[kind])).size);
    console.log(all.every(([random]) => random >= 0 && random < 1));
    rmSync(folder, { recursive: true });`);
  assert.deepEqual(lines, ['exit', 'exit', 'exit', '3', '3', '3', 'true'], stderr);
  assert.equal(stderr, '');
});

test('where a copy could not work, processes are started by spawn, and a warning says why', async () => {
  const source = `
    import { getContext } from 'manycore/multiprocessing';
    const { Process } = getContext('forkserver');
    const child = new Process({ target: () => console.log('spawned') });
    child.start();
    await child.join();`;
  for (const [options, reason] of [
    [{ flags: ['--import', 'data:text/javascript,'] }, /Node was started with --import/],
    [{ env: { NODE_OPTIONS: '--require=node:fs' } }, /Node was started with --require=node:fs/],
  ] as const) {
    const { lines, stderr } = await programLines(source, options);
    assert.deepEqual(lines, ['spawned'], stderr);
    assert.match(stderr, /ForkServerWarning: processes are started by spawn, not by forkserver/);
    assert.match(stderr, reason);
  }
});

test('what is loaded ahead and starts threads makes the server refuse itself', async () => {
  const { lines, stderr } = await programLines(
    `
    import { getContext, setForkServerPreload } from 'manycore/multiprocessing';
    setForkServerPreload([process.env.THREADED]);
    const { Process } = getContext('forkserver');
    const child = new Process({ target: () => console.log('spawned') });
    child.start();
    await child.join();`,
    { env: { THREADED: new URL('../support/threaded-module.js', import.meta.url).href } },
  );
  assert.deepEqual(lines, ['spawned'], stderr);
  assert.match(stderr, /has started threads/);
});

test('when the program is killed, its copies end, also the one that waits, and its server', async () => {
  const program = new Program(`
    import { Event, getContext } from 'manycore/multiprocessing';
    import { forkServerPid, readyCopyPid } from 'manycore/host/process/fork/fork-server';
    const { Process } = getContext('forkserver');
    const begun = new Event();
    const child = new Process({ target: () => { begun.set(); for (;;); } });
    child.start();
    await begun.wait();
    while (readyCopyPid() === null) await new Promise((resolve) => setTimeout(resolve, 5));
    console.log('pids ' + JSON.stringify([child.pid, forkServerPid(), readyCopyPid()]) + '.');
    await child.join();`);
  await program.printed('.');
  const pids = JSON.parse(/\[.*\]/.exec(program.stdout)![0]) as number[];
  program.child.kill('SIGKILL');
  await program.ended;
  for (const pid of pids) await until(() => !existsSync(`/proc/${pid}`), 'the processes of a killed program end');
});
