import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { Popen } from '../../src/subprocess/index.ts';
import { leavesNothing } from '../support/leaves-nothing.ts';
import { Program, runProgram } from '../support/program.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

leavesNothing();

/*
 * What is left when a program that has pools is ended from outside, and when there is not enough of something. What belongs to a program is known
 * by a word in its environment, which its processes have as well.
 */
const newCookie = (): string => `MC_COOKIE=${randomUUID()}`;

function processesWith(cookie: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return (
        readFileSync(`/proc/${pid}/environ`, 'latin1').includes(cookie) &&
        !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
      );
    } catch {
      return false;
    }
  });
}

const pools = {
  'a Pool': (method: string) => `new (getContext('${method}').Pool)(2)`,
  'a ProcessPoolExecutor': (method: string) => `new ProcessPoolExecutor({ maxWorkers: 2, mpContext: getContext('${method}') })`,
};

/** What the pool is doing when its program is killed. */
const moments: Readonly<Record<string, string>> = {
  'has just been made': ``,
  'is idle': `await run(() => 1); await run(() => 2);`,
  'runs tasks that block': `
    const begun = new Semaphore(0);
    for (let i = 0; i < 2; i++) run(() => { begun.release(); new Event().waitSync(); }).catch(() => {});
    for (let i = 0; i < 2; i++) await begun.acquire();`,
  'runs tasks without end': `
    const begun = new Semaphore(0);
    for (let i = 0; i < 2; i++) run(() => { begun.release(); for (;;); }).catch(() => {});
    for (let i = 0; i < 2; i++) await begun.acquire();`,
};

const kinds = [
  ['a Pool', 'spawn'],
  ['a Pool', 'forkserver'],
  ['a ProcessPoolExecutor', 'spawn'],
] as const;
for (const [kind, method] of kinds) {
  for (const [moment, source] of Object.entries(moments)) {
    test(`${method}: when a program is killed whose pool ${moment}, nothing is left of it (${kind})`, async () => {
      const cookie = newCookie();
      const program = new Program(
        `
        import { Event, getContext, Semaphore } from 'manycore/multiprocessing';
        import { ProcessPoolExecutor } from 'manycore/futures';
        const pool = ${pools[kind](method)};
        const run = (fn) => pool.apply?.(fn) ?? pool.submit(fn).result();
        ${source}
        console.log('ready');
        setInterval(() => {}, 1000);`,
        { env: { MC_COOKIE: cookie.slice('MC_COOKIE='.length) } },
      );
      await program.printed('ready');
      program.child.kill('SIGKILL');
      await program.ended;
      await until(() => processesWith(cookie).length === 0, 'its processes end');
    });
  }
}

for (const method of ['spawn', 'forkserver']) {
  for (const hears of [false, true]) {
    const what = hears ? 'is heard by a program, which lets its pool finish, and what was printed is whole' : 'ends a program and its pool';
    test(`${method}: Ctrl-C at a terminal ${what}`, async () => {
      const multiprocessing = new URL('../../src/multiprocessing/index.js', import.meta.url).href;
      const cookie = newCookie();
      const program = `
        import { getContext, Semaphore } from ${JSON.stringify(multiprocessing)};
        const begun = new Semaphore(0);
        const pool = new (getContext('${method}').Pool)(2);
        const results = [0, 1].map((i) => pool.applyAsync(() => {
          process.on('exit', () => console.log('worker ' + i + ' ' + 'x'.repeat(2000) + ' ends'));
          begun.release();
          return new Promise((resolve) => setTimeout(resolve, ${hears ? 300 : 600_000}, i * 7));
        }));
        for (const _ of results) await begun.acquire();
        if (${hears}) process.once('SIGINT', async () => {
          console.log('results ' + (await results[0].get()) + ' ' + (await results[1].get()));
          pool.close();
          await pool.join();
          process.exit(130);
        });
        console.log('READY');`;
      const popen = new Popen([process.execPath, '--input-type=module', '-e', program], {
        pty: true,
        text: true,
        env: { ...process.env, MC_COOKIE: cookie.slice('MC_COOKIE='.length) },
      });
      let output = '';
      for await (const line of popen.stdout!.lines()) {
        output += `${line}\n`;
        if (line.includes('READY')) await popen.stdin!.write('\x03');
      }
      const code = await popen.wait();
      if (hears) {
        assert.equal(code, 130, output);
        // A task that runs is not broken off: workers leave Ctrl-C to their program.
        assert.match(output, /results 0 7/);
        for (const i of [0, 1]) assert.ok(output.includes(`worker ${i} ${'x'.repeat(2000)} ends`), output.replaceAll(/x+/g, 'x'));
      } else assert.equal(code, -2, output);
      await until(() => processesWith(cookie).length === 0, 'all its processes end');
    });
  }

  test(`${method}: where no descriptors are left a task is refused, with the reason; those before it are done, and it goes again when there are some`, async () => {
    const { stdout, stderr } = await runProgram(
      `
      import { closeSync, openSync } from 'node:fs';
      import { getContext } from 'manycore/multiprocessing';
      import { ProcessPoolExecutor } from 'manycore/futures';
      const mpContext = getContext('${method}');
      const first = new mpContext.Process({ target: () => {} });
      first.start();
      await first.join();
      const taken = [];
      const takeAll = () => { try { for (;;) taken.push(openSync('/dev/null')); } catch {} };
      let refused = null;
      for (let i = 0; refused === null; i++) {
        // What was open a moment ago is closed when the loop comes to it.
        await new Promise(setImmediate);
        takeAll();
        const pool = new ProcessPoolExecutor({ maxWorkers: 1, mpContext });
        try { pool.submit(() => 0).cancel({ running: true }); } catch (error) { refused = { pool, error }; }
      }
      const { pool, error } = refused;
      console.log(error.name, error.code);
      for (const fd of taken.splice(0)) closeSync(fd);
      console.log(await pool.submit((n) => n + 1, 1));
      takeAll();
      // There is one worker: it takes what the second one, which can't be started, would have done.
      console.log((await Promise.all([1, 2, 3].map((n) => pool.submit((m) => m * 2, n)))).join());
      for (const fd of taken.splice(0)) closeSync(fd);
      await pool.shutdown();`,
      { under: ['sh', '-c', 'ulimit -n 512; exec "$0" "$@"'], env: { MANYCORE_SPARE_PROCESSES: '0' } },
    );
    assert.equal(stdout, 'StateError ERR_PROCESS_START\n2\n2,4,6\n', stderr);
  });
}

test('who awaits something that processes share for the first time where no descriptors are left hears of it all the same', async () => {
  const { stdout, stderr } = await runProgram(
    `
    import { closeSync, openSync } from 'node:fs';
    import { Event, Process } from 'manycore/multiprocessing';
    const [asked, answered, never] = [new Event(), new Event(), new Event()];
    const child = new Process({ target: async () => { await asked.wait(); answered.set(); } });
    child.start();
    const taken = [];
    try { for (;;) taken.push(openSync('/dev/null')); } catch {}
    asked.set();
    console.log(await answered.wait());
    console.log(await never.wait({ timeout: 20 }));
    const stop = new AbortController();
    const waiting = never.wait({ signal: stop.signal });
    setImmediate(() => stop.abort(new Error('enough')));
    console.log(await waiting.catch((error) => error.message));
    for (const fd of taken) closeSync(fd);
    await child.join();
    console.log(child.exitCode);`,
    { under: ['sh', '-c', 'ulimit -n 512; exec "$0" "$@"'], env: { MANYCORE_SPARE_PROCESSES: '0' } },
  );
  assert.equal(stdout, 'true\nfalse\nenough\n0\n', stderr);
});

test('where no descriptors are left the process that is kept ready for the next start is done without', async () => {
  const { stdout, stderr } = await runProgram(
    `
    import { closeSync, openSync } from 'node:fs';
    import { Process } from 'manycore/multiprocessing';
    const started = () => {
      const child = new Process({ target: () => {} });
      child.start();
      return child;
    };
    const first = started();
    const taken = [];
    try { for (;;) taken.push(openSync('/dev/null')); } catch {}
    // The next one is made ready 20 ms after a start; timers keep their order.
    await new Promise((resolve) => setTimeout(resolve, 40));
    for (const fd of taken) closeSync(fd);
    const second = started();
    for (const child of [first, second]) {
      await child.join();
      console.log(child.exitCode);
    }`,
    { under: ['sh', '-c', 'ulimit -n 512; exec "$0" "$@"'] },
  );
  assert.equal(stdout, '0\n0\n', stderr);
});

test('more waits than the processes can note down come to their end: by the event, by their time and by their signal', async () => {
  const { stdout, stderr } = await runProgram(`
    import { Event } from 'manycore/multiprocessing';
    const [event, never] = [new Event(), new Event()];
    // The table has 1,024 notes.
    const noted = Array.from({ length: 1024 }, () => event.wait());
    await new Promise(setImmediate);
    const more = Array.from({ length: 100 }, () => event.wait());
    console.log(await never.wait({ timeout: 20 }));
    const stop = new AbortController();
    const waiting = never.wait({ signal: stop.signal });
    setImmediate(() => stop.abort(new Error('enough')));
    console.log(await waiting.catch((error) => error.message));
    event.set();
    console.log((await Promise.all([...noted, ...more])).filter(Boolean).length);`);
  assert.equal(stdout, 'false\nenough\n1124\n', stderr);
});

test('shared memory that many items have filled is told to who puts, and free again when they have been taken', async () => {
  const { stdout, stderr } = await runProgram(
    `
    import { Process, Queue, Pool } from 'manycore/multiprocessing';
    const items = new Queue();
    const megabyte = new Uint8Array(1 << 20).fill(7);
    const fill = () => {
      let put = 0;
      try { for (;; put++) items.putSync(megabyte); } catch (error) { return [put, error.name, error.code]; }
    };
    const [put, name, code] = fill();
    console.log(name, code, put > 8 && put < 64);
    // Small things have their room still, or are refused by the same name: nothing breaks.
    for (let i = 0; i < put; i++) if ((await items.get())[1 << 19] !== 7) throw new Error('a wrong item');
    const child = new Process({ target: () => { for (let i = 0; i < 4; i++) items.putSync(megabyte); } });
    child.start();
    for (let i = 0; i < 4; i++) await items.get();
    await child.join();
    console.log(child.exitCode, items.size);
    const pool = new Pool(1);
    const again = await pool.map((bytes) => bytes.length, Array.from({ length: 60 }, () => megabyte), { chunkSize: 1 });
    console.log(again.length, again.every((length) => length === 1 << 20));
    pool.terminate();
    await pool.join();`,
    { env: { MANYCORE_PROCESS_HEAP: String(64 << 20) } },
  );
  assert.equal(stdout, 'StateError ERR_SHARED_MEMORY_FULL true\n0 0\n60 true\n', stderr);
});
