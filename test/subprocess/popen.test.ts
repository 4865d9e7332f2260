import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  mkdirSync,
  chmodSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  DEVNULL,
  PIPE,
  Popen,
  type PopenOptions,
  run,
  type Stdout,
  STDOUT,
  TimeoutExpired,
  type Word,
} from '../../src/subprocess/index.ts';
import { childStatus } from '../../src/system/pidfd.ts';
import { returnCodeOf } from '../../src/subprocess/native-child.ts';
import { abortOn, raiseSignal } from '../../src/signal/index.ts';
import { Queue } from '../../src/queue/index.ts';
import { Thread } from '../../src/threading/index.ts';
import { pipeSize } from '../../src/system/pipes.ts';
import { LONG, SHORT } from '../support/patience.ts';
import { after, test } from '../support/test.ts';
import { Program, runProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { openDescriptors, zombies } from './descriptors.ts';
import { isNative, nativeTest } from './library.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-subprocess-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string): string => join(folder, name);
const text = async (command: Word | readonly Word[], options: PopenOptions = {}): Promise<string> =>
  (await run(command, { ...options, stdout: PIPE, text: true })).stdout;

test('the return code is null until the command has ended; poll does not wait, and wait may be called again [POP-01]', async () => {
  const child = new Popen(['sh', '-c', 'read line; exit 3'], { stdin: PIPE });
  assert.equal(child.returnCode, null);
  assert.equal(child.poll(), null);
  await child.stdin.close();
  assert.equal(await child.wait(), 3);
  assert.equal(child.poll(), 3);
  assert.equal(await child.wait(), 3);
  assert.equal(child.waitSync(), 3);
  assert.deepEqual([child.exitCode, child.signal], [3, null]);
});

test('a wait whose time is up says so and can be made again; several may wait [POP-02, ASP-07]', async () => {
  const child = new Popen(['sleep', '100']);
  await assert.rejects(child.wait({ timeout: SHORT }), {
    name: 'TimeoutExpired',
    timeout: SHORT,
    message: `Command '['sleep', '100']' timed out after ${SHORT} milliseconds`,
  });
  assert.throws(() => child.waitSync({ timeout: 1 }), isNative ? TimeoutExpired : { code: 'ERR_NO_LIBRARY' });
  await assert.rejects(child.wait({ timeout: -1 }), RangeError);
  const several = Promise.all([child.wait(), child.wait(), child.wait({ timeout: LONG })]);
  child.terminate();
  assert.deepEqual(await several, [-15, -15, -15]);
  assert.deepEqual([child.exitCode, child.signal], [143, 'SIGTERM']);
});

test('a signal to a command that has ended does nothing [POP-04, ASP-08]', async () => {
  const child = new Popen(['true']);
  await child.wait();
  child.sendSignal('SIGTERM');
  child.kill();
  child.terminate();
  assert.equal(child.returnCode, 0);
  assert.throws(() => child.sendSignal('SIGNONE' as never), RangeError);
  for (let i = 0; i < 20; i++) {
    const racing = new Popen(['true']);
    racing.kill();
    assert.ok([0, -9].includes(await racing.wait()));
  }
});

test('each stream may be inherited, a pipe, the null device, a file, a descriptor, or another command [POP-05]', async () => {
  const path = file('streams');
  writeFileSync(path, 'from a file\n');
  assert.equal(await text(['cat'], { stdin: { file: path } }), 'from a file\n');
  const fd = openSync(path, 'r');
  assert.equal(await text(['cat'], { stdin: fd }), 'from a file\n');
  assert.equal(await text(['cat'], { stdin: { fd } }), '');
  closeSync(fd);
  assert.equal(await text(['cat'], { stdin: DEVNULL }), '');
  await run(['echo', 'one'], { stdout: { file: path } });
  await run(['echo', 'two'], { stdout: { file: pathToFileURL(path), append: true } });
  await run('echo three; echo four >&2', { shell: true, stdout: { file: path, append: true }, stderr: STDOUT });
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\nthree\nfour\n');
  await run(['echo', 'gone'], { stdout: DEVNULL, stderr: DEVNULL });
  assert.equal(await text('echo out; echo err >&2; echo out again', { shell: true, stderr: STDOUT }), 'out\nerr\nout again\n');
  for (const bad of [STDOUT, 'inherit', -1, 1.5, {}, true]) await assert.rejects(run(['true'], { stdout: bad as Stdout }), /stdout/);
});

test('stderr follows stdout where that is not redirected; the parent may lend one descriptor twice, and its own crosswise [POP-06]', async () => {
  const program = `
    import { run, STDOUT } from 'manycore/subprocess';
    await run('echo to stderr >&2', { shell: true, stderr: STDOUT });
    await run('echo crosswise; echo also >&2', { shell: true, stdout: 2, stderr: 1 });
    await run(['sh', '-c', 'read line; echo "$line"'], { stdin: 2, stdout: 1, stderr: 0 });
  `;
  const { stdout, stderr } = await runProgram(program, { under: ['sh', '-c', 'echo input | "$@" 2>/dev/null 3>&2', 'sh'] });
  assert.equal(stdout, 'to stderr\nalso\n\n', stderr);
});

test('communicate writes and reads at once, more than pipes hold, and hides that a command does not read [POP-07, POP-10, ASP-01]', async () => {
  const much = 'x'.repeat(3 << 20);
  const cat = new Popen(['cat'], { stdin: PIPE, stdout: PIPE, text: true });
  assert.equal((await cat.communicate(much)).stdout, much);
  const both = new Popen('cat; head -c 300000 /dev/zero >&2', { shell: true, stdin: PIPE, stdout: PIPE, stderr: PIPE });
  const { stdout, stderr } = await both.communicate(Buffer.from(much));
  assert.deepEqual([stdout!.length, stderr!.length], [much.length, 300_000]);
  const deaf = new Popen(['true'], { stdin: PIPE });
  assert.deepEqual(await deaf.communicate(much), { stdout: null, stderr: null });
  const deafSync = new Popen(['true'], { stdin: PIPE });
  if (isNative) assert.deepEqual(deafSync.communicateSync(much), { stdout: null, stderr: null });
  else assert.throws(() => deafSync.communicateSync(much), { code: 'ERR_NO_LIBRARY' });
  await assert.rejects(new Popen(['true']).communicate('x'), { code: 'ERR_NO_STDIN' });
});

test('communicate whose time is up leaves the command running, and the next one gives everything [POP-09]', async () => {
  for (const sync of isNative ? [false, true] : [false]) {
    const child = new Popen(['sh', '-c', 'head -c 200000 /dev/zero; read line; echo "$line"'], { stdin: PIPE, stdout: PIPE });
    // The input is given at the first call; it ends without a newline, and the shell waits for the rest.
    const slow = new Popen(['sh', '-c', 'head -c 200000 /dev/zero; sleep 0.3; echo end'], { stdout: PIPE });
    let error: unknown;
    try {
      if (sync) slow.communicateSync(null, { timeout: SHORT });
      else await slow.communicate(null, { timeout: SHORT });
    } catch (thrown) {
      error = thrown;
    }
    assert.ok(error instanceof TimeoutExpired);
    assert.equal(slow.poll(), null);
    const { stdout } = sync ? slow.communicateSync() : await slow.communicate();
    assert.equal(stdout!.length, 200_004);
    assert.equal((await child.communicate('line\n')).stdout!.length, 200_005);
  }
});

test('what was written before communicate comes first, and a stdin that was closed before is no mistake [POP-11, POP-12]', async () => {
  const first = new Popen(['cat'], { stdin: PIPE, stdout: PIPE, text: true });
  void first.stdin!.write('before ');
  assert.equal((await first.communicate('and after')).stdout, 'before and after');
  const closed = new Popen(['cat'], { stdin: PIPE, stdout: PIPE, text: true });
  await closed.stdin!.write('all');
  await closed.stdin!.close();
  assert.equal((await closed.communicate()).stdout, 'all');
  const empty = new Popen(['cat'], { stdin: PIPE, stdout: PIPE });
  assert.equal((await empty.communicate()).stdout!.length, 0);
});

test('cwd is where the command runs, and where a relative program is looked for; one that is missing is named [POP-14]', async () => {
  assert.equal(await text(['pwd'], { cwd: '/usr' }), '/usr\n');
  assert.equal(await text(['pwd'], { cwd: pathToFileURL('/usr') }), '/usr\n');
  mkdirSync(file('bin'));
  writeFileSync(file('bin/tool'), '#!/bin/sh\necho the tool\n', { mode: 0o755 });
  assert.equal(await text(['./tool'], { cwd: file('bin') }), 'the tool\n');
  assert.equal(await text(['tool'], { cwd: folder, env: { PATH: 'bin' } }), 'the tool\n');
  assert.throws(() => new Popen(['ls'], { cwd: '/nonesuch' }), { code: 'ENOENT', path: '/nonesuch', message: /no directory '\/nonesuch'/ });
  assert.throws(() => new Popen(['nonesuch'], { cwd: '/usr' }), { code: 'ENOENT', path: 'nonesuch' });
});

test('what can not be started is an error at once that says why, and leaves nothing open [POP-15]', async () => {
  const before = openDescriptors();
  writeFileSync(file('plain'), 'text');
  writeFileSync(file('no-interpreter'), '#!/nonesuch/python\n', { mode: 0o755 });
  writeFileSync(file('no-format'), 'neither\0nor', { mode: 0o755 });
  const all = { stdin: PIPE, stdout: PIPE, stderr: PIPE } as const;
  for (let i = 0; i < 300; i++)
    assert.throws(() => new Popen(['nonesuch', 'x'], all), { name: 'ProcessStartError', code: 'ENOENT', path: 'nonesuch' });
  assert.throws(() => new Popen([file('plain')], all), { code: 'EACCES', message: /may not be executed/ });
  assert.throws(() => new Popen([folder], all), { code: 'EACCES' });
  assert.throws(() => new Popen([file('no-interpreter')], all), {
    code: 'ENOENT',
    message: /names '\/nonesuch\/python' as its interpreter/,
  });
  // What has no format, Node gives to the shell.
  if (isNative) assert.throws(() => new Popen([file('no-format')], all), { code: 'ENOEXEC' });
  assert.throws(() => new Popen(['true', 'x'.repeat(200_000)], all), { code: 'E2BIG', message: /longer than the system allows/ });
  assert.throws(() => new Popen(['true'], { ...all, env: { BIG: 'x'.repeat(200_000) } }), { code: 'E2BIG' });
  assert.throws(() => new Popen(['tr\0ue'], all), { code: 'ERR_NUL' });
  assert.throws(() => new Popen(['true', 'a\0b'], all), /argument 1 must not contain a NUL/);
  assert.throws(() => new Popen([]), TypeError);
  assert.throws(() => new Popen([1 as never]), /a program must be text/);
  assert.throws(() => new Popen(['true'], { nonesuch: 1 } as never), /no option "nonesuch"/);
  assert.throws(() => new Popen(['true'], { stdin: { file: file('missing') } }), { code: 'ENOENT' });
  // Node closes its own in a later turn.
  await until(() => openDescriptors() <= before);
  assert.equal(zombies(), 0);
});

test('executable is run in place of the program, which is still told the name; or in place of the shell [POP-16]', async () => {
  assert.equal(await text(['another name', '-c', 'echo "$0"'], { executable: '/bin/sh' }), 'another name\n');
  symlinkSync('/bin/bash', file('my-shell'));
  assert.equal(await text('echo "${BASH_VERSION:+bash}"', { shell: true, executable: file('my-shell') }), 'bash\n');
  assert.equal(await text('echo "${BASH_VERSION:+bash}"', { shell: '/bin/bash' }), 'bash\n');
});

test('env is the whole environment, also an empty one, and names are checked [POP-17]', async () => {
  assert.equal(await text(['/usr/bin/env'], { env: {} }), '');
  assert.equal(
    await text(['env'], { env: { PATH: process.env['PATH'], FRUIT: 'orange', NOT: undefined, B: Buffer.from('é') } }),
    `PATH=${process.env['PATH']}\nFRUIT=orange\nB=é\n`,
  );
  process.env['MANYCORE_TEST'] = 'set at run time';
  assert.match(await text(['env']), /^MANYCORE_TEST=set at run time$/m);
  delete process.env['MANYCORE_TEST'];
  for (const env of [{ 'A=B': 'x' }, { '': 'x' }, { A: 'x\0' }, { 'A\0': 'x' }])
    assert.throws(() => new Popen(['true'], { env }), RangeError);
});

test('a shell gets a line, or a line and its arguments; without one, arguments are no syntax [POP-19]', async () => {
  assert.equal(await text('echo $((6 * 7))', { shell: true }), '42\n');
  assert.equal(await text(['echo "$0" "$1"', 'a b', 'c'], { shell: true }), 'a b c\n');
  assert.equal(await text(['printf', '[%s]', 'a b', '$HOME', ';', "it's", '"', '']), `[a b][$HOME][;][it's]["][]`);
  writeFileSync(file('with spaces'), '#!/bin/sh\necho "$#"\n', { mode: 0o755 });
  assert.equal(await text([file('with spaces'), 'a b']), '1\n');
  assert.equal(await text(file('with spaces')), '0\n');
  assert.equal(await text([pathToFileURL(file('with spaces')), Buffer.from('x')]), '1\n');
});

test('no descriptors but the first three and those to pass are inherited, and those of brothers are not [POP-20]', async () => {
  const list = ['sh', '-c', 'for fd in 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$fd ] && printf "%s " $fd; done; echo'];
  const { stdout, stderr } = await runProgram(
    `
    import { run } from 'manycore/subprocess';
    const list = ${JSON.stringify(list)};
    await run(list);
    await run(list, { passFds: [7] });
  `,
    { under: ['sh', '-c', 'exec "$@" 7</dev/null 9</dev/null', 'sh'] },
  );
  assert.equal(stdout, '\n7 \n', stderr);
  const fd = openSync('/dev/null', 'r');
  assert.equal(await text(['sh', '-c', `[ -e /proc/$$/fd/${fd} ] && echo there`], { passFds: [fd] }), 'there\n');
  closeSync(fd);
  // A brother that held the pipe would keep it open.
  const first = new Popen(['cat'], { stdin: PIPE, stdout: PIPE });
  const second = new Popen(['sleep', '100'], { stdin: PIPE });
  await first.stdin!.close();
  assert.equal((await first.stdout!.read()).length, 0);
  second.kill();
  await Promise.all([first.wait(), second.wait()]);
});

test('a session and a group of its own [POP-21]', async () => {
  const ids = async (options: PopenOptions): Promise<number[]> =>
    (await text(['sh', '-c', 'cut -d" " -f1,5,6 /proc/$$/stat'], options)).trim().split(' ').map(Number);
  const [pid, group, session] = await ids({ startNewSession: true });
  assert.deepEqual([group, session], [pid, pid]);
  const [own, ownGroup, ourSession] = await ids({ processGroup: 0 });
  assert.equal(ownGroup, own);
  // Node makes groups with sessions only.
  assert.equal(ourSession === own, !isNative);
  const leader = new Popen(['cat'], { stdin: PIPE, processGroup: 0 });
  if (isNative) assert.equal((await ids({ processGroup: leader.pid }))[1], leader.pid);
  else await assert.rejects(ids({ processGroup: leader.pid }), { code: 'ERR_NO_LIBRARY', message: /processGroup/ });
  await leader.communicate();
  assert.throws(() => new Popen(['true'], { processGroup: -1 }), RangeError);
});

test('leaving the scope closes the pipes and waits, also when the command does not read [POP-22]', async () => {
  let child: Popen;
  {
    await using scoped = new Popen(['sh', '-c', 'exec 0<&-; sleep 0.1; exit 5'], { stdin: PIPE, stdout: PIPE });
    void scoped.stdin!.write('x'.repeat(1 << 20)).catch(() => {});
    child = scoped;
  }
  assert.equal(child.returnCode, 5);
  assert.ok(child.stdin!.closed && child.stdout!.closed);
});

test('Ctrl-C while a command is waited for does not kill it [POP-24, ASP-02]', async () => {
  const child = new Popen(['sleep', '100']);
  using stop = abortOn('SIGINT');
  const waiting = child.wait({ signal: stop });
  raiseSignal('SIGINT');
  await assert.rejects(waiting, /received SIGINT/);
  assert.equal(child.poll(), null);
  child.kill();
  assert.equal(await child.wait(), -9);
});

test('a command that is stopped has not ended; where the system reports it, it is minus the signal [POP-25]', async () => {
  const child = new Popen(['sleep', '100']);
  child.sendSignal('SIGSTOP');
  await until(() => / \(sleep\) T /.test(readFileSync(`/proc/${child.pid}/stat`, 'latin1')));
  if (isNative) assert.deepEqual(childStatus({ pid: child.pid }, { leave: true, stopped: true }), { is: 'stopped', signal: 19 });
  assert.equal(child.poll(), null);
  assert.equal(returnCodeOf({ is: 'stopped', signal: 19 }), -19);
  child.sendSignal('SIGCONT');
  child.terminate();
  assert.equal(await child.wait(), -15);
});

nativeTest('umask, pipe size, and the signals that Node ignores', async () => {
  assert.equal(await text('umask', { shell: true, umask: 0o053 }), '0053\n');
  assert.notEqual(await text('umask', { shell: true }), '0053\n');
  assert.throws(() => new Popen(['true'], { umask: 0o1000 }), RangeError);
  const ignored = async (options: PopenOptions): Promise<bigint> =>
    BigInt(`0x${/SigIgn:\s*(\w+)/.exec(await text(['cat', '/proc/self/status'], options))![1]}`) & 0x7fff_ffffn;
  // (glibc has two more for itself.)
  assert.equal(await ignored({}), 0n);
  assert.equal(await ignored({ restoreSignals: false }), 0x1001000n);
  const wide = new Popen(['sleep', '100'], { stdout: PIPE, pipesize: 1 << 20 });
  assert.equal(pipeSize(wide.stdout!.fd), 1 << 20);
  wide.kill();
  await wide.wait();
  wide.stdout!.close();
});

test('a command runs as another user, and this process stays who it is', async () => {
  const { user, group, extraGroups } = { user: 65534, group: 65534, extraGroups: [7, 8] };
  assert.throws(() => new Popen(['id'], { user: 'nobody at all' }), /there is no user "nobody at all" in \/etc\/passwd/);
  assert.throws(() => new Popen(['id'], { user: -1 }), RangeError);
  if (!isNative) return assert.throws(() => new Popen(['id'], { user, extraGroups }), { code: 'ERR_NO_LIBRARY', message: /extraGroups/ });
  if (process.getuid!() !== 0) {
    assert.throws(() => new Popen(['id'], { user }), { code: 'EPERM' });
    return console.log('not tried as another user: only root may');
  }
  const us = await text(['id']);
  const before = readFileSync('/proc/self/status', 'utf8').match(/^(Uid|Gid|Groups|CapEff):.*$/gm);
  assert.equal(await text('id -u; id -g; id -G', { shell: true, user, group, extraGroups }), '65534\n65534\n65534 7 8\n');
  assert.equal(await text('id -un', { shell: true, user: 'nobody' }), 'nobody\n');
  chmodSync(folder, 0o700);
  assert.throws(() => new Popen([file('bin/tool')], { user }), { code: 'EACCES' });
  assert.deepEqual(readFileSync('/proc/self/status', 'utf8').match(/^(Uid|Gid|Groups|CapEff):.*$/gm), before);
  assert.equal(await text(['id']), us);
});

test('it shows what it runs, and how it is', async () => {
  const child = new Popen(['sleep', '100']);
  assert.equal(String(child), "<Popen: returncode: null args: ['sleep', '100']>");
  child.kill();
  await child.wait();
  assert.equal(String(child), "<Popen: returncode: -9 args: ['sleep', '100']>");
});

test('a program ends without waiting for its commands, and a dropped one leaves no zombie', async () => {
  const { code, stdout, stderr } = await runProgram(`
    import { DEVNULL, Popen } from 'manycore/subprocess';
    const child = new Popen(['sleep', '100'], { stdout: DEVNULL, stderr: DEVNULL });
    console.log(child.pid);
  `);
  assert.equal(code, 0, stderr);
  process.kill(Number(stdout), 'SIGKILL');
  for (let i = 0; i < 20; i++) void new Popen(['true']).pid;
  await until(() => zombies() === 0);
});

test('a hundred commands at once, each with three pipes, leave no descriptor behind', async () => {
  await run(['true'], { captureOutput: true });
  const before = openDescriptors();
  const outputs = await Promise.all(
    Array.from({ length: 100 }, (_, i) => run(['sh', '-c', 'cat; echo >&2'], { input: String(i), captureOutput: true, text: true })),
  );
  assert.deepEqual(
    outputs.map(({ stdout }) => stdout),
    Array.from({ length: 100 }, (_, i) => String(i)),
  );
  await until(() => openDescriptors() <= before);
});

test('a thousand commands live at once, each is heard, and nothing is left of them', async () => {
  await run(['true'], { captureOutput: true });
  const before = openDescriptors();
  const count = isNative ? 1000 : 100;
  const commands = Array.from({ length: count }, () => new Popen(['cat'], { stdin: PIPE, stdout: PIPE, text: true }));
  assert.ok(commands.every((command) => command.poll() === null));
  assert.equal(new Set(commands.map(({ pid }) => pid)).size, count);
  const outputs = await Promise.all(commands.map((command, i) => command.communicate(String(i))));
  assert.ok(outputs.every(({ stdout }, i) => stdout === String(i)));
  assert.ok(commands.every(({ returnCode }) => returnCode === 0));
  await until(() => openDescriptors() <= before);
  assert.equal(zombies(), 0);
});

test('killTree ends a command at once with its descendants, and tells which they were', async () => {
  const child = new Popen(['sh', '-c', 'trap "" TERM; sleep 1000 & (sleep 1001; true) & echo ready; wait'], { stdout: PIPE, text: true });
  assert.equal((await child.stdout.lines().next()).value, 'ready');
  const killed = child.killTree();
  assert.equal(await child.wait(), -9);
  assert.ok(killed.includes(child.pid));
  if (process.platform === 'linux') assert.ok(killed.length >= 3, String(killed));
  await until(() => killed.every((pid) => !existsSync(`/proc/${pid}/exe`)));
});

test('a command that is killed while it is talked to ends every wait for it', async () => {
  const options = { stdin: PIPE, stdout: PIPE, text: true } as const;
  const [first, second, third] = [new Popen(['cat'], options), new Popen(['cat'], options), new Popen(['cat'], options)];
  await first.stdin.write('begun\nhalf a line');
  const lines = first.stdout.lines();
  assert.equal((await lines.next()).value, 'begun');
  const heard = [lines.next(), second.communicate('x'.repeat(300_000)), third.wait()];
  for (const command of [first, second, third]) process.kill(command.pid, 'SIGKILL');
  const [line, output, code] = await Promise.all(heard);
  assert.deepEqual(line, { done: false, value: 'half a line' });
  assert.ok((output as { stdout: string }).stdout.length <= 300_000);
  assert.deepEqual([await first.wait(), await second.wait(), code], [-9, -9, -9]);
  await assert.rejects(first.stdin.write('x'.repeat(300_000)), { code: 'EPIPE' });
  await assert.rejects(run(['sh', '-c', 'kill -9 $$'], { check: true }), /died with SIGKILL/);
});

test('when this program is killed, its commands read the end of their input; those that do not read live on, as in Python', async () => {
  const program = new Program(`
    import { DEVNULL, PIPE, Popen } from 'manycore/subprocess';
    const reads = new Popen(['cat'], { stdin: PIPE, stdout: DEVNULL });
    const sleeps = new Popen(['sleep', '1000'], { stdout: DEVNULL, stderr: DEVNULL });
    await reads.stdin.write('x');
    console.log('started ' + reads.pid + ' ' + sleeps.pid + ' ');
    setInterval(() => {}, 1000);
  `);
  await program.printed('started');
  const [reads, sleeps] = program.stdout.split(' ').slice(1).map(Number) as [number, number];
  program.child.kill('SIGKILL');
  assert.equal((await program.ended).signal, 'SIGKILL');
  const isThere = (pid: number): boolean => existsSync(`/proc/${pid}/exe`);
  await until(() => !isThere(reads));
  assert.ok(isThere(sleeps));
  process.kill(sleeps, 'SIGKILL');
  await until(() => !isThere(sleeps));
});

test('when no descriptor is left, that is said, and nothing is left behind', async () => {
  const { stdout, stderr } = await runProgram(
    `
    import { closeSync, openSync } from 'node:fs';
    import { pipeline, run, runSync, Popen, PIPE } from 'manycore/subprocess';
    await run(['true'], { captureOutput: true });
    const running = [];
    try {
      for (;;) running.push(new Popen(['cat'], { stdin: PIPE, stdout: PIPE, stderr: PIPE }));
    } catch (error) { console.log(error.code, error.message); }
    const rest = [];
    try { for (;;) rest.push(openSync('/dev/null')); } catch {}
    const refused = async (attempt) => { try { await attempt(); } catch (error) { console.log(error.name, error.code); } };
    await refused(() => run(['true'], { captureOutput: true }));
    await refused(() => runSync(['true'], { captureOutput: true }));
    await refused(() => pipeline(['true'], ['cat']).run());
    for (const fd of rest) closeSync(fd);
    for (const child of running) await child.communicate();
    console.log(running.every((child) => child.returnCode === 0), (await run(['echo', 'again'], { stdout: PIPE, text: true })).stdout);
  `,
    { under: ['sh', '-c', 'ulimit -n 100; exec "$@"', 'sh'] },
  );
  assert.match(
    stdout,
    /^EMFILE cannot start command \['cat'\]: too many files are open: .*\(EMFILE\)\n(ProcessStartError EMFILE\n){3}true again\n/,
    stderr,
  );
});

test('when no descriptor is left for the first command of a program, that is said, and nothing of it stays', async () => {
  const { stdout, stderr } = await runProgram(
    `
    import { closeSync, openSync } from 'node:fs';
    import { run, runSync, Popen } from 'manycore/subprocess';
    import { hasLibrary } from 'manycore/system/library';
    const taken = [];
    try { for (;;) taken.push(openSync('/dev/null')); } catch {}
    const refused = async (attempt) => { try { await attempt(); } catch (error) { console.log(error.name, error.code); } };
    await refused(() => runSync(['true'], { captureOutput: true }));
    await refused(() => run(['true'], { captureOutput: true }));
    for (const fd of taken) closeSync(fd);
    console.log(runSync(['echo', 'again'], { captureOutput: true, text: true }).stdout, hasLibrary() === (process.env.MANYCORE_SYSTEM !== 'none'));
  `,
    { under: ['sh', '-c', 'ulimit -n 100; exec "$@"', 'sh'] },
  );
  assert.equal(stdout, 'ProcessStartError EMFILE\nProcessStartError EMFILE\nagain\n true\n', stderr);
});

test('threads start commands too, and hear of their end', async () => {
  const heard = new Queue<readonly [string, number]>();
  const thread = new Thread({
    target: async (module: string) => {
      const subprocess = (await import(module)) as typeof import('../../src/subprocess/index.ts');
      process.env['OF_THREAD'] = 'its own';
      const { stdout } = await subprocess.run(['sh', '-c', 'cat; echo $OF_THREAD'], {
        input: 'in a thread ',
        captureOutput: true,
        text: true,
      });
      const killed = new subprocess.Popen(['sleep', '100']);
      killed.kill();
      await heard.put([stdout, await killed.wait()]);
    },
    args: [new URL('../../src/subprocess/index.js', import.meta.url).href],
  });
  thread.start();
  assert.deepEqual(await heard.get({ timeout: LONG }), ['in a thread its own\n', -9]);
  await thread.join();
});

test('when SIGCHLD is ignored, the system reaps, and a wait comes back all the same', async () => {
  const { stdout, stderr } = await runProgram(`
    import { signal, SIG_IGN } from 'manycore/signal';
    import { run, runSync } from 'manycore/subprocess';
    signal('SIGCHLD', SIG_IGN);
    console.log((await run(['true'])).returnCode, runSync(['true']).returnCode);
  `);
  assert.equal(stdout, '0 0\n', stderr);
});

test('a pipe that is lost unread closes its descriptor', async () => {
  const { stdout, stderr } = await runProgram(
    `
    import { readdirSync } from 'node:fs';
    import { Popen, PIPE } from 'manycore/subprocess';
    const open = () => readdirSync('/proc/self/fd').length;
    await new Popen(['true'], { stdout: PIPE }).wait();
    const before = open();
    for (let i = 0; i < 50; i++) await new Popen(['true'], { stdin: PIPE, stdout: PIPE, stderr: PIPE }).wait();
    for (let i = 0; i < 100 && open() > before; i++) { gc(); await new Promise((done) => setTimeout(done, 5)); }
    console.log(open() <= before);
  `,
    { flags: ['--expose-gc'] },
  );
  assert.equal(stdout, 'true\n', stderr);
});

test('a task that is cancelled in a run ends its command; in a wait it does not [ASP-02]', async () => {
  const asyncio = await import('../../src/asyncio/index.ts');
  const child = new Popen(['sleep', '1000']);
  let pid = 0;
  await asyncio.run(async () => {
    const waiting = asyncio.createTask(() => child.wait());
    const running = asyncio.createTask(() => run('echo $$ > pid; exec sleep 1000', { shell: true, cwd: folder }));
    await until(() => {
      try {
        return (pid = Number(readFileSync(file('pid'), 'utf8'))) > 0;
      } catch {
        return false;
      }
    });
    waiting.cancel();
    running.cancel();
    await assert.rejects(async () => void (await waiting), { name: 'CancelledError' });
    await assert.rejects(async () => void (await running), { name: 'CancelledError' });
  });
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  assert.equal(child.poll(), null);
  child.kill();
  await child.wait();
});

test('a thread runs commands, and Node warns of none of their pipes', async () => {
  const program = new Program(`
    import { Thread } from 'manycore/threading';
    import { PIPE, run } from 'manycore/subprocess';
    const thread = new Thread({ target: async () => {
      const { stdout } = await run(['echo', 'heard'], { stdout: PIPE, text: true });
      process.stdout.write(stdout);
      process.emitWarning('its own');
      await new Promise((resolve) => process.once('warning', resolve));
    } });
    thread.start();
    await thread.join();`);
  const { stdout, stderr } = await program.ended;
  assert.equal(stdout, 'heard\n');
  assert.match(stderr, /^\(node:\d+\) Warning: its own\n\(Use `[^`]+` to show where the warning was created\)\n$/);
});
