import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dismissSpares } from '../../src/host/process/spares.ts';
import {
  activeChildren,
  connectionWait,
  connectionWaitSync,
  cpuCount,
  currentProcess,
  Event,
  getStartMethod,
  int32,
  parentProcess,
  Pipe,
  Process,
  Queue,
  setStartMethod,
  SystemExit,
  Value,
} from '../../src/multiprocessing/index.ts';
import * as multiprocessing from '../../src/multiprocessing/index.ts';
import { run, sleep } from '../../src/asyncio/index.ts';
import { Thread } from '../../src/threading/index.ts';
import { sharedNames, zombies } from '../support/leftovers.ts';
import { leavesNothing } from '../support/leaves-nothing.ts';
import { LONG } from '../support/patience.ts';
import { programLines } from '../support/program-lines.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';

leavesNothing();
after(dismissSpares);

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

/** Runs a program as a process of its own, with the package at hand, and gives what it printed. */
function runProgram(text: string): { readonly stdout: string; readonly stderr: string; readonly status: number | null } {
  const multiprocessing = new URL('../../src/multiprocessing/index.js', import.meta.url).href;
  const program = `import { Process, Queue, Lock, Event, Value, int32, SystemExit, currentProcess } from ${JSON.stringify(multiprocessing)};\n${text}`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: 60_000 });
}

test('a program that uses much of the package, and listens to its end itself, is not warned of a leak of listeners', () => {
  const at = (name: string): string => JSON.stringify(new URL(`../../src/${name}/index.js`, import.meta.url).href);
  const { stdout, stderr } = runProgram(`
    import { Listener, Manager, Pipe, Pool, SharedMemory } from ${at('multiprocessing')};
    import { run, toThread } from ${at('asyncio')};
    // Node has one of its own.
    for (let i = 0; i < 9; i++) process.on('exit', () => {});
    const [here, there] = Pipe();
    const listener = new Listener();
    const memory = new SharedMemory({ create: true, size: 1 });
    const manager = Manager();
    await manager.list();
    const pool = new Pool(1);
    await pool.apply(() => 1);
    await run(() => toThread(() => 1));
    await manager.shutdown();
    pool.terminate();
    listener.close();
    memory.unlink();
    here.close();
    there.close();
    console.log(process.listenerCount('exit') > 14);`);
  assert.deepEqual([stdout, stderr], ['true\n', '']);
});

test('before its start a process is not alive, has no exit code and no pid, and is not listed [PRC-01]', () => {
  const process = new Process({ target: () => {} });
  assert.equal(process.isAlive, false);
  assert.equal(process.exitCode, null);
  assert.equal(process.pid, null);
  assert.equal(activeChildren().includes(process), false);
});

test('while it runs it is alive and listed; after its end it has an exit code and is neither [PRC-02] [PRC-04]', async () => {
  const go = new Event();
  const process = new Process({ target: () => go.waitSync() });
  process.start();
  assert.equal(process.isAlive, true);
  assert.equal(process.exitCode, null);
  assert.ok(activeChildren().includes(process));
  assert.equal(await process.join({ timeout: 0 }), false);
  go.set();
  assert.equal(await process.join(), true);
  assert.equal(process.exitCode, 0);
  assert.equal(process.isAlive, false);
  assert.equal(activeChildren().includes(process), false);
});

test('arguments and name reach the child, and both sides agree on its pid [PRC-03]', async () => {
  const answers = new Queue();
  const child = new Process({
    target: (...args: unknown[]) => answers.putSync([args, currentProcess().name, currentProcess().pid]),
    args: [1, 'two', { three: [3n] }],
    name: 'Test',
  });
  child.start();
  await child.join();
  assert.deepEqual(await answers.get(), [[1, 'two', { three: [3n] }], 'Test', child.pid]);
});

test('a class that extends Process runs its own run, with its fields', async () => {
  const answers = new Queue<string>();
  class Greeter extends Process {
    greeting = 'hello';
    override run(): void {
      answers.putSync(`${this.greeting} from ${this.name}`);
    }
  }
  const greeter = new Greeter({ name: 'Greeter' });
  greeter.start();
  await greeter.join();
  assert.equal(await answers.get(), 'hello from Greeter');
});

test('unnamed processes are numbered from 1 on, and those of a child carry its number', () => {
  const { stdout, stderr } = runProgram(`
    const names = new Queue();
    const outer = new Process({ target: async () => {
      const inner = new Process({ target: () => names.putSync(currentProcess().name) });
      inner.start();
      await inner.join();
      names.putSync(currentProcess().name);
    } });
    outer.start();
    await outer.join();
    console.log(await names.get(), await names.get());`);
  assert.equal(stdout, 'Process-1:1 Process-1\n', stderr);
});

test('an exit value is its code; true is 1, nothing is 0, and anything else is printed and means 1 [PRC-07]', async () => {
  const codes: (number | null)[] = [];
  for (const value of [3, true, false, undefined]) {
    const process = new Process({
      target: (exit: unknown) => {
        throw new SystemExit(exit);
      },
      args: [value],
    });
    process.start();
    await process.join();
    codes.push(process.exitCode);
  }
  assert.deepEqual(codes, [3, 1, 0, 0]);
  const { stdout, stderr } = runProgram(`
    const p = new Process({ target: () => { throw new SystemExit('no more'); } });
    p.start(); await p.join(); console.log(p.exitCode);`);
  assert.equal(stdout, '1\n');
  assert.equal(stderr, 'no more\n');
  const fraction = runProgram(`
    const p = new Process({ target: () => { throw new SystemExit(1.5); } });
    p.start(); await p.join(); console.log(p.exitCode);`);
  assert.deepEqual([fraction.stdout, fraction.stderr], ['1\n', '1.5\n']);
});

test("Node's own exit code is that of a target which ends in order, and a promise that it rejects and leaves to nobody is an error", () => {
  const { stdout, stderr } = runProgram(`
    const codes = [];
    for (const target of [
      () => { process.exitCode = 9; },
      () => { process.exitCode = 9; throw new SystemExit(0); },
      () => void Promise.reject(new Error('left to nobody')),
      async () => void (async () => { throw new Error('left to nobody'); })(),
    ]) {
      const p = new Process({ target });
      p.start(); await p.join(); codes.push(p.exitCode);
    }
    console.log(codes.join());`);
  assert.equal(stdout, '9,0,1,1\n');
  assert.equal(stderr.match(/Error: left to nobody/g)?.length, 2);
});

test('an uncaught error is printed on stderr with its stack, and the exit code is 1 [PRC-08]', () => {
  const { stdout, stderr } = runProgram(`
    const p = new Process({ name: 'Failing', target: function bad() { throw new TypeError('as it must'); } });
    p.start(); await p.join(); console.log(p.exitCode);`);
  assert.equal(stdout, '1\n');
  assert.match(stderr, /^Process Failing:\nTypeError: as it must\n\s+at .*bad/);
});

test('an argument whose module is missing in the child is reported there, by name, with exit code 1', () => {
  const { stdout, stderr } = runProgram(`
    import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
    import { pathToFileURL } from 'node:url';
    const folder = mkdtempSync('/tmp/manycore-gone-');
    const file = folder + '/gone.mjs';
    writeFileSync(file, 'export function target() {}');
    const { target } = await import(pathToFileURL(file).href);
    rmSync(folder, { recursive: true });
    const p = new Process({ name: 'Lost', target });
    p.start(); await p.join(); console.log(p.exitCode);`);
  assert.equal(stdout, '1\n');
  assert.match(stderr, /^Process Lost could not begin:\n[^]*gone\.mjs/);
});

test('a signal that ends it is its exit code, negative; terminate and kill [PRC-05]', async () => {
  const ended: (number | null)[] = [];
  for (const end of ['terminate', 'kill'] as const) {
    const begun = new Event();
    const process = new Process({
      target: () => {
        begun.set();
        new Event().waitSync();
      },
    });
    process.start();
    await begun.wait();
    process[end]();
    await process.join();
    ended.push(process.exitCode);
  }
  assert.deepEqual(ended, [-15, -9]);
});

test('interrupt ends it with exit code 1, and lets the finally blocks of its tasks run [PRC-06]', async () => {
  const [begun, cleared] = [new Event(), new Event()];
  const child = new Process({
    target: () =>
      run(async () => {
        try {
          begun.set();
          await sleep(60_000);
        } finally {
          cleared.set();
        }
      }),
  });
  child.start();
  await begun.wait();
  child.interrupt();
  await child.join();
  assert.equal(child.exitCode, 1);
  assert.equal(cleared.isSet(), true);
});

test('a child that handles the interrupt itself goes on', async () => {
  const [begun, heard] = [new Event(), new Event()];
  const child = new Process({
    target: async () => {
      process.on('SIGINT', () => heard.set());
      begun.set();
      await heard.wait();
    },
  });
  child.start();
  await begun.wait();
  child.interrupt();
  await child.join();
  assert.equal(child.exitCode, 0);
});

test('interrupt ends it with exit code 1, after its listeners for exit [PRC-06]', async () => {
  const [begun, ended] = [new Event(), new Event()];
  const child = new Process({
    target: async () => {
      process.on('exit', () => ended.set());
      begun.set();
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    },
  });
  child.start();
  await begun.wait();
  child.interrupt();
  await child.join();
  assert.equal(child.exitCode, 1);
  assert.equal(ended.isSet(), true);
});

test('daemon is what the current process is, unless it is said [PRC-09]', async () => {
  assert.equal(new Process({}).daemon, currentProcess().daemon);
  assert.equal(currentProcess().daemon, false);
  assert.equal(new Process({ daemon: true }).daemon, true);
  const said = new Process({});
  said.daemon = true;
  assert.equal(said.daemon, true);
  const answers = new Queue<boolean[]>();
  const daemon = new Process({
    daemon: true,
    target: () => answers.putSync([currentProcess().daemon, new Process({}).daemon, new Process({ daemon: false }).daemon]),
  });
  daemon.start();
  assert.deepEqual(await answers.get(), [true, true, false]);
  await daemon.join();
});

test('a program goes on while it waits for a daemon, and no longer', async () => {
  for (const wait of ['await p.join()', 'await connectionWait([p.sentinel])', "await p.join({ timeout: 1 }); console.log('in vain')"]) {
    const { lines, code } = await programLines(`
      import { connectionWait, Process } from 'manycore/multiprocessing';
      const p = new Process({ daemon: true, target: () => new Promise((resolve) => setTimeout(resolve, ${wait.includes('vain') ? 1e6 : 300})) });
      p.start();
      ${wait};
      console.log('waited');`);
    assert.deepEqual([lines.at(-1), code], ['waited', 0], wait);
  }
});

test('a daemon may not have children, and ends with the program', () => {
  const { stdout, stderr, status } = runProgram(`
    const answers = new Queue();
    const p = new Process({ daemon: true, target: async () => {
      try { new Process({ target: () => {} }).start(); } catch (error) { answers.putSync(error.code); }
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    } });
    p.start();
    console.log(await answers.get());`);
  assert.equal(stdout, 'ERR_DAEMON_CHILD\n', stderr);
  assert.equal(status, 0);
});

test('a process that runs cannot be closed; one that is closed can do nothing more [PRC-11]', async () => {
  const go = new Event();
  const process = new Process({ target: () => go.waitSync() });
  process.start();
  assert.throws(() => process.close(), { name: 'StateError', code: 'ERR_PROCESS_RUNNING' });
  go.set();
  await process.join();
  process.close();
  process.close();
  await assert.rejects(process.join(), { code: 'ERR_PROCESS_CLOSED' });
  for (const use of [
    () => process.exitCode,
    () => process.isAlive,
    () => process.pid,
    () => process.sentinel,
    () => process.start(),
    () => process.joinSync(),
    () => process.terminate(),
    () => process.kill(),
    () => process.interrupt(),
  ])
    assert.throws(use, { name: 'StateError', code: 'ERR_PROCESS_CLOSED' }, use.toString());
});

test('a second start, and a join before the first, are refused', async () => {
  const process = new Process({ target: () => {} });
  await assert.rejects(process.join(), { code: 'ERR_PROCESS_NOT_STARTED' });
  process.start();
  assert.throws(() => process.start(), { code: 'ERR_PROCESS_STARTED' });
  await process.join();
});

test('a child knows its parent; the first process has none [PRC-12]', async () => {
  assert.equal(parentProcess(), null);
  assert.equal(currentProcess().name, 'MainProcess');
  const answers = new Queue();
  const child = new Process({
    target: () =>
      answers.putSync([parentProcess()!.name, parentProcess()!.pid, parentProcess()!.isAlive, parentProcess()!.joinSync({ timeout: 10 })]),
  });
  child.start();
  await child.join();
  assert.deepEqual(await answers.get(), ['MainProcess', process.pid, true, false]);
});

test('a process sees that its parent lives, and that it is killed [PRC-12]', async () => {
  const seen = new Queue<unknown[]>();
  const known = new Event();
  const child = new Process({
    name: 'between',
    target: async () => {
      // What a thread has started, the system does not end with its process.
      const thread = new Thread({
        target: async () => {
          const inner = new Process({
            target: () => {
              const parent = parentProcess()!;
              seen.putSync([parent.name, parent.pid, parent.isAlive]);
              known.waitSync();
              seen.putSync([parent.joinSync({ timeout: LONG }), parent.isAlive]);
            },
          });
          inner.start();
          await inner.join();
        },
      });
      thread.start();
      await thread.join();
    },
  });
  child.start();
  // When it fails, nobody waits for ever.
  using _ = { [Symbol.dispose]: () => known.set() };
  assert.deepEqual(await seen.get(), ['between', child.pid, true]);
  known.set();
  child.kill();
  await child.join();
  assert.deepEqual(await seen.get(), [true, false]);
});

test('the threads of a process know who it is: its name, its parent, its secret, and how it starts others', async () => {
  const answers = new Queue<unknown[]>();
  const tell = (): void =>
    answers.putSync([
      currentProcess().name,
      currentProcess().daemon,
      parentProcess()?.pid ?? null,
      Buffer.from(currentProcess().authKey).toString('hex'),
      getStartMethod({ allowNone: true }),
    ]);
  const inThread = async (): Promise<void> => {
    const thread = new Thread({ target: tell });
    thread.start();
    await thread.join();
  };
  tell();
  await inThread();
  const here = await answers.get();
  assert.deepEqual(await answers.get(), here);
  assert.deepEqual(here.slice(0, 3), ['MainProcess', false, null]);
  const child = new Process({
    name: 'Teller',
    daemon: true,
    target: async () => {
      await inThread();
      currentProcess().name = 'Renamed';
      setStartMethod('forkserver');
      await inThread();
      const refused = new Thread({
        target: () => {
          try {
            new Process({ target: () => {} }).start();
          } catch (error) {
            answers.putSync([(error as { code: string }).code]);
          }
        },
      });
      refused.start();
      await refused.join();
    },
  });
  child.start();
  assert.deepEqual(await answers.get(), ['Teller', true, process.pid, here[3], here[4]]);
  assert.deepEqual(await answers.get(), ['Renamed', true, process.pid, here[3], 'forkserver']);
  assert.deepEqual(await answers.get(), ['ERR_DAEMON_CHILD']);
  await child.join();
});

test('many processes can be started and ended at once, and nothing is left of them [PRC-13]', async () => {
  const [names, descriptors] = [sharedNames(), openDescriptors()];
  const processes = Array.from({ length: 6 }, () => new Process({ target: () => new Event().waitSync() }));
  for (const process of processes) process.start();
  for (const process of processes) process.terminate();
  for (const process of processes) await process.join();
  assert.deepEqual(new Set(processes.map(({ exitCode }) => exitCode)), new Set([-15]));
  for (const process of processes) process.close();
  await dismissSpares();
  await until(() => zombies().length === 0, 'all are reaped');
  assert.deepEqual(
    sharedNames().filter((name) => !names.includes(name)),
    [],
  );
  await until(() => openDescriptors() <= descriptors, 'their descriptors are closed');
});

test('activeChildren leaves out, and has reaped, what has ended without being joined [PRC-17]', async () => {
  const child = new Process({ target: () => {} });
  child.start();
  const { pid } = child;
  assert.deepEqual(await connectionWait([child.sentinel], { timeout: LONG }), [child.sentinel]);
  assert.equal(activeChildren().includes(child), false);
  await until(() => !isRunning(pid!), 'it is reaped');
});

test('a process may start processes [PRC-14]', async () => {
  const total = new Value(int32, 0);
  const grow = async (depth: number): Promise<void> => {
    total.add(1);
    if (depth === 0) return;
    const child = new Process({ target: grow, args: [depth - 1] });
    child.start();
    await child.join();
  };
  await grow(2);
  assert.equal(total.value, 3);
});

test('connectionWait gives what is ready: pipes and sentinels, none when time is up [PRC-16]', async () => {
  const go = new Event();
  const child = new Process({ target: () => go.waitSync() });
  child.start();
  const [left, right] = Pipe();
  const all = [left, child.sentinel];
  assert.deepEqual(await connectionWait(all, { timeout: 0 }), []);
  assert.deepEqual(await connectionWait(all, { timeout: -1 }), []);
  assert.deepEqual(connectionWaitSync(all, { timeout: 1 }), []);
  await right.send('ready');
  assert.deepEqual(await connectionWait(all), [left]);
  await left.recv();
  const waiting = connectionWait(all);
  go.set();
  assert.equal((await waiting).length, 1);
  assert.equal((await waiting)[0], all[1]);
  await child.join();
  left.close();
  right.close();
});

test('listeners for the exit of a child run at its normal end [PRC-18]', async () => {
  const answers = new Queue<string>();
  const child = new Process({
    target: () => {
      process.on('exit', () => answers.putSync('at exit'));
    },
  });
  child.start();
  await child.join();
  assert.equal(await answers.get(), 'at exit');
});

test('values and arrays arrive with their type, whichever it is', async () => {
  const values = [
    new Value(multiprocessing.int8, -1),
    new Value(multiprocessing.uint16, 65_535),
    new Value(multiprocessing.float32, 0.5),
    new Value(multiprocessing.uint64, 2n ** 64n - 1n),
    new Value(multiprocessing.bool, true),
    new Value(multiprocessing.utf8(12), 'übrig'),
    new Value(multiprocessing.bytes(3), Uint8Array.of(1, 2, 3)),
  ];
  const array = new multiprocessing.SharedArray(multiprocessing.int16, [-1, 2]);
  const answers = new Queue();
  const child = new Process({
    target: () => {
      answers.putSync([values.map(({ value }) => value), array.view.constructor.name, [...array]]);
      array.view[1] = 3;
      (values[4] as Value<boolean>).value = false;
      answers.putSync(array);
    },
  });
  child.start();
  assert.deepEqual(await answers.get(), [[-1, 65_535, 0.5, 2n ** 64n - 1n, true, 'übrig', Uint8Array.of(1, 2, 3)], 'Int16Array', [-1, 2]]);
  const back = (await answers.get()) as typeof array;
  assert.deepEqual([...back], [-1, 3]);
  assert.equal(values[4]!.value, false);
  await child.join();
});

test('a function that cannot travel is refused at the start, and the process can be started no less', () => {
  const promise = Promise.resolve(1);
  const refused = new Process({ target: () => promise });
  assert.throws(() => refused.start(), { name: 'SendError', code: 'E_PROMISE' });
  assert.equal(refused.isAlive, false);
});

for (const method of ['spawn', 'forkserver']) {
  test(`${method}: a start that is refused for what cannot travel leaves no process behind, though one had begun`, async () => {
    const { lines, code } = await programLines(
      `import * as fs from 'node:fs';
       import * as multiprocessing from 'manycore/multiprocessing';
       const { Process, Pool } = multiprocessing.getContext('${method}');
       const promise = Promise.resolve(1);
       for (let i = 0; i < 3; i++) try { new Process({ target: () => promise }).start(); } catch (error) { console.log(error.code); }
       try { new Pool({ processes: 2, initializer: () => promise }); } catch (error) { console.log(error.code); }
       const children = () => fs.readFileSync('/proc/self/task/' + process.pid + '/children', 'latin1').match(/\\d+/g) ?? [];
       while (children().length > ${method === 'spawn' ? 0 : 1}) await new Promise((resolve) => setTimeout(resolve, 5));
       console.log('none');`,
      { env: { MANYCORE_SPARE_PROCESSES: '0' } },
    );
    assert.deepEqual([lines, code], [['E_PROMISE', 'E_PROMISE', 'E_PROMISE', 'E_PROMISE', 'none'], 0]);
  });
}

test('what only the threads of this process share is refused, with the twin that processes share', async () => {
  const { Lock } = await import('../../src/threading/index.ts');
  const lock = new Lock();
  assert.throws(() => new Process({ target: () => lock.locked }).start(), {
    code: 'E_THREADS_ONLY',
    message: /manycore\/multiprocessing/,
  });
  const { ThreadPoolExecutor } = await import('../../src/futures/index.ts');
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const future = pool.submit(() => 1);
  assert.throws(() => new Process({ target: () => future.done }).start(), { code: 'E_THREADS_ONLY', message: /help: await it here/ });
  assert.throws(() => new Process({ target: () => pool.maxWorkers }).start(), { code: 'E_THREADS_ONLY', message: /help: make one in/ });
});

test('when the program is killed, its processes end, and nobody is left behind', async () => {
  const multiprocessing = new URL('../../src/multiprocessing/index.js', import.meta.url).href;
  const pids = new Queue<number>();
  const program = new Process({
    target: async (module: string) => {
      const { Process: Inner } = (await import(module)) as { Process: typeof Process };
      const inner = new Inner({
        target: (queue: Queue<number>) => {
          queue.putSync(process.pid);
          for (;;);
        },
        args: [pids],
      });
      inner.start();
      await inner.join();
    },
    args: [multiprocessing],
  });
  program.start();
  const pid = await pids.get();
  program.kill();
  await program.join();
  await until(() => !isRunning(pid), 'the child of a killed process ends');
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('the secret of a process is that of its parent, unless another one is set before the start', async () => {
  const secrets = new Queue<[string, string]>();
  const tell = (name: string): void => secrets.putSync([name, Buffer.from(currentProcess().authKey).toString('hex')]);
  const same = new Process({ target: tell, args: ['same'] });
  const other = new Process({ target: tell, args: ['other'] });
  other.authKey = 'another secret';
  assert.equal(Buffer.from(other.authKey).toString(), 'another secret');
  assert.throws(() => (other.authKey = 7 as never), TypeError);
  for (const process of [same, other]) {
    process.start();
    await process.join();
  }
  assert.throws(() => (other.authKey = 'too late'), { code: 'ERR_PROCESS_STARTED' });
  assert.deepEqual(Object.fromEntries([await secrets.get(), await secrets.get()]), {
    same: Buffer.from(currentProcess().authKey).toString('hex'),
    other: Buffer.from('another secret').toString('hex'),
  });
});

test('cpuCount is at least 1', () => assert.ok(cpuCount() >= 1));

test('a thread that was started before any process shares what processes share', async () => {
  const { Thread } = await import('../../src/threading/index.ts');
  const total = new Value(int32, 5);
  const thread = new Thread({ target: () => total.add(1) });
  thread.start();
  await thread.join();
  assert.equal(total.value, 6);
});
