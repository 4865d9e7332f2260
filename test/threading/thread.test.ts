import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  activeCount,
  currentThread,
  enumerate,
  Event,
  mainThread,
  SendError,
  Thread,
  type ThreadOptions,
  ThreadStartError,
} from '../../src/threading/index.ts';
import { Queue } from '../../src/queue/index.ts';
import { SHORT } from '../support/patience.ts';
import { test } from '../support/test.ts';

const index = new URL('../../src/threading/index.js', import.meta.url).href;

/** Runs a program of its own: what it prints, how it ends. */
function program(
  source: string,
  flags: readonly string[] = [],
): { readonly lines: string[]; readonly stderr: string; readonly status: number | null } {
  const text = `import * as threading from '${index}'; const { Thread, currentThread, Lock, setExcepthook } = threading;\n${source}`;
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', text], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { lines: stdout.trimEnd().split('\n'), stderr, status };
}

test('a thread runs any function with its arguments and what it captures', async () => {
  const factor = 3;
  const result = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Thread({ target: (n: number) => void (result[0] = n * factor), args: [14] });
  thread.start();
  assert.equal(await thread.join(), true);
  assert.equal(result[0], 42);
  assert.equal(thread.isAlive, false);
});

for (const flags of [['--max-old-space-size=500', '--expose-gc'], ['--title=x', '--stack-size=900', '--no-warnings'], ['--conditions=x']]) {
  test(`threads start in a process with ${flags.join(' ')}`, () => {
    const text = 'const thread = new Thread({ target: () => console.log("ran") }); thread.start(); await thread.join();';
    assert.deepEqual(program(text, flags), { lines: ['ran'], stderr: '', status: 0 });
  });
}

test('threads start in a program of a file whose process has flags of V8', () => {
  const folder = mkdtempSync(join(tmpdir(), 'manycore-flags-'));
  const file = join(folder, 'program.mjs');
  writeFileSync(
    file,
    `import { Thread } from '${index}'; const thread = new Thread({ target: () => console.log(typeof gc) }); thread.start(); await thread.join();`,
  );
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--max-old-space-size=500', file], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  rmSync(folder, { recursive: true });
  assert.deepEqual([stdout, stderr], ['function\n', '']);
});

test('an async target is awaited', async () => {
  const seen = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Thread({
    target: async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      seen[0] = 1;
    },
  });
  thread.start();
  assert.equal(thread.joinSync(), true);
  assert.equal(seen[0], 1);
});

test('a name is used as given; otherwise names differ and tell the target [THR-01]', () => {
  function worker(): void {}
  const [a, b] = [new Thread({ target: worker }), new Thread({ target: worker })];
  assert.match(a.name, /^Thread-\d+ \(worker\)$/);
  assert.notEqual(a.name, b.name);
  assert.equal(new Thread({ name: 'mine' }).name, 'mine');
  assert.equal(new Thread({ name: 7 as never }).name, '7');
});

test('arguments may be any sequence [THR-02]', async () => {
  const sum = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Thread({
    target: (...all: number[]) => void (sum[0] = all.reduce((a, b) => a + b, 0)),
    args: new Set([1, 2, 3]) as never,
  });
  thread.start();
  await thread.join();
  assert.equal(sum[0], 6);
});

test('a join before the start, of oneself, and a second start are refused [THR-04 THR-05]', async () => {
  const thread = new Thread({ target: () => {} });
  await assert.rejects(thread.join(), { name: 'StateError', message: /has not been started/ });
  assert.throws(() => thread.joinSync(), { name: 'StateError' });
  thread.start();
  await thread.join();
  assert.throws(() => thread.start(), { name: 'StateError', message: /a second time/ });
  await assert.rejects(mainThread().join(), { name: 'StateError', message: /cannot join itself/ });
  const { lines } = program(`
    const t = new Thread({ target: () => { try { currentThread().joinSync(); } catch (e) { console.log(e.name); } } });
    t.start(); await t.join();`);
  assert.deepEqual(lines, ['StateError']);
});

test('a thread may be joined any number of times, and from other threads [THR-06]', async () => {
  const go = new Event();
  const slow = new Thread({ target: () => void go.waitSync(), name: 'slow' });
  slow.start();
  const joiners = [1, 2, 3].map(() => new Thread({ target: () => void slow.joinSync() }));
  for (const joiner of joiners) joiner.start();
  go.set();
  for (const thread of [...joiners, slow, slow]) assert.equal(await thread.join(), true);
});

test('a join with a time-out comes back while the thread lives [THR-07]', async () => {
  const go = new Event();
  const thread = new Thread({ target: () => void go.waitSync() });
  thread.start();
  assert.equal(await thread.join({ timeout: SHORT }), false);
  assert.equal(thread.joinSync({ timeout: 1 }), false);
  assert.equal(thread.isAlive, true);
  go.set();
  assert.equal(await thread.join(), true);
});

test('a join is broken off by a signal, with its reason', async () => {
  const go = new Event();
  const thread = new Thread({ target: () => void go.waitSync() });
  thread.start();
  const reason = new Error('enough');
  await assert.rejects(thread.join({ signal: AbortSignal.abort(reason) }), (error) => error === reason);
  // A blocked thread hears none: it is asked before.
  assert.throws(
    () => thread.joinSync({ signal: AbortSignal.abort(reason) }),
    (error) => error === reason,
  );
  go.set();
  await thread.join();
});

test('daemon is inherited, can be set before the start, and not after it [THR-09]', async () => {
  const thread = new Thread({ target: () => {} });
  assert.equal(thread.daemon, false);
  thread.daemon = true;
  thread.start();
  assert.throws(() => (thread.daemon = false), { name: 'StateError' });
  await thread.join();
  const { lines } = program(`
    const t = new Thread({ daemon: true, target: () => console.log(new threading.Thread().daemon) });
    t.start(); await t.join();`);
  assert.deepEqual(lines, ['true']);
});

test('the program waits for threads and for those that they start, but not for daemons [THR-10 THR-17]', () => {
  const { lines, status } = program(`
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    new Thread({ daemon: true, target: async () => { await pause(60_000); console.log('daemon'); } }).start();
    new Thread({ target: async () => {
      await pause(20);
      new Thread({ target: async () => { await pause(50); console.log('inner'); } }).start();
      console.log('outer');
    } }).start();
    console.log('main');`);
  assert.deepEqual(lines, ['main', 'outer', 'inner']);
  assert.equal(status, 0);
});

test('a thread that ends just when the main thread begins to wait for the last one leaves the others their time [THR-10]', () => {
  const { lines, status } = program(`
    const event = new threading.Event();
    const { waitAsync } = Atomics;
    let times = 0;
    process.on('beforeExit', () => {
      // The number of threads that live is another one than what has just been read.
      if (++times === 1) Atomics.waitAsync = () => { Atomics.waitAsync = waitAsync; return { async: false, value: 'not-equal' }; };
      else event.set();
    });
    new Thread({ target: () => { event.waitSync(); console.log('to its end'); } }).start();`);
  assert.deepEqual([lines, status], [['to its end'], 0]);
});

test('a thread may join the main thread, whose program is at its end, and goes on after it [THR-10]', () => {
  for (const join of ['await main.join()', 'main.joinSync()']) {
    const { lines, status } = program(`
      const main = threading.mainThread();
      new Thread({ target: async () => { console.log(${join}, main.isAlive); } }).start();
      await new Promise((resolve) => setTimeout(resolve, 20));
      console.log('end of main');`);
    assert.deepEqual([lines, status], [['end of main', 'true false'], 0]);
  }
});

test('the main thread is the same from everywhere [THR-11]', async () => {
  assert.equal(mainThread(), currentThread());
  assert.equal(mainThread().name, 'MainThread');
  const main = mainThread();
  const same = new Int32Array(new SharedArrayBuffer(8));
  const thread = new Thread({
    target: () => {
      same[0] = main === mainThread() ? 1 : 0;
      same[1] = main === currentThread() ? 1 : 0;
    },
  });
  thread.start();
  await thread.join();
  assert.deepEqual([...same], [1, 0]);
});

test('an uncaught error is printed with the name of its thread, or goes to the hook [THR-12]', () => {
  const printed = program(
    `const t = new Thread({ name: 'w', target: () => { throw new TypeError('boom'); } }); t.start(); await t.join(); console.log('on');`,
  );
  assert.match(printed.stderr, /^Exception in thread w:\nTypeError: boom\n +at /);
  assert.deepEqual([printed.lines, printed.status], [['on'], 0]);
  const hooked = program(`
    setExcepthook(({ excType, excValue, thread, excTraceback }) => console.log(excType.name, excValue.message, thread.name, excTraceback.includes('at ')));
    const t = new Thread({ name: 'w', target: async () => { throw new RangeError('x'); } }); t.start(); await t.join();`);
  assert.deepEqual([hooked.lines, hooked.stderr], [['RangeError x w true'], '']);
});

test('a thread that has been joined is not among the living any more', async () => {
  for (let i = 0; i < 200; i++) {
    const thread = new Thread({ target: () => {} });
    thread.start();
    if (i % 2 === 0) thread.joinSync();
    else await thread.join();
    assert.ok(!enumerate().includes(thread));
  }
});

test('exitThread ends a thread silently, and finally blocks run [THR-14]', () => {
  const { lines, stderr } = program(`
    const t = new Thread({ target: () => { try { threading.exitThread(); } finally { console.log('finally'); } } });
    t.start(); console.log(await t.join());`);
  assert.deepEqual([lines, stderr], [['finally', 'true'], '']);
});

test('the name can be changed while the thread runs, and every thread sees it [THR-15]', async () => {
  const [named, done] = [new Event(), new Event()];
  const thread = new Thread({
    target: () => {
      currentThread().name = 'renamed';
      named.set();
      done.waitSync();
    },
  });
  thread.start();
  await named.wait();
  assert.equal(thread.name, 'renamed');
  assert.ok(enumerate().some(({ name }) => name === 'renamed'));
  done.set();
  await thread.join();
});

test('the system shows the name that a thread was given, as it is now, and not for the next one in its worker [THR-15]', async (context) => {
  if (process.platform !== 'linux') return context.skip('only Linux tells the names of threads by files');
  const shown = async (options: ThreadOptions<[]>): Promise<string> => {
    const [seen, go, done] = [new Queue<string>(), new Event(), new Event()];
    const tell = (): void => seen.putSync(readFileSync('/proc/thread-self/comm', 'utf8').trim());
    const thread = new Thread({
      ...options,
      target: () => {
        tell();
        go.waitSync();
        tell();
        done.waitSync();
      },
    });
    thread.start();
    const before = await seen.get();
    thread.name = 'another-name-that-is-long';
    go.set();
    assert.equal(await seen.get(), 'another-name-th');
    done.set();
    await thread.join();
    return before;
  };
  assert.equal(await shown({ name: 'given' }), 'given');
  assert.doesNotMatch(await shown({}), /given|another/);
});

test('a function that cannot travel is refused at the start, and the thread is as it was [THR-16]', () => {
  const promise = Promise.resolve(1);
  const before = activeCount();
  const thread = new Thread({ target: () => promise });
  assert.throws(
    () => thread.start(),
    (error) => error instanceof SendError && error.code === 'E_PROMISE',
  );
  assert.equal(thread.ident, null);
  assert.equal(activeCount(), before);
});

test('when the system refuses a worker, the thread is as it was, is not listed, and can be started later [THR-16]', () => {
  const { lines, stderr } = program(`
    import { createRequire, syncBuiltinESMExports } from 'node:module';
    const workers = createRequire(import.meta.url)('node:worker_threads');
    const { Worker } = workers;
    workers.Worker = class { constructor() { throw new Error('no more threads'); } };
    syncBuiltinESMExports();
    const t = new Thread({ target: () => console.log('ran') });
    try { t.start(); } catch (e) { console.log(e.name, e.code, e.message); }
    console.log(t.ident, t.isAlive, threading.enumerate().length);
    workers.Worker = Worker;
    syncBuiltinESMExports();
    t.start(); await t.join();`);
  assert.deepEqual(lines, ['StateError ERR_THREAD_START cannot start a thread: no more threads', 'null false 1', 'ran'], stderr);
});

test('a value that cannot be made in the thread is told to whoever joins, also to one that blocks', async () => {
  const { lines } = program(`
    import { writeFileSync, mkdtempSync, rmSync } from 'node:fs'; import { tmpdir } from 'node:os'; import { join } from 'node:path'; import { pathToFileURL } from 'node:url';
    const folder = mkdtempSync(join(tmpdir(), 'manycore-'));
    process.on('exit', () => rmSync(folder, { recursive: true }));
    const file = join(folder, 'm.mjs');
    writeFileSync(file, "import { isMainThread } from 'node:worker_threads'; if (!isMainThread) throw new Error('not here'); export const f = () => 1;");
    const { f } = await import(pathToFileURL(file).href);
    const t = new Thread({ target: f, name: 'w' }); t.start();
    try { t.joinSync(); } catch (e) { console.log(e.name, e.message, e.cause.message); }`);
  assert.deepEqual(lines, ['ThreadStartError thread w could not begin: not here not here']);
  assert.ok(ThreadStartError);
});

test('a thread that is terminated, runs out of memory or exits ends its joins, and says how', async () => {
  const loop = new Thread({
    target: () => {
      for (;;);
    },
  });
  loop.start();
  const joined = loop.join();
  await loop.terminate();
  assert.equal(await joined, true);
  assert.equal(loop.death?.how, 'terminated');
  const exits = new Thread({ target: () => process.exit(7) });
  exits.start();
  assert.equal(exits.joinSync(), true);
  assert.deepEqual(exits.death, { how: 'exited', code: 7 });
  const hungry = new Thread({
    target: () => {
      const all: number[][] = [];
      for (;;) all.push(new Array<number>(1000).fill(Math.random()));
    },
    resourceLimits: { maxOldGenerationSizeMb: 16 },
  });
  hungry.start();
  await hungry.join();
  assert.equal(hungry.death?.how, 'out of memory');
});

test('a subclass runs its own run, with its fields, as the current thread', () => {
  const { lines } = program(`
    class Beat extends Thread { constructor(times) { super({ name: 'beat' }); this.times = times; } run() { console.log(this.name, this.times, this === currentThread()); } }
    const b = new Beat(3); b.start(); await b.join();`);
  assert.deepEqual(lines, ['beat 3 true']);
});

test('lines of threads appear at once and whole, while the main thread is blocked', () => {
  const { lines } = program(`
    const ts = [1, 2, 3].map((n) => new Thread({ target: () => { for (let i = 0; i < 200; i++) console.log('x'.repeat(100)); } }));
    for (const t of ts) t.start(); for (const t of ts) t.joinSync(); process.stdout.write('end');`);
  assert.equal(lines.length, 601);
  assert.ok(lines.slice(0, 600).every((line) => line === 'x'.repeat(100)));
  assert.equal(lines[600], 'end');
});

test('a function that assigns to what is read elsewhere is refused when the thread is made, with place and cure', () => {
  let hits = 0;
  assert.throws(
    () =>
      new Thread({
        target: () => {
          hits++;
        },
      }),
    { name: 'SendError', code: 'E_CAPTURED_WRITE', message: /assigns to `hits` \(.*\), which is also read at .*SharedValue/ },
  );
  assert.equal(hits, 0);
});

test('a variable that is not initialised yet may be by the start', async () => {
  const thread = new Thread({ target: () => void (later === 3 || process.exit(9)) });
  const later = 3;
  thread.start();
  await thread.join();
  assert.equal(thread.death, null);
});
