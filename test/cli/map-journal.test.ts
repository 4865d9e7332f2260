import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { inputsOf } from '../../src/cli/map/inputs.ts';
import { Journal, JournalError } from '../../src/cli/map/journal.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { fed, folder, inFolder, linesIn, map, prints, read, Run, write } from './map-run.ts';

const callsOf = (name: string): string[] => read(name).trim().split('\n');

test('a run that was killed goes on where it was, by its journal, and prints the whole result; a torn line is tolerated', async () => {
  const command = ['fns.mjs#gate', '--over', '0..12', '-j', '2', '--chunk-size', '1', '--resume', 'gate.log'];
  const first = new Run(command);
  await until(() => linesIn('gate.log') === 6 || first.status !== null, 'five results in the journal');
  first.child.kill('SIGKILL');
  await first.ended;
  appendFileSync(inFolder('gate.log'), '{"i":5,"d":"0123');
  write('go', '');
  const calls = callsOf('calls').length;
  const { stdout, stderr, status } = await map(...command);
  assert.equal(stdout, Array.from({ length: 12 }, (_, i) => `r${i}\n`).join(''));
  assert.equal(stderr, 'manycore: gate.log has 5 of 12 results\n');
  assert.equal(status, 0);
  assert.deepEqual(
    callsOf('calls')
      .slice(calls)
      .map(Number)
      .toSorted((a, b) => a - b),
    [5, 6, 7, 8, 9, 10, 11],
  );
  const third = await map(...command, '--json');
  assert.match(third.stdout, /^\{"input":0,"result":"r0"\}\n/);
  assert.equal(callsOf('calls').length, calls + 7);
});

/** Opens a journal as the command does, and tells how many inputs it says are done. */
async function opened(path: string, over: string, name = 'default', accepts = false): Promise<number> {
  process.chdir(folder);
  const journal = new Journal(path, await inputsOf(over, undefined, false), inFolder('other.mjs'), name, accepts);
  journal.close();
  return journal.done;
}

test('a journal that was torn at any byte is good for what it has whole', async () => {
  write('other.mjs', `export default (x) => x + 1;`);
  await prints(map('other.mjs', '--over', '0..4', '-j', '1', '--resume', 'torn.log'), [1, 2, 3, 4]);
  const whole = readFileSync(inFolder('torn.log'));
  const header = whole.indexOf(10) + 1;
  for (let length = 0; length <= whole.length; length++) {
    writeFileSync(inFolder('torn.log'), whole);
    truncateSync(inFolder('torn.log'), length);
    const lines = whole.toString('latin1', header, Math.max(header, length)).split('\n').length - 1;
    assert.equal(await opened('torn.log', '0..4'), lines, `after ${length} bytes`);
    assert.equal(readFileSync(inFolder('torn.log')).at(-1), 10);
  }
});

test('inputs that failed, and files that have changed, are done again', async () => {
  const failing = ['fns.mjs#failing', '--over', '0..2', '--resume', 'failing.log'];
  const failed = await map(...failing);
  assert.match(failed.stderr, /1 of 2 inputs failed; the same command tries them again\n$/);
  write('mended', '');
  const mended = await map(...failing);
  assert.equal(mended.stdout, '0\n1\n');
  assert.equal(mended.status, 0);
  write('a.in', 'a');
  write('b.in', 'b');
  await map('fns.mjs#size', '--over', '*.in', '--resume', 'size.log');
  write('b.in', 'longer');
  assert.equal((await map('fns.mjs#size', '--over', '*.in', '--resume', 'size.log')).stdout, 'a.in\nb.in\n');
  assert.deepEqual(callsOf('sized').slice(2), ['b.in']);
});

test('a journal of something else is refused, and says of what', async () => {
  write('other.mjs', `import { one } from './one.mjs'; export default (x) => x + one;`);
  write('one.mjs', 'export const one = 1;');
  write('many.json', '[1,2,3]');
  await prints(map('other.mjs', '--over', 'many.json', '--resume', 'other.log'), [2, 3, 4]);
  const refuses = (words: RegExp, ...args: Parameters<typeof opened>): Promise<void> =>
    assert.rejects(opened(...args), (error) => error instanceof JournalError && words.test(error.message));
  await refuses(/other\.log belongs to other\.mjs#default, not to other\.mjs#two: remove it/, 'other.log', 'many.json', 'two');
  await refuses(/was begun over other inputs, json many\.json, not range 0\.\.3/, 'other.log', '0..3');
  write('many.json', '[1,5,3]');
  await refuses(/other\.log was begun over other inputs: input 2 was another one than 5/, 'other.log', 'many.json');
  write('many.json', '[1]');
  await refuses(/it has a result of input \d, and there are 1 now/, 'other.log', 'many.json');
  write('many.json', '[1,2,3]');
  write('names.txt', 'x\ny\n');
  await refuses(/names\.txt is no journal of manycore map: it is left as it is/, 'names.txt', 'many.json');
  assert.equal(read('names.txt'), 'x\ny\n');
  const lines = read('other.log').split('\n');
  write('damaged.log', [lines[0], 'nonsense', ...lines.slice(2)].join('\n'));
  await refuses(/line 2 of damaged\.log is damaged/, 'damaged.log', 'many.json');
  await refuses(/the journal no\/folder\.log can't be opened: ENOENT/, 'no/folder.log', 'many.json');
  write('one.mjs', 'export const one = 10;');
  const { stdout, stderr, status } = await map('other.mjs', '--over', 'many.json', '--resume', 'other.log');
  assert.match(stderr, /^manycore: one\.mjs changed since other\.log was begun/);
  assert.equal(stdout, '');
  assert.equal(status, 2);
  assert.equal(await opened('other.log', 'many.json', 'default', true), 3);
});

test('lines of stdin that are others than before are refused where they begin to differ', async () => {
  const command = ['fns.mjs#same', '--over', '-', '-j', '1', '--resume', 'stdin.log'];
  await prints(fed('a\nb\n', ...command), ['a', 'b']);
  const changed = await fed('a\nc\n', ...command);
  assert.match(changed.stderr, /stdin\.log was begun over other inputs: input 2 was another one than "c"/);
  assert.equal(changed.status, 2);
  assert.match((await fed('a\n', ...command)).stderr, /it has a result of input 2, and there are 1 now/);
});

test('two runs never write one journal', async () => {
  rmSync(inFolder('open'), { force: true });
  const command = ['fns.mjs#waiting', '--over', '0..3', '-j', '2', '--chunk-size', '1', '--resume', 'twice.log'];
  const first = new Run(command);
  await until(() => linesIn('twice.log') === 3 || first.status !== null);
  const second = await map(...command);
  assert.match(second.stderr, /^manycore: another run, process \d+, writes twice\.log now/);
  assert.equal(second.status, 2);
  write('open', '');
  assert.equal((await first.ended).stdout, '0\n1\n2\n');
});

test('Ctrl-C ends the run with 130, SIGTERM with 143, and the journal keeps what was done', async () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    rmSync(inFolder('open'), { force: true });
    const log = `${signal}.log`;
    const run = new Run(['fns.mjs#waiting', '--over', '0..3', '-j', '2', '--chunk-size', '1', '--resume', log]);
    await until(() => linesIn(log) === 3 || run.status !== null);
    run.child.kill(signal);
    await run.ended;
    assert.equal(run.status, code);
    assert.equal(run.stderr, 'manycore: interrupted; the same command goes on where it was\n');
    write('open', '');
    assert.match((await map('fns.mjs#waiting', '--over', '0..3', '--resume', log)).stderr, /has 2 of 3 results/);
  }
});
