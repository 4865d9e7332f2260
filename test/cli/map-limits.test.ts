import assert from 'node:assert/strict';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { Run } from './map-run.ts';

test('a reader that has enough ends the run without a word', async () => {
  const run = new Run(['fns.mjs#long', '--over', '0..1000000']);
  await until(() => run.stdout.length > 0 || run.status !== null);
  run.child.stdout.destroy();
  await run.ended;
  assert.equal(run.stderr, '');
  assert.equal(run.status, 141);
});

test('what is not read is not computed: stdin is read no faster than stdout', async () => {
  const run = new Run(['fns.mjs#long', '--over', '-', '-j', '2']);
  run.child.stdout.pause();
  let written = 0;
  const line = `${'x'.repeat(99)}\n`.repeat(100);
  // It takes what fits into its window and the pipes, and then no more.
  while (run.child.stdin.write(line) || written < 1e6) {
    written += line.length;
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(written < 1e8, 'it reads on and on');
    if (run.child.stdin.writableNeedDrain && written > 1e6) break;
  }
  run.child.kill('SIGKILL');
  await run.ended;
});

test('two hundred megabytes of results go through a heap of sixty-four', async () => {
  const run = new Run(['fns.mjs#long', '--over', '0..50000', '-j', '2'], ['--max-old-space-size=64']);
  run.child.stdout.removeAllListeners('data');
  let bytes = 0;
  run.child.stdout.on('data', (text: string) => void (bytes += text.length));
  await run.ended;
  assert.equal(bytes, 50_000 * 4001, run.stderr);
  assert.equal(run.status, 0);
});
