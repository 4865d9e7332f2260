import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { placeIn, section } from '../../bench/harness/document.ts';
import { savedResults } from '../../bench/harness/results.ts';
import { costsOf, summaryOf } from '../../bench/harness/summary.ts';
import { suites } from '../../bench/suites/index.ts';
import { after, test } from '../support/test.ts';

const main = fileURLToPath(new URL('../../bench/main.js', import.meta.url));
const results = mkdtempSync(join(tmpdir(), 'manycore-bench-'));
after(() => rmSync(results, { recursive: true }));

function bench(...args: string[]): { readonly output: string; readonly errors: string; readonly status: number | null } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [main, '--no-peers', '--results', results, ...args], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { output: stdout, errors: stderr, status };
}

test('a quick benchmark measures ours beside the others, and says why a contender is left out', () => {
  const { output, status } = bench('--quick', '--rounds=1', '--only=free, blocking', 'lock');
  assert.equal(status, 0);
  assert.match(output, /\| free, blocking +\| manycore Lock\.acquireSync +\| +[\d.]+ ns \|/);
  assert.match(output, /raw Atomics .* floor/);
  assert.match(output, /multithreading Mutex\.blockingLock .*(×|not installed: run without --no-peers)/);
  assert.match(output, /load average/);
  const page = readFileSync(join(results, 'bench-report.html'), 'utf8');
  assert.match(page, /<svg [^]*manycore Lock\.acquireSync[^]*<\/svg>/);
  // It needs nothing from elsewhere.
  assert.doesNotMatch(page, /<script|<link|(?:src|href)="http|@import|url\(/);
});

test('the tables in the documents are those of the results', () => {
  const all = savedResults(suites);
  assert.ok(all.length > 0);
  for (const result of all) assert.equal(placeIn('docs/benchmarks.md', result.name).here, section(result));
  assert.equal(placeIn('README.md', 'measured').here, summaryOf(all));
  assert.equal(placeIn('docs/choosing.md', 'costs').here, costsOf(all.find(({ name }) => name === 'cost')!));
});

test('an unknown suite is refused, and the ones that there are are named', () => {
  const { errors, status } = bench('nonsense');
  assert.equal(status, 2);
  assert.match(errors, /there is no suite nonsense[^]*lock, .*struct/);
});
