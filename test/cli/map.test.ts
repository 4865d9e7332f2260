import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { fed, inFolder, linesIn, map, prints, Run, write } from './map-run.ts';

test('map calls the default export, or the one that is named, with each number of a range', async () => {
  await prints(map('fns.mjs', '--over', '0..5'), [0, 1, 4, 9, 16]);
  await prints(map('./fns.mjs#same', '--over', '10..0..-4', '-j', '2'), [10, 6, 2]);
  await prints(map('fns.mjs', '--over', '5..5'), []);
});

test('map takes lines of stdin, lines of a file, lists and values in JSON, and sorted paths', async () => {
  await prints(fed('b\r\na\n\nlast', 'fns.mjs#upper', '--over', '-'), ['B', 'A', '', 'LAST']);
  await prints(fed('a\nb\0c\0', 'fns.mjs#upper', '--over', '-', '--null'), ['A\nB', 'C']);
  write('names.txt', 'x\ny\n');
  await prints(map('fns.mjs#upper', '--over', 'names.txt', '--as', 'lines'), ['X', 'Y']);
  write('list.json', '[{"a":1}, [2], "s"]');
  await prints(map('fns.mjs#same', '--over', 'list.json'), ['{"a":1}', '[2]', 's']);
  write('list.ndjson', '{"a":1}\n\n3\n');
  await prints(map('fns.mjs#same', '--over', 'list.ndjson'), ['{"a":1}', '3']);
  await prints(map('fns.mjs#same', '--over', '{list,names}.*'), ['list.json', 'list.ndjson', 'names.txt']);
});

test('a result that JSON has no word for is not lost; what the function prints goes to stderr', async () => {
  const { stdout, stderr, status } = await map('fns.mjs#odd', '--over', '0..9');
  assert.deepEqual(stdout.split('\n'), ['10', 'NaN', '[1]', '{"a":1}', '[0,0]', 'a', 'b', 'null', '']);
  assert.match(stderr, /^manycore: input 8 failed: \w+: .*function.*\n/);
  assert.equal(status, 1);
  const talked = await map('fns.mjs#talk', '--over', '0..2');
  assert.equal(talked.stdout, '0\n1\n');
  assert.match(talked.stderr, /working\n/);
});

test('by --json each line has the input, and the result or the error', async () => {
  const { stdout, status } = await map('fns.mjs#three', '--over', '2..4', '--json');
  const [first, second] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { error?: { name: string; message: string; where: string; stack: string } });
  assert.deepEqual(first, { input: 2, result: 2 });
  assert.equal(second!.error!.name, 'RangeError');
  assert.equal(second!.error!.message, 'three in 3');
  assert.match(second!.error!.where, /^fns\.mjs:5:\d+$/);
  assert.equal(status, 1);
});

test('results come in order, and as they are done by --unordered', async () => {
  const run = new Run(['fns.mjs#waiting', '--over', '0..3', '-j', '2', '--unordered', '--chunk-size', '1']);
  await until(() => run.stdout === '1\n2\n' || run.status !== null);
  write('open', '');
  assert.equal((await run.ended).stdout, '1\n2\n0\n');
  rmSync(inFolder('open'));
  const ordered = new Run(['fns.mjs#waiting', '--over', '0..3', '-j', '2', '--chunk-size', '1', '--resume', 'ordered.log']);
  await until(() => linesIn('ordered.log') === 3 || ordered.status !== null);
  assert.equal(ordered.stdout, '');
  write('open', '');
  assert.equal((await ordered.ended).stdout, '0\n1\n2\n');
});

test('a module in TypeScript, one in CommonJS, and nodes of a cluster do as well', async () => {
  write('part.ts', 'export interface Part { readonly text: string }');
  write(
    'len.ts',
    `import type { Part } from './part.ts';\nexport const len = (text: string): number => ({ text }) satisfies Part && text.length;`,
  );
  write('old.cjs', 'exports.len = (text) => text.length;');
  for (const rest of [['len.ts#len'], ['len.ts#len', '--on', 'processes'], ['old.cjs#len']])
    await prints(map(...rest, '--over', 'len.ts', '-j', '1'), [6]);
  await prints(map('len.ts#len', '--over', 'len.ts', '--on', 'slurm', '--launcher', 'local', '-N', '1', '-j', '1'), [6]);
});

test('the help says what each option does; progress goes to stderr', async () => {
  const { stdout, status } = await map('--help');
  for (const word of ['--over', '--resume', '--unordered', 'threads (default), processes, slurm', 'Exit codes'])
    assert.ok(stdout.includes(word));
  assert.equal(status, 0);
  const shown = await map('fns.mjs', '--over', '0..4', '--progress');
  assert.equal(shown.stdout, '0\n1\n4\n9\n');
  assert.match(shown.stderr, /100 % 4\/4/);
});
