import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TraceFile } from '../../src/trace/index.ts';
import { LONG } from '../support/patience.ts';
import { after, test } from '../support/test.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const build = new URL('../../src/', import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), 'manycore-trace-test-'));
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
function traced(...args: string[]): Ran {
  const env = { ...process.env, TMPDIR: folder };
  return spawnSync(process.execPath, [main, 'trace', ...args], { encoding: 'utf8', timeout: LONG, cwd: folder, env });
}
const read = (name: string): TraceFile => JSON.parse(readFileSync(file(name), 'utf8')) as TraceFile;

test('threads, pools and processes of a program are on one timeline, each in its row, on one clock', () => {
  const app = program(
    'all.mjs',
    `import { Lock, Thread } from 'manycore/threading/index.js'; import { ThreadPoolExecutor, ProcessPoolExecutor } from 'manycore/futures/index.js';
     import { mark, span } from 'manycore/trace/index.js';
     const gate = new Lock({ name: 'gate' });
     gate.acquireSync();
     const waiter = new Thread({ name: 'waiter', target() { gate.acquireSync(); gate.release(); } });
     waiter.start();
     const waits = () => globalThis[Symbol.for('manycore.threads')]().threads.some(({ name, waits }) => name === 'waiter' && waits.length > 0);
     while (!waits()) await new Promise((resolve) => setTimeout(resolve, 5));
     gate.release(); await waiter.join();
     mark('between');
     const pool = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: 'mine' });
     await pool.submit(function inThread() { return span('within', () => 1); });
     await pool.shutdown();
     const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
     await processes.submit(function inProcess() { throw new TypeError('on purpose'); }).catch(() => {});
     await processes.shutdown();
     console.log(process.argv.slice(2).join());
     process.exitCode = 3;`,
  );
  const { stdout, stderr, status } = traced(app, '-o', 'all.json', '--output', 'all.html', 'own', '-o', 'argument');
  assert.equal(status, 3, stderr);
  assert.match(stdout, /^own,-o,argument\n/, 'what follows the first word that is not ours is the program’s');
  assert.match(stdout, /\d+ spans of \d+ threads in \d+ processes, [\d.]+ seconds\n/);
  assert.match(stdout, /written: all\.json\nwritten: all\.html\n$/);
  const { traceEvents } = read('all.json');
  const rows = new Map<string, string>();
  for (const event of traceEvents)
    if (event.ph === 'M' && 'name' in event.args)
      rows.set(event.name === 'process_name' ? `${event.pid}` : `${event.pid} ${event.tid}`, event.args.name);
  const spans = new Map(traceEvents.flatMap((event) => (event.ph === 'X' ? [[event.name, event]] : [])));
  const rowOf = (name: string): string => {
    const event = spans.get(name);
    assert.ok(event, `no span ${name} among ${[...spans.keys()].join(', ')}`);
    return rows.get(`${event.pid} ${event.tid}`)!;
  };
  assert.match(rowOf('waiter'), /waiter/);
  assert.match(rowOf('lock gate'), /waiter/);
  assert.match(String(spans.get('lock gate')!.args['where']), /all\.mjs:5$/);
  assert.match(rowOf('inThread'), /mine_0/);
  assert.equal(rowOf('within'), rowOf('inThread'));
  assert.equal(rowOf('inProcess'), 'MainThread');
  assert.notEqual(spans.get('inProcess')!.pid, spans.get('inThread')!.pid);
  assert.equal(spans.get('inProcess')!.args['failure'], 'TypeError: on purpose');
  const between = traceEvents.find((event) => event.ph === 'i' && event.name === 'between') as { readonly ts: number } | undefined;
  assert.ok(between !== undefined && spans.get('waiter')!.ts < between.ts && between.ts < spans.get('inThread')!.ts);
  assert.ok(spans.get('inThread')!.ts < spans.get('inProcess')!.ts);
});

test('a program that fails leaves its trace, and one that was written can be read again', () => {
  const app = program(
    'fails.mjs',
    `import { span } from 'manycore/trace/index.js'; span('work', () => {}); throw new Error('as it must');`,
  );
  const { status, stdout, stderr } = traced(app, '-o', 'fails.json');
  assert.equal(status, 1);
  assert.match(stderr, /as it must/);
  assert.match(stdout, /ran .* work\n/);
  const again = traced('fails.json');
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stdout, /ran .* work\n[\s\S]*written: trace\.html\n$/);
  assert.ok(existsSync(file('trace.html')));
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('manycore-trace-') && !name.startsWith('manycore-trace-test')),
    [],
    'no temporary folder is left',
  );
});

test('what the command cannot do, it says before the program runs', () => {
  const app = program('runs.mjs', `console.log('has run')`);
  writeFileSync(file('bad.json'), '{}');
  for (const [args, message] of [
    [[], /trace needs a program/],
    [['-o', 'x.svg', app], /--output must end in \.html, for a page, or in \.json, for Perfetto: got x\.svg/],
    [['--what', app], /Unknown option '--what'/],
    [['nosuch.mjs'], /there is no program .*nosuch\.mjs/],
    [['nosuch.json'], /nosuch\.json can't be read as a trace: ENOENT/],
    [['bad.json'], /bad\.json is no trace: it has no list "traceEvents"/],
  ] as const) {
    const { status, stdout, stderr } = traced(...args);
    assert.notEqual(status, 0);
    assert.match(stderr, message);
    assert.doesNotMatch(stdout, /has run/);
  }
});
