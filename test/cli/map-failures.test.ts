import assert from 'node:assert/strict';
import { MEDIUM } from '../support/patience.ts';
import { test } from '../support/test.ts';
import { map as mapHere } from '../../src/cli/map.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { folder, map, prints, write } from './map-run.ts';

test('a failure is told with its input, its error and its place, and the others go on; the exit code is 1', async () => {
  const { stdout, stderr, status } = await map('fns.mjs#three', '--over', '1..6');
  assert.equal(stdout, '1\n2\n4\n5\n');
  assert.match(stderr, /^manycore: input 3 failed: RangeError: three in 3\n {4}at fns\.mjs:5:\d+\nmanycore: 1 of 5 inputs failed\n$/);
  assert.equal(status, 1);
});

test('by --fail-fast the first failure ends the run; by --retries an input is tried again', async () => {
  const { stdout, stderr, status } = await map('fns.mjs#three', '--over', '1..1000000', '--fail-fast');
  assert.equal(stdout, '1\n2\n');
  assert.match(stderr, /input 3 failed.*\n.*\nmanycore: the first failure ended it\n$/);
  assert.equal(status, 1);
  await prints(
    map('fns.mjs#second', '--over', '0..20', '--retries', '1', '-j', '1'),
    Array.from({ length: 20 }, (_, i) => i),
  );
});

test('an input whose worker dies has failed; those that were handed over with it are done', async () => {
  for (const on of ['threads', 'processes']) {
    const { stdout, stderr, status } = await map('fns.mjs#exit', '--over', '0..10', '--on', on, '-j', '2', '--chunk-size', '5');
    assert.equal(stdout, '0\n1\n2\n3\n4\n5\n6\n8\n9\n', stderr);
    assert.match(stderr, /^manycore: input 7 failed: Broken\w+: .*exit code 9/);
    assert.equal(status, 1);
  }
});

test('an input that takes longer than --timeout is broken off, also one that never gives way', async () => {
  const { stdout, stderr, status } = await map('fns.mjs#hang', '--over', '0..4', '--timeout', String(10 * MEDIUM), '-j', '2');
  assert.equal(stdout, '0\n1\n3\n');
  assert.match(stderr, /input 2 failed: TimeoutError: .*000 ms/);
  assert.equal(status, 1);
});

test('an input that can not be read ends the run when what came before it is done', async () => {
  write('half.ndjson', '1\n2\nthree\n4\n');
  const { stdout, stderr, status } = await map('fns.mjs', '--over', 'half.ndjson');
  assert.equal(stdout, '1\n4\n');
  assert.match(stderr, /^manycore: line 3 of half\.ndjson is no JSON: /);
  assert.equal(status, 1);
});

test('what map does not understand is told in a line, with exit code 2', async () => {
  process.chdir(folder);
  write('object.json', '{}');
  write('bad.json', '[');
  const over = ['--over', '0..3'];
  for (const [args, words] of [
    [[], /map needs a function: manycore map/],
    [['nowhere.mjs', ...over], /there is no file .*nowhere\.mjs to take default from/],
    [['fns.mjs'], /map needs inputs: --over/],
    [['fns.mjs', 'a', ...over], /map takes one function: got fns\.mjs and a\. Put a pattern/],
    [['fns.mjs', '--over', '*.nothing'], /no file matches \*\.nothing/],
    [['fns.mjs', '--over', 'absent.json'], /there is no file absent\.json to read json from/],
    [['fns.mjs', '--over', 'object.json'], /object\.json must hold a list, whose elements are the inputs: got object/],
    [['fns.mjs', '--over', 'bad.json'], /bad\.json can't be read as JSON: /],
    [['fns.mjs', '--over', '0..9..0'], /the step of a range must not be 0/],
    [['fns.mjs', '--over', 'x', '--as', 'range'], /a range is written 0\.\.1000/],
    [['fns.mjs', '--over', 'x', '--as', 'words'], /--as must be one of paths, lines, json, ndjson, range: got words/],
    [['fns.mjs', ...over, '--null'], /--null is for lines/],
    [['fns.mjs', ...over, '--on', 'moon'], /--on must be one of threads, processes, slurm: got moon/],
    [['fns.mjs', ...over, '-N', '2'], /--nodes is for --on slurm: got --on threads/],
    [['fns.mjs', ...over, '-m', 'x'], /--module is for --on slurm/],
    [['fns.mjs', ...over, '-j', '0'], /--workers must be a whole number, at least 1: got 0/],
    [['fns.mjs', ...over, '--retries', '-1'], /--retries/],
    [['fns.mjs', ...over, '--timeout', '1', '--chunk-size', '2'], /--timeout is for each input/],
    [['fns.mjs', ...over, '--fail-fast', '--keep-going'], /one of them/],
    [['fns.mjs', ...over, '--fast'], /Unknown option '--fast'/],
  ] as const) {
    await assert.rejects(mapHere([...args]), (error) => error instanceof UsageError && words.test(error.message));
  }
});

test('a function that is not there, and a module that fails, are told before anything is done, with exit code 2', async () => {
  write('broken.mjs', 'throw new Error("no database");');
  for (const [args, words] of [
    [['fns.mjs#sha1'], /can't take sha1 from .*fns\.mjs: it exports no sha1: it exports default, /],
    [['fns.mjs#number'], /its number is no function/],
    [['broken.mjs'], /can't take default from .*: Error: no database\n {4}at .*broken\.mjs:1:7/],
  ] as const) {
    const { stdout, stderr, status } = await map(...args, '--over', '0..3');
    assert.match(stderr, words);
    assert.equal(stdout, '');
    assert.equal(status, 2);
  }
});
