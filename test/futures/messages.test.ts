import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { ThreadPoolExecutor } from '../../src/futures/index.ts';
import { Event, int32, SharedValue } from '../../src/threading/index.ts';
import { LONG } from '../support/patience.ts';
import { test } from '../support/test.ts';
import { saysAndYields, streamsOnTerms } from './said-and-yielded.ts';

saysAndYields({
  place: 'thread',
  pool: () => new ThreadPoolExecutor({ maxWorkers: 1 }),
  counter: () => new SharedValue(int32, 0),
  ahead: { begun: 30, most: 33 },
  thrownIn: null,
});
streamsOnTerms({ place: 'thread', pool: () => new ThreadPoolExecutor({ maxWorkers: 1 }) });

test('the end of its thread ends a stream', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const dying = await pool.submit(function* () {
    yield 1;
    setImmediate(() => process.exit(5));
    for (;;) yield 2;
  });
  await assert.rejects(
    async () => {
      for await (const _ of dying);
    },
    { name: 'BrokenWorkerError' },
  );
});

test('progress tells every tenth of the items, and the end', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  let text = '';
  // No bar where stderr does not go.
  const progress = { title: 'work', write: (piece: string) => void (text += piece) };
  await pool.map((n: number) => n, Array(1000).keys(), { chunkSize: 50, progress }).toArray();
  const lines = text.trimEnd().split('\n');
  assert.ok(lines.length >= 2 && lines.length <= 11);
  assert.match(lines.at(-1)!, /^work 100 % 1000\/1000 \(0:0\d, \d+\/s\)$/);
  text = '';
  await pool.map((n: number) => n, Array(50).keys(), { progress: { ...progress, isTerminal: true } }).toArray();
  assert.ok(text.includes('100 % [##############################] 50/50'));
});

/** Two of a terminal's orders, or a character. */
const WRITTEN = new RegExp(String.raw`\x1b\[J|\x1b\[1A|[^]`, 'g');

/** What stands on a terminal after this has been written to it. */
function shown(text: string): string[] {
  const rows = [''];
  let [row, column] = [0, 0];
  for (const [piece] of text.matchAll(WRITTEN)) {
    if (piece === '\n') [row, column] = [row + 1, 0];
    else if (piece === '\r') column = 0;
    else if (piece === '\x1b[1A') row--;
    else if (piece === '\x1b[J') {
      rows.length = row + 1;
      rows[row] = rows[row]!.slice(0, column);
    } else rows[row] = rows[row]!.slice(0, column).padEnd(column) + piece + rows[row]!.slice(++column);
    rows[row] ??= '';
  }
  return rows;
}

test('progress that can not be shown ends its map with that error, and the pool goes on', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const write = (): never => {
    throw new RangeError('no terminal');
  };
  for (const isTerminal of [true, false]) {
    const results = pool.map((n: number) => n, [1, 2, 3], { chunkSize: 1, progress: { write, isTerminal } });
    await assert.rejects(results.toArray(), { message: 'no terminal' });
    assert.equal(await pool.submit(() => 'goes on'), 'goes on');
  }
});

test('lines that the program and its threads print are whole above the bar, and the bar is the last', () => {
  const source = `import { ThreadPoolExecutor } from '${new URL('../../src/futures/index.js', import.meta.url).href}';
    const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
    const task = async (n) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      console.error('thread', n, 'one');
      console.error('thread', n, 'two');
      return n;
    };
    for await (const n of pool.map(task, Array(20).keys(), { chunkSize: 1, progress: { isTerminal: true } })) console.error('main', n);
    console.error('over');
    await pool.shutdown();`;
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8', timeout: LONG });
  assert.equal(status, 0, stderr);
  const rows = shown(stderr);
  assert.match(stderr, /\[#*\.+\] \d+\/20/);
  const prints = rows.filter((row) => /^(main \d+|thread \d+ (one|two))$/.test(row));
  assert.equal(prints.length, 60, rows.join('\n'));
  const bars = rows.filter((row) => row.includes('/20'));
  assert.equal(bars.length, 1);
  assert.match(bars[0]!, /^100 % \[#{30}\] 20\/20 /);
  assert.deepEqual([rows.length, ...rows.slice(-2)], [63, 'over', '']);
});

test('the body of a task that yields, and a task of another thread, have the values of the storages too', async () => {
  const request = new AsyncLocalStorage<string>();
  const ended = new Event();
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2, context: () => [request] });
  await request.run('r1', async () => {
    const steps = function* (): Generator<string | undefined> {
      try {
        for (;;) yield request.getStore();
      } finally {
        if (request.getStore() === 'r1') ended.set();
      }
    };
    const asyncSteps = async function* (): AsyncGenerator<string | undefined> {
      await Promise.resolve();
      yield request.getStore();
    };
    const seen: unknown[] = [];
    for await (const value of await pool.submit(asyncSteps)) seen.push(value);
    for await (const value of await pool.submit(steps)) if (seen.push(value) === 3) break;
    assert.deepEqual(seen, ['r1', 'r1', 'r1']);
    assert.equal(await ended.wait({ timeout: 30_000 }), true);
    assert.equal(await pool.submit(async () => await pool.submit(() => request.getStore())), 'r1');
  });
});
