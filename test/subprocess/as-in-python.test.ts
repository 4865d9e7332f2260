import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ITIMER_REAL, setitimer, SIG_DFL, signal } from '../../src/signal/index.ts';
import { CalledProcessError, PIPE, Popen, run, runSync, type PopenOptions, type TimeoutExpired } from '../../src/subprocess/index.ts';
import { LONG, SHORT } from '../support/patience.ts';
import { runProgram } from '../support/program.ts';
import { after, test } from '../support/test.ts';
import { isNative, nativeTest } from './library.ts';

/* Behaviours that CPython's own tests ask of its subprocess, and that no other file here shows. */
const folder = mkdtempSync(join(tmpdir(), 'manycore-as-in-python-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string): string => join(folder, name);
const text = async (command: Parameters<typeof run>[0], options: PopenOptions = {}): Promise<string> =>
  (await run(command, { ...options, stdout: PIPE, text: true })).stdout;

test('program, arguments, directory and executable may be URLs of files', async () => {
  writeFileSync(file('data'), 'the data');
  assert.equal(await text([pathToFileURL('/bin/cat'), pathToFileURL(file('data'))], { cwd: pathToFileURL(folder) }), 'the data');
  assert.equal(await text(['name', '-c', 'echo "$0"'], { executable: pathToFileURL('/bin/sh') }), 'name\n');
});

test('an executable that is relative is looked for where the command runs', async () => {
  mkdirSync(file('tools'));
  writeFileSync(file('tools/tool'), '#!/bin/sh\necho the tool\n', { mode: 0o755 });
  assert.equal(await text(['called so'], { executable: './tool', cwd: file('tools') }), 'the tool\n');
});

nativeTest('names of programs, arguments and variables may be bytes that are no text', async () => {
  const bytes = Buffer.concat([Buffer.from(file('prog-')), Buffer.from([0xff, 0xe9])]);
  copyFileSync('/bin/sh', bytes);
  chmodSync(bytes, 0o755);
  const { stdout } = await run([bytes, '-c', 'printf %s "$1$X"', 'sh', Buffer.from([0xfe])], {
    env: { PATH: process.env['PATH'], X: Buffer.from([0xfd]) },
    stdout: PIPE,
  });
  assert.deepEqual([...stdout], [0xfe, 0xfd]);
});

nativeTest('a variable of this program that is no text goes to its commands as it is, also where they may be ended', async () => {
  const { stdout, stderr } = await runProgram(
    `
    import { run, runSync, PIPE } from 'manycore/subprocess';
    const command = ['sh', '-c', 'printf %s "$ODD"'];
    for (const options of [{}, { timeout: 50000 }])
      for (const { stdout } of [await run(command, { stdout: PIPE, ...options }), runSync(command, { stdout: PIPE, ...options })])
        console.log(stdout.toString('hex'));
  `,
    { under: ['bash', '-c', `export ODD=$'a\\xffb'; exec "$@"`, 'bash'] },
  );
  assert.equal(stdout, '61ff62\n'.repeat(4), stderr);
});

test('communicate talks to each stream alone, and to all of them', async () => {
  const script = 'cat >&2; echo out';
  const talk = async (options: PopenOptions, input?: string): Promise<unknown> => {
    const child = new Popen(script, { shell: true, text: true, stdin: { file: '/dev/null' }, stdout: { file: '/dev/null' }, ...options });
    return child.communicate(input);
  };
  const quiet = { stderr: { file: '/dev/null' } };
  assert.deepEqual(await talk({ stdin: PIPE, ...quiet }, 'in'), { stdout: null, stderr: null });
  assert.deepEqual(await talk({ stdout: PIPE, ...quiet }), { stdout: 'out\n', stderr: null });
  assert.deepEqual(await talk({ stdin: PIPE, stderr: PIPE }, 'in'), { stdout: null, stderr: 'in' });
  assert.deepEqual(await talk({ stdin: PIPE, stdout: PIPE, stderr: PIPE }, 'in'), { stdout: 'out\n', stderr: 'in' });
});

test('signals that come meanwhile disturb neither communicate nor its blocking twin', async () => {
  let rang = 0;
  signal('SIGALRM', () => void rang++);
  try {
    // Without the C library there is but a single alarm.
    setitimer(ITIMER_REAL, 1, isNative ? 1 : 0);
    const command = ['sh', '-c', 'cat; i=0; while [ $i -lt 200 ]; do echo $i; i=$((i + 1)); done; sleep 0.1'];
    const options = { input: 'x'.repeat(100_000), stdout: PIPE, text: true } as const;
    const length = 100_000 + 10 * 2 + 90 * 3 + 100 * 4;
    assert.equal((await run(command, options)).stdout.length, length);
    assert.equal(runSync(command, options).stdout.length, length);
    assert.equal(runSync(command, { ...options, timeout: LONG }).stdout.length, length);
    assert.ok(rang > 0);
  } finally {
    setitimer(ITIMER_REAL, 0);
    signal('SIGALRM', SIG_DFL);
  }
});

test('the message of a failure names the signal, the unknown signal, or the status', () => {
  assert.match(new CalledProcessError(-6, 'cmd').message, /^Command 'cmd' died with SIGABRT\.$/);
  assert.match(new CalledProcessError(-9876, 'cmd').message, /^Command 'cmd' died with unknown signal 9876\.$/);
  assert.match(new CalledProcessError(2, 'cmd').message, /^Command 'cmd' returned non-zero exit status 2\.$/);
});

nativeTest('a user, a group and further groups are known by their names too', async () => {
  if (process.getuid!() !== 0) return console.log('not tried: only root may start commands as somebody else');
  const as = { user: 'nobody', group: 'daemon', extraGroups: ['bin', 8] };
  const [user, group, groups] = (await text('id -un; id -gn; id -Gn', { shell: true, ...as })).trim().split('\n');
  assert.deepEqual([user, group], ['nobody', 'daemon']);
  assert.deepEqual(groups!.split(' ').length, 3);
  for (const options of [{ group: 'no such group' }, { extraGroups: ['no such group'] }])
    assert.throws(() => new Popen(['id'], options), /there is no group "no such group" in \/etc\/group/);
});

test('the streams of a command may be read and written in any order at once, however much comes', async () => {
  const much = 1 << 20;
  const script = `cat; head -c ${much} /dev/zero >&2; head -c ${much} /dev/zero; cat /dev/null`;
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ] as const;
  for (const order of orders) {
    const child = new Popen(script, { shell: true, stdin: PIPE, stdout: PIPE, stderr: PIPE });
    const acts = [
      async () => {
        await child.stdin.write(Buffer.alloc(much));
        await child.stdin.close();
        return much;
      },
      async () => (await child.stdout.read()).length,
      async () => (await child.stderr.read()).length,
    ];
    const began = order.map((act) => acts[act]!());
    const lengths = await Promise.all(began);
    assert.deepEqual(Object.fromEntries(order.map((act, i) => [act, lengths[i]])), { 0: much, 1: 2 * much, 2: much }, String(order));
    assert.equal(await child.wait(), 0);
  }
});

test('the output of a command may be the input of one that runs already', async () => {
  const sink = new Popen(['cat'], { stdin: PIPE, stdout: PIPE, text: true });
  const source = new Popen(['seq', '3'], { stdout: sink.stdin });
  assert.equal(await source.wait(), 0);
  assert.equal(await sink.stdout.read(), '1\n2\n3\n');
  assert.equal(await sink.wait(), 0);
  assert.throws(() => new Popen(['true'], { stdout: sink.stdin }), { code: 'ERR_PIPE_IN_USE' });
});

test('an error tells the last words of the command, also when its time was up', async () => {
  const command = 'echo why >&2; exec sleep 1000';
  for (const attempt of [
    (timeout: number) => run(command, { shell: true, captureOutput: true, timeout }),
    async (timeout: number) => runSync(command, { shell: true, captureOutput: true, text: true, timeout }),
  ]) {
    // A slow machine needs longer to come to it.
    for (let timeout = SHORT * 2, message = ''; !message.endsWith('\n--- stderr\nwhy'); timeout *= 2) {
      assert.ok(timeout < LONG, message);
      message = await attempt(timeout).then(
        () => assert.fail(),
        (error: TimeoutExpired) => error.message,
      );
      assert.match(message, /timed out after \d+ milliseconds/);
    }
  }
});
