import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalogue } from '../../src/practical/index.ts';
import { after, test } from '../support/test.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'manycore-cli-'));
after(() => rmSync(folder, { recursive: true }));

function manycore(...args: string[]): { readonly stdout: string; readonly stderr: string; readonly status: number | null } {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', timeout: 60_000 });
}

test('without a command, and by --help, it lists the commands', () => {
  for (const args of [[], ['--help']]) {
    const { stdout, status } = manycore(...args);
    assert.match(stdout, /practical \[P26 …\][^]*run <program>/);
    assert.equal(status, 0);
  }
});

test('what a command takes and does is told in every order of words, and its own help where it has one', () => {
  for (const args of [
    ['ps', '--help'],
    ['ps', '-h'],
    ['help', 'ps'],
    ['--help', 'ps'],
  ]) {
    const { stdout, status } = manycore(...args);
    assert.equal(stdout, 'manycore ps <pid>\n\nprints the tasks of asyncio in a running process, and what each waits for\n');
    assert.equal(status, 0);
  }
  for (const command of ['practical', 'run', 'dump', 'top', 'pstree', 'slurm'])
    assert.match(manycore(command, '--help').stdout, new RegExp(`^manycore ${command} `));
  assert.equal(manycore('help', 'map').stdout, manycore('map', '--help').stdout);
  assert.equal(manycore('help').stdout, manycore('--help').stdout);
});

test('the version is that of the package', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string };
  assert.equal(manycore('--version').stdout, `${manifest.version}\n`);
});

test('what it does not understand is told in one line, with exit code 2', () => {
  for (const [args, words] of [
    [['fly'], /^manycore: there is no command fly: manycore --help lists them\n$/],
    [['constructor'], /^manycore: there is no command constructor: /],
    [['help', 'fly'], /^manycore: there is no command fly: /],
    [['practical', 'P99'], /^manycore: the practical has no program P99/],
    [['practical', '--fast'], /^manycore: Unknown option '--fast'/],
    [['run'], /^manycore: run needs a program/],
    [['run', 'nowhere.ts'], /^manycore: there is no program .*nowhere\.ts\n$/],
  ] as const) {
    const { stderr, status } = manycore(...args);
    assert.match(stderr, words);
    assert.equal(status, 2);
  }
});

test('the practical lists its programs, and runs those that are named, with all their forms', () => {
  assert.match(manycore('practical', '--list').stdout, /^P26 {3}two consumers and a producer$/m);
  const { stdout, status } = manycore('practical', 'p23', 'P24');
  assert.match(stdout, /--- P23 .*\nFirst try : True\nSecond try: False\n/);
  assert.match(stdout, /ok {4}P24 [^]*2 programs, each shows what it should\n$/);
  assert.equal(status, 0);
  assert.match(manycore('practical', 'P18', '--list').stdout, /^P18 .*\nP18b .*\nP18c .*\n$/);
});

test('by --json it tells what each program printed', () => {
  const [run] = JSON.parse(manycore('practical', 'P23', '--json').stdout) as Record<string, unknown>[];
  assert.equal(run!['id'], 'P23');
  assert.equal(run!['output'], 'First try : True\nSecond try: False\n');
  assert.equal(run!['fault'], null);
});

test('a program of the practical runs beside its twin in Python, if that is here', () => {
  const { stdout, stderr, status } = manycore('practical', 'P24', '--against-python');
  assert.equal(status, 0);
  if (stderr === '') assert.match(stdout, /ok {4}P24 .* s {2}in Python +\d+\.\d\d s, the same lines\n/);
  else assert.equal(stderr, 'manycore: python3 is not here: the programs run without their twins\n');
});

test('every program of the practical has a twin in Python', () => {
  const twins = new Set(readdirSync(new URL('../../../src/practical/python', import.meta.url)));
  assert.deepEqual(
    catalogue.filter(({ id, file }) => id !== 'P02' && !twins.has(`${file}.py`)).map(({ id }) => id),
    [],
  );
});

test('run starts a program, in TypeScript too, with its arguments, and ends as it does', () => {
  const program = join(folder, 'app.ts');
  writeFileSync(program, 'const words: string[] = process.argv.slice(2); console.log(words.join(" ")); process.exitCode = 3;');
  const { stdout, stderr, status } = manycore('run', program, 'one', 'two');
  assert.equal(stdout, 'one two\n', stderr);
  assert.equal(status, 3);
});
