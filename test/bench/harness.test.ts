import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from '../support/test.ts';

const main = fileURLToPath(new URL('../../bench/main.js', import.meta.url));

function bench(...args: string[]): { readonly output: string; readonly errors: string; readonly status: number | null } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [main, '--no-peers', ...args], { encoding: 'utf8', timeout: 120_000 });
  return { output: stdout, errors: stderr, status };
}

test('a quick benchmark measures ours beside the others, and says why a contender is left out', () => {
  const { output, status } = bench('--quick', '--rounds=1', '--only=free, blocking', 'lock');
  assert.equal(status, 0);
  assert.match(output, /\| free, blocking +\| manycore Lock\.acquireSync +\| +[\d.]+ ns \|/);
  assert.match(output, /raw Atomics .* floor/);
  assert.match(output, /multithreading Mutex\.blockingLock .*(×|not installed: run without --no-peers)/);
  assert.match(output, /load average/);
});

test('an unknown suite is refused, and the ones that there are are named', () => {
  const { errors, status } = bench('nonsense');
  assert.equal(status, 2);
  assert.match(errors, /there is no suite nonsense[^]*lock, .*struct/);
});
