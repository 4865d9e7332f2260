import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stats } from '../../src/profile/index.ts';
import { taskTimes } from '../../src/profile/task-times.ts';
import { LONG } from '../support/patience.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { assertWithinPoints } from '../support/within-points.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const build = new URL('../../src/', import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), 'manycore-profile-test-'));
after(() => rmSync(folder, { recursive: true }));

const file = (name: string): string => join(folder, name);
function program(name: string, source: string): string {
  writeFileSync(file(name), source.replaceAll('manycore/', build));
  return file(name);
}
interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}
const profiled = (...args: string[]): Ran =>
  spawnSync(process.execPath, [main, 'profile', ...args], { encoding: 'utf8', timeout: LONG, cwd: folder });

/** So long, and so much: on a busy machine a span of time alone may hold hardly any work. */
const SPIN = `const spin = (ms) => { const until = performance.now() + ms; for (let turns = 0; performance.now() < until || turns < ms * 8000; turns++); };`;

test('threads and processes of a program are in its report, also those that are terminated or left to end with it', () => {
  const app = program(
    'all.mjs',
    `import { Thread } from 'manycore/threading/index.js'; import { Process } from 'manycore/multiprocessing/index.js'; import { Event } from 'manycore/threading/index.js';
     ${SPIN}
     function inMain() { spin(60); }
     inMain();
     const thread = new Thread({ target: function inThread() { spin(60); } }); thread.start(); await thread.join();
     const child = new Process({ target: function inProcess() { spin(60); } }); child.start(); await child.join();
     const going = new Event();
     const killed = new Thread({ target: function beforeItsEnd() { spin(60); going.set(); for (;;) spin(10); } });
     killed.start(); await going.wait(); await killed.terminate();
     going.clear();
     const daemon = new Thread({ daemon: true, target: function leftBehind() { spin(60); going.set(); for (;;) spin(10); } });
     daemon.start(); await going.wait();
     console.log('done'); process.exitCode = 3;`,
  );
  const { stdout, stderr, status } = profiled('--output', 'all.json', app);
  assert.equal(status, 3, stderr);
  assert.match(stdout, /^done\n/);
  assert.match(stdout, /samples in .*, \d+ threads and processes/);
  assert.match(stdout, /recorded +busy +thread\n.*all\.mjs/);
  const time = new Map(new Stats(file('all.json')).rows.map(({ name, cumulative }) => [name, cumulative / 1000]));
  for (const name of ['inMain', 'inThread', 'inProcess', 'beforeItsEnd', 'leftBehind'])
    assert.ok((time.get(name) ?? 0) > 10, `${name} has ${time.get(name)} ms of at least 60, on a machine that gives it less than that`);
});

test('which task used the time, and which lock was waited for, where and in which task, stands below', () => {
  const app = program(
    'tasks.mjs',
    `import { Lock, Thread } from 'manycore/threading/index.js'; import { ThreadPoolExecutor, ProcessPoolExecutor } from 'manycore/futures/index.js';
     function work(ms) { const from = process.cpuUsage(); while (process.cpuUsage(from).user < ms * 1000); return ms; } // Of the CPU: a busy machine gives less.
     const gate = new Lock({ name: 'gate' });
     gate.acquireSync();
     const waiter = new Thread({ name: 'waiter', target() { gate.acquireSync(); gate.release(); } });
     waiter.start();
     const waits = () => globalThis[Symbol.for('manycore.threads')]().threads.some(({ name, waits }) => name === 'waiter' && waits.length > 0);
     while (!waits()) await new Promise((resolve) => setTimeout(resolve, 5));
     const until = performance.now() + 60; while (performance.now() < until); gate.release(); await waiter.join();
     const pool = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: 'mine' });
     await Promise.all([80, 80].map((ms) => pool.submit(function inThread(ms) { return work(ms); }, ms)));
     await pool.shutdown();
     const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
     await processes.submit(async function inProcess() { work(100); await new Promise((resolve) => setTimeout(resolve, 1)); });
     await processes.shutdown();`,
  );
  const { stdout, stderr } = profiled('--output', 'tasks.json', app);
  assert.match(stdout, / {3}task +runs +wall +on CPU +waiting {2}mostly in\n/, stderr);
  assert.match(stdout, / {3}inThread +2 .*tasks\.mjs:2\(work\) \d+ %\n/);
  assert.match(stdout, / {3}inProcess +1 .*tasks\.mjs:2\(work\) \d+ %\n/);
  assert.match(stdout, / {3}lock gate +1 .* tasks\.mjs:5 in waiter\n/);
  assert.match(stdout, /worker \d+: (waiter, )?mine_0 /);
  const times = new Map(taskTimes(new Stats(file('tasks.json')).recordings).map((task) => [task.name, task]));
  const waiter = times.get('waiter')!;
  assert.ok(waiter.waited > 50_000 && waiter.waited <= waiter.wall, `the waiter waited ${waiter.waited} of ${waiter.wall} µs`);
  assert.ok(waiter.onCpu < waiter.waited / 2, `and ran ${waiter.onCpu} µs`);
  assert.ok(times.get('inThread')!.onCpu > 20_000);
});

test('a program that fails, exits or is interrupted leaves its report', async () => {
  for (const [how, code] of [
    ['throw new Error("as it must")', 1],
    ['process.exit(7)', 7],
  ] as const) {
    const { stdout, status } = profiled(program('ends.mjs', `${SPIN} function work() { spin(50) } work(); ${how}`));
    assert.match(stdout, /\(work\)/);
    assert.equal(status, code);
  }
  const app = program('waits.mjs', `${SPIN} function work() { spin(50) } work(); console.log('ready'); setInterval(() => {}, 1000);`);
  const child = spawn(process.execPath, [main, 'profile', app], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (text.includes('ready')) child.kill('SIGINT');
  });
  const code = await new Promise((ended) => child.once('close', ended));
  assert.match(output, /\(work\)/);
  assert.equal(code, 130);
});

test('a program that is ended by SIGTERM, by an error that nobody catches in a thread, or by a promise, leaves its report', () => {
  for (const [how, code] of [
    [`process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)`, 143],
    [`Promise.reject(new Error('nobody waits'))`, 1],
    [`new (await import('node:worker_threads')).Worker("throw new Error('in a worker')", { eval: true })`, 1],
  ] as const) {
    const { stdout, stderr, status } = profiled(program('ends.mjs', `${SPIN} function work() { spin(50) } work(); ${how}`));
    assert.match(stdout, /\(work\)/, stderr);
    assert.equal(status, code, stderr);
  }
});

test('of a program that is killed, what it did until shortly before is in the report', async () => {
  const app = program('killed.mjs', `${SPIN} function work() { spin(5) } setInterval(work, 20);\nconsole.log('pid', process.pid);`);
  const parts = mkdtempSync(join(folder, 'parts-'));
  const env = { ...process.env, TMPDIR: parts };
  const child = spawn(process.execPath, [main, 'profile', app], { stdio: ['ignore', 'pipe', 'pipe'], env });
  let [output, errors] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (errors += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (output += text));
  const ended = new Promise((resolve) => child.once('close', resolve));
  await until(() => /pid \d+\n/.test(output));
  const pid = Number(/pid (\d+)\n/.exec(output)![1]);
  await until(() => readdirSync(parts, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith(`${pid}-0-1.json`)));
  process.kill(pid, 'SIGKILL');
  assert.equal(await ended, 137, errors);
  assert.match(output, /\(work\)/);
});

test('as it is set by default, the command gives a function its true share of the time', () => {
  const app = program(
    'shares.mjs',
    `function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
     function heavy(ms) { let sum = 0; for (const until = performance.now() + ms; performance.now() < until; ) sum += fib(12); return sum; }
     function light(ms) { let sum = 0; for (const until = performance.now() + ms; performance.now() < until; ) sum += fib(12); return sum; }
     let [h, l] = [0, 0];
     for (let i = 0; i < 4; i++) {
       const begin = performance.now(); heavy(180); const middle = performance.now(); light(60);
       h += middle - begin; l += performance.now() - middle;
     }
     console.log('truth', h / (h + l));`,
  );
  assertWithinPoints(() => {
    const { stdout, stderr } = profiled('--output', 'shares.json', app);
    const time = (name: string): number => new Stats(file('shares.json')).rows.find((row) => row.name === name)?.cumulative ?? 0;
    assert.ok(time('light') > 0, stderr);
    return time('heavy') / (time('heavy') + time('light')) - Number(/^truth (.*)$/m.exec(stdout)![1]);
  });
});

test('a program that profiles a part of itself has both tables', () => {
  const app = program(
    'both.mjs',
    `import { profile } from 'manycore/profile/index.js'; import { Thread } from 'manycore/threading/index.js';
     ${SPIN}
     function inner() { spin(40); }
     profile(function part() { inner(); })();
     const thread = new Thread({ name: 'later', target: function inThread() { spin(40); } }); thread.start(); await thread.join();
     function after() { spin(40); } after();`,
  );
  const { stdout, stderr, status } = profiled(app);
  const [first, second] = stdout.split(/^ +[\d,]+ samples? in /m).slice(1);
  for (const name of ['part', 'inner']) assert.match(first!, new RegExp(`\\(${name}\\)`), stderr);
  assert.doesNotMatch(first!, /\(after\)/);
  for (const name of ['part', 'inner', 'after', 'inThread']) assert.match(second!, new RegExp(`\\(${name}\\)`));
  assert.match(second!, / {3}later +1 /);
  assert.equal(status, 0);
});

test('the lines are those of the TypeScript that was written', () => {
  const app = program(
    'app.ts',
    `interface Point { x: number }\n\n\nfunction work(point: Point): number {\n  let sum = 0;\n  for (let i = 0; i < 3e7; i++) sum += i % 7;\n  return sum + point.x;\n}\nconsole.log(work({ x: 1 }));\n`,
  );
  for (const mode of ['sampling', 'exact']) {
    const { stdout, stderr } = profiled('--mode', mode, app);
    assert.match(stdout, / app\.ts:4\(work\)/, stderr);
  }
});

test('counts are exact in every thread, with their callers', () => {
  const app = program(
    'counts.mjs',
    `import { Thread } from 'manycore/threading/index.js';
     function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
     function inMain() { return fib(15); }
     inMain();
     const thread = new Thread({ target: function inThread() { fib(16); } }); thread.start(); await thread.join();`,
  );
  const { stdout, stderr } = profiled('--mode', 'counts', app, '--callers', '--match=fib', '--', '--sort', 'of the program');
  // 1,973 calls for 15, 3,193 for 16.
  assert.match(stdout, / 5166\/2 .*\(fib\)\n/, stderr);
  assert.match(stdout, / 1 .*\(inMain\)\n/);
  assert.match(stdout, / 1 .*\(inThread\)\n/);
});

test('CommonJS and modules of packages are counted as well', () => {
  program('part.cjs', `exports.twice = function twice(n) { return n * 2; };`);
  const app = program(
    'common.cjs',
    `#!/usr/bin/env node\n'use strict';\nconst { twice } = require('./part.cjs');\nfor (let i = 0; i < 12; i++) twice(i);\n`,
  );
  const { stdout, stderr } = profiled('--mode', 'exact', app);
  assert.match(stdout, / 12 .*part\.cjs:1\(twice\)\n/, stderr);
});

test('a program that tsx compiles is counted by itself, a module or CommonJS: tsx is not in its table', () => {
  for (const end of ['cts', 'mts']) {
    const app = program(
      `enum.${end}`,
      `enum Way { up, down }\nfunction turn(way: Way): Way { return way === Way.up ? Way.down : Way.up; }\nlet way = Way.up;\nfor (let i = 0; i < 12; i++) way = turn(way);`,
    );
    for (const mode of ['sampling', 'counts', 'exact']) {
      const { stdout, stderr } = profiled('--mode', mode, app);
      assert.match(stdout, /Ordered by/, stderr);
      assert.doesNotMatch(stdout, /node_modules/);
      if (mode !== 'sampling') assert.match(stdout, new RegExp(` 12 .*enum\\.${end}:2\\(turn\\)\n`));
    }
  }
});

test('a script whose functions are gone by the end is counted by the lines that were written', () => {
  program(
    'collect.cjs',
    `const gc = (require('node:v8').setFlagsFromString('--expose-gc'), require('node:vm').runInNewContext('gc'));
     process.prependListener('exit', () => { for (let i = 0; i < 3; i++) gc(); });`,
  );
  const app = program(
    'gone.mts',
    `import './collect.cjs';\nenum Way { up, down }\nfunction turn(way: Way): Way { return way === Way.up ? Way.down : Way.up; }\nlet way = Way.up;\nfor (let i = 0; i < 12; i++) way = turn(way);`,
  );
  for (const mode of ['counts', 'exact']) {
    const { stdout, stderr } = profiled('--mode', mode, app);
    assert.match(stdout, / 12 .*gone\.mts:3\(turn\)\n/, stderr);
  }
});

test('the report is written for other tools, read again, and compared', () => {
  const app = program('work.mjs', `${SPIN} function work() { spin(80) } work();`);
  const options = [
    '--flame',
    'f.html',
    '--cpuprofile',
    'one.cpuprofile',
    '--speedscope',
    's.json',
    '--pprof',
    'p.gz',
    '--collapsed',
    'c.txt',
  ];
  const { stdout, stderr } = profiled(...options, '-o', 'before.json', app);
  assert.match(stdout, /written: before\.json/, stderr);
  for (const name of ['f.html', 's.json', 'p.gz', 'c.txt']) assert.ok(readdirSync(folder).includes(name), name);
  assert.ok(Array.isArray((JSON.parse(readFileSync(file('one.cpuprofile'), 'utf8')) as { nodes: unknown }).nodes));
  const again = profiled('--sort', 'tottime', '--against', 'before.json', '--flame', 'diff.html', 'before.json');
  assert.match(again.stdout, /Ordered by: internal time/);
  assert.match(readFileSync(file('diff.html'), 'utf8'), /against before\.json/);
});

test('what it does not understand is told before the program runs', () => {
  const app = program('never.mjs', `console.log('ran')`);
  for (const [args, words] of [
    [[], /profile needs a program/],
    [['--sort', 'speed', app], /cannot sort by 'speed': the keys are calls/],
    [['--mode', 'fast', app], /there is no mode fast: the modes are sampling, counts, exact/],
    [['--interval', '1', app], /--interval must be a number of microseconds, at least 50: got 1/],
    [['--what', app], /Unknown option '--what'/],
    [['nowhere.mjs'], /there is no program .*nowhere\.mjs/],
    [['--limit', 'ten', app], /cannot show NaN rows: expected a whole number, or a part/],
    [['--match', '(', app], /cannot look for '\('/],
    [['--against', 'nowhere.json', app], /no such file.*nowhere\.json/],
    [['--flame', 'nowhere/flame.html', app], /--flame nowhere\/flame\.html: there is no folder /],
    [[program('other.json', '{}')], /other\.json is no profile/],
  ] as const) {
    const { stdout, stderr, status } = profiled(...args);
    assert.match(stderr, words);
    assert.equal(stdout, '');
    assert.equal(status, 2);
  }
});
