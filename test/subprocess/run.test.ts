import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  call,
  CalledProcessError,
  callSync,
  checkCall,
  checkCallSync,
  checkOutput,
  checkOutputSync,
  CompletedProcess,
  getOutput,
  getOutputSync,
  getStatusOutput,
  getStatusOutputSync,
  type Input,
  MaxBufferExceeded,
  PIPE,
  pipeline,
  Popen,
  run,
  runSync,
  STDOUT,
  SubprocessError,
  TimeoutExpired,
} from '../../src/subprocess/index.ts';
import { LONG, SHORT } from '../support/patience.ts';
import { runProgram } from '../support/program.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { isNative, nativeTest } from './library.ts';

const isRunning = (pid: number): boolean => {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
};

test('run gives what was run, its return code and its outputs [SRN-01]', async () => {
  const command = ['sh', '-c', 'echo out; echo err >&2; exit 3'];
  for (const done of [await run(command, { captureOutput: true, text: true }), runSync(command, { captureOutput: true, text: true })]) {
    const { args, returnCode, stdout, stderr } = done;
    assert.ok(done instanceof CompletedProcess);
    assert.deepEqual({ args, returnCode, stdout, stderr }, { args: command, returnCode: 3, stdout: 'out\n', stderr: 'err\n' });
  }
  const bytes: Buffer = (await run(['printf', 'é'], { stdout: PIPE })).stdout;
  assert.deepEqual(bytes, Buffer.from('é'));
  const nothing: null = (await run(['true'])).stdout;
  assert.equal(nothing, null);
  assert.equal(await call('exit 4', { shell: true }), 4);
  assert.equal(callSync('exit 4', { shell: true }), 4);
  assert.equal(await checkCall(['true']), 0);
  assert.equal(checkCallSync(['true']), 0);
});

test('check throws for what is not 0, with all that is known [SRN-02]', async () => {
  await assert.rejects(run(['false'], { check: true }), { message: "Command '['false']' returned non-zero exit status 1." });
  const noisy = ['sh', '-c', 'echo out; seq 100 >&2; exit 7'];
  const attempts = [
    () => run(noisy, { check: true, captureOutput: true, text: true }),
    async () => runSync(noisy, { check: true, captureOutput: true, text: true }),
    async () => (await run(noisy, { captureOutput: true, text: true })).checkReturnCode(),
  ];
  for (const attempt of attempts) {
    await assert.rejects(attempt(), (error: CalledProcessError) => {
      assert.ok(error instanceof CalledProcessError && error instanceof SubprocessError);
      const { returnCode, cmd, output, stderr, code } = error;
      assert.deepEqual([returnCode, cmd, output, stderr!.length, code], [7, noisy, 'out\n', 292, 'ERR_CALLED_PROCESS']);
      // The last lines of stderr, and not all of them.
      assert.match(error.message, /exit status 7\.\n--- stderr\n81\n/);
      return error.message.endsWith('\n100');
    });
  }
  await assert.rejects(run('kill -ABRT $$', { shell: true, check: true }), { message: "Command 'kill -ABRT $$' died with SIGABRT." });
  await assert.rejects(checkCall(['false']), CalledProcessError);
  assert.throws(() => checkCallSync(['false']), CalledProcessError);
  await assert.rejects(checkOutput(['sh', '-c', 'echo out; exit 1'], { text: true }), { stdout: 'out\n' });
  assert.equal(await checkOutput(['echo', 'x'], { text: true }), 'x\n');
  assert.equal(checkOutputSync(['echo', 'x'], { text: true }), 'x\n');
});

test('when the time is up the command is ended and reaped, and the error has its output so far [SRN-04]', async () => {
  const command = ['sh', '-c', 'echo $$; exec sleep 100'];
  const options = { timeout: SHORT * 4, captureOutput: true, text: true } as const;
  for (const attempt of [() => run(command, options), async () => runSync(command, options)]) {
    await assert.rejects(attempt(), (error: TimeoutExpired) => {
      assert.ok(error instanceof TimeoutExpired);
      assert.deepEqual([error.cmd, error.timeout, error.code], [command, SHORT * 4, 'ERR_TIMED_OUT']);
      assert.match(String(error.stdout), /^\d+\n$/);
      return !isRunning(Number(error.stdout));
    });
  }
  await assert.rejects(run(['sleep', '100'], { timeout: 0 }), TimeoutExpired);
  await assert.rejects(run(['true'], { timeout: -1 }), RangeError);
});

test('no descendant of a command whose time is up lives on, or makes the caller wait [SRN-05]', async () => {
  const script = `
    sleep 1000 & echo $!
    setsid sleep 1001 & echo $!
    setsid sh -c 'sh -c "sleep 1002 & echo \\$!"; exit 0'
    echo all; exec sleep 1003`;
  const options = { shell: true, captureOutput: true, text: true } as const;
  for (const attempt of [
    (timeout: number) => run(script, { ...options, timeout }),
    (timeout: number) => run(script, { ...options, signal: AbortSignal.timeout(timeout) }),
    async (timeout: number) => runSync(script, { ...options, timeout }),
  ]) {
    // A slow machine needs longer to start them all.
    for (let timeout = SHORT * 4, areAll = false; !areAll; timeout *= 2) {
      assert.ok(timeout < LONG, 'they do not start');
      const error = await attempt(timeout).then(
        () => assert.fail(),
        (error: unknown) => error,
      );
      if (!(error instanceof TimeoutExpired)) break;
      const lines = String(error.stdout).split('\n');
      const pids = lines.flatMap((line) => (/^\d+$/.test(line) ? Number(line) : []));
      await until(() => !pids.some(isRunning));
      areAll = lines[3] === 'all';
    }
  }
});

test('a command within a command is found by both of them: the cookie of the outer one is kept', async () => {
  const { stdout, stderr } = await runProgram(
    `
    import { run, runSync, PIPE } from 'manycore/subprocess';
    const options = { stdout: PIPE, text: true, timeout: 50000 };
    const command = ['sh', '-c', 'echo $MANYCORE_TREE'];
    for (const given of [options, { ...options, env: { ...process.env } }])
      for (const { stdout } of [await run(command, given), runSync(command, given)]) console.log(/^[\\da-f-]{36} outer\\n$/.test(stdout), stdout);
    console.log(process.env.MANYCORE_TREE);
  `,
    { env: { MANYCORE_TREE: 'outer' } },
  );
  assert.equal(stdout.match(/^true /gm)?.length, 4, stdout + stderr);
  assert.ok(stdout.endsWith('outer\n'));
});

test('a descendant that keeps the output open is waited for as long as asked, and not longer [SRN-05]', async () => {
  const { stdout, returnCode } = await run('setsid sleep 1000 & echo $!', { shell: true, stdout: PIPE, text: true, drain: SHORT });
  assert.equal(returnCode, 0);
  assert.ok(isRunning(Number(stdout)));
  process.kill(Number(stdout), 'SIGKILL');
  const blocking = () => runSync('setsid sleep 1000 & echo $!', { shell: true, stdout: PIPE, text: true, drain: SHORT });
  if (isNative) process.kill(Number(blocking().stdout), 'SIGKILL');
  else assert.throws(blocking, { code: 'ERR_NO_LIBRARY', message: /drain/ });
});

test('a command gets SIGTERM first, and SIGKILL when it does not mind', async () => {
  const polite = ['sh', '-c', 'trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.01; done'];
  const child = new Popen(polite, { stdout: PIPE, text: true });
  const lines = child.stdout.lines();
  assert.deepEqual(await lines.next(), { done: false, value: 'ready' });
  assert.equal(await child.end(), 0);
  assert.deepEqual(await lines.next(), { done: false, value: 'bye' });
  child.stdout.close();
  const stubborn = new Popen(['sh', '-c', 'trap "" TERM; echo ready; sleep 1000'], { stdout: PIPE, text: true });
  await stubborn.stdout!.lines().next();
  assert.equal(await stubborn.end({ grace: SHORT }), -9);
  stubborn.stdout!.close();
});

test('an aborted signal ends the command with its reason; one that is aborted already starts nothing', async () => {
  const controller = new AbortController();
  const running = run(['sleep', '1000'], { signal: controller.signal });
  controller.abort(new Error('no longer wanted'));
  await assert.rejects(running, /no longer wanted/);
  await assert.rejects(run(['nonesuch'], { signal: AbortSignal.abort(new Error('never')) }), /never/);
});

test('options that contradict each other are refused [SRN-06]', async () => {
  for (const options of [
    { input: 'x', stdin: PIPE },
    { captureOutput: true, stdout: PIPE },
    { captureOutput: true, stderr: STDOUT },
  ] as const) {
    await assert.rejects(run(['true'], options), TypeError);
    assert.throws(() => runSync(['true'], options), TypeError);
  }
  await assert.rejects(checkOutput(['true'], { stdout: PIPE } as never), /checkOutput takes no stdout/);
  assert.throws(() => checkOutputSync(['true'], { check: true } as never), /checkOutput takes no check/);
});

test('input may be text, bytes, pieces or a stream; null is an empty input [SRN-07]', async () => {
  const cat = async (input: Input | null): Promise<string> => (await run(['cat'], { input, stdout: PIPE, text: true })).stdout;
  assert.equal(await cat('text é'), 'text é');
  assert.equal(await cat(Buffer.from('bytes')), 'bytes');
  assert.equal(await cat(null), '');
  assert.equal(await cat(''), '');
  assert.equal(await cat(['one ', Buffer.from('two')]), 'one two');
  assert.equal(
    await cat(
      (async function* () {
        yield 'lazy ';
        yield 'pieces';
      })(),
    ),
    'lazy pieces',
  );
  assert.equal(await cat(new Blob(['of the web']).stream() as ReadableStream<Uint8Array>), 'of the web');
  assert.equal(await checkOutput(['cat'], { input: null, text: true }), '');
  assert.equal(checkOutputSync(['cat'], { input: null, text: true }), '');
  await assert.rejects(
    cat(
      (async function* () {
        yield 'x';
        throw new Error('of the source');
      })(),
    ),
    /of the source/,
  );
});

test('text: encodings, what is no text, the ends of lines, and characters that are cut apart', async () => {
  const of = async (bytes: string, options: object): Promise<string> =>
    (await run(['printf', bytes], { stdout: PIPE, text: true, ...options })).stdout;
  assert.equal(await of('a\\r\\nb\\rc\\n', {}), 'a\nb\nc\n');
  assert.equal(await of('\\351', { encoding: 'latin1' }), 'é');
  assert.equal(await of('\\202\\240', { encoding: 'shift_jis' }), 'あ');
  assert.equal(await of('a\\377b', {}), 'a\ufffdb');
  assert.equal(await of('a\\377b', { errors: 'ignore' }), 'ab');
  await assert.rejects(of('a\\377b', { errors: 'strict' }), TypeError);
  await assert.rejects(of('', { encoding: 'no such' }), /"no such" is no encoding/);
  await assert.rejects(of('', { errors: 'sometimes' }), RangeError);
  const child = new Popen(['sh', '-c', 'printf "\\303"; sleep 0.05; printf "\\251\\r"; sleep 0.05; printf "\\nend"'], {
    stdout: PIPE,
    text: true,
  });
  const lines: string[] = [];
  for await (const line of child.stdout!) lines.push(line);
  assert.deepEqual(lines, ['é', 'end']);
  await child.wait();
});

test('getOutput gives what a line of the shell printed, without the last newline', async () => {
  assert.equal(await getOutput('echo out; echo err >&2'), 'out\nerr');
  assert.deepEqual(await getStatusOutput('echo x; exit 3'), [3, 'x']);
  assert.equal(getOutputSync('printf "a\\n\\n"'), 'a\n');
  assert.deepEqual(getStatusOutputSync('kill -9 $$'), [-9, '']);
});

nativeTest('finding 1: starting a command copies no memory: the pages of a large parent are not written anew', async () => {
  const { stdout, stderr } = await runProgram(`
    import { spawn } from 'node:child_process';
    import { once } from 'node:events';
    import { run } from 'manycore/subprocess';
    const large = Buffer.alloc(256 << 20, 1);
    const faults = (start) => { start(); const before = process.resourceUsage().minorPageFault; large.fill(2); return process.resourceUsage().minorPageFault - before; };
    await run(['true']);
    const pages = large.length / 4096;
    const ours = faults(() => void run(['sleep', '0.2']));
    const peers = faults(() => void spawn('sleep', ['0.2']));
    console.log(ours < pages / 10, peers > ours);
    await new Promise((done) => setTimeout(done, 300));
  `);
  assert.equal(stdout, 'true true\n', stderr);
});

nativeTest('finding 2: streams are pipes, which a command may open by name, and whose end it is told of as in a shell', async () => {
  const command = ['sh', '-c', 'cat /dev/stdin; echo err >/dev/stderr'];
  const { stdout, stderr } = await run(command, { input: 'in', captureOutput: true, text: true });
  assert.deepEqual([stdout, stderr], ['in', 'err\n']);
  const peer = spawnSync(command[0]!, command.slice(1), { input: 'in', encoding: 'utf8' });
  assert.notEqual(peer.stdout, 'in');
  // A writer whose reader goes away gets SIGPIPE, and does not complain.
  const yes = new Popen(['yes'], { stdout: PIPE, stderr: PIPE, text: true });
  await yes.stdout!.lines().next();
  yes.stdout!.close();
  assert.deepEqual([await yes.wait(), await yes.stderr!.read()], [-13, '']);
  // bash takes a socket for the stdin of a remote shell, and reads its start file first.
  const home = mkdtempSync(join(tmpdir(), 'manycore-home-'));
  writeFileSync(join(home, '.bashrc'), 'echo sourced\n');
  const [bash, env] = [['bash', '-c', 'echo main'], { HOME: home, PATH: process.env['PATH'] }];
  assert.equal((await run(bash, { input: '', env, captureOutput: true, text: true })).stdout, 'main\n');
  const remote = spawnSync(bash[0]!, bash.slice(1), { input: '', env, encoding: 'utf8' }).stdout;
  if (remote === 'main\n') console.log('not seen in the peer: this bash does not look for sockets');
  else assert.equal(remote, 'sourced\nmain\n');
  rmSync(home, { recursive: true });
});

test('finding 3: an output may be handed on at any time, and not a byte is lost', async () => {
  const bytes = 3_000_000;
  const source = new Popen(['head', '-c', String(bytes), '/dev/zero'], { stdout: PIPE });
  await new Promise((done) => setTimeout(done, SHORT));
  const count = new Popen(['wc', '-c'], { stdin: source.stdout, stdout: PIPE, text: true });
  assert.equal((await count.communicate()).stdout, `${bytes}\n`);
  assert.equal(await source.wait(), 0);
  assert.throws(() => source.stdout!.fd, { code: 'ERR_PIPE_IN_USE', message: /it was given to another command/ });
  assert.throws(() => new Popen(['cat'], { stdin: source.stdout }), /a pipe has one reader/);
  // What has come into Node's stream meanwhile, the other command never sees.
  const peer = spawn('head', ['-c', String(bytes), '/dev/zero'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await until(() => peer.stdout.readableLength > 0);
  const counter = spawn('wc', ['-c'], { stdio: [peer.stdout, 'pipe', 'inherit'] });
  let counted = '';
  counter.stdout.setEncoding('utf8').on('data', (text: string) => void (counted += text));
  await once(counter, 'close');
  assert.ok(Number(counted) < bytes, counted);
  peer.stdout.destroy();
});

nativeTest('finding 4: death by a real-time signal is no success', async () => {
  const done = await run('kill -40 $$', { shell: true });
  assert.deepEqual([done.returnCode, done.signal, done.exitCode], [-40, 'SIGRTMIN+6', 168]);
  assert.equal(runSync('kill -40 $$', { shell: true }).returnCode, -40);
  const peer = spawn('sh', ['-c', 'kill -40 $$']);
  assert.deepEqual(await once(peer, 'exit'), [0, null]);
});

nativeTest('finding 5: of so much text the execFile of Node makes an error that nobody can catch', async () => {
  const { code, stdout } = await runProgram(
    `
    import { execFile } from 'node:child_process';
    import { promisify } from 'node:util';
    try { await promisify(execFile)('head', ['-c', '600000000', '/dev/zero'], { maxBuffer: Infinity }); } catch {}
    console.log('still there');
  `,
    { limit: LONG * 4 },
  );
  assert.notEqual(code, 0);
  assert.equal(stdout, '');
});

nativeTest('finding 5: more output than a string can hold is given as bytes, and as text it is a clear error', async () => {
  const bytes = 600_000_000;
  const { stdout, stderr } = await runProgram(
    `
    import { run, PIPE } from 'manycore/subprocess';
    const command = ['head', '-c', '${bytes}', '/dev/zero'];
    console.log((await run(command, { stdout: PIPE })).stdout.length);
    try { await run(command, { stdout: PIPE, text: true }); } catch (error) { console.log(error.code, error.bytes.length); }
  `,
    { limit: LONG * 4 },
  );
  assert.equal(stdout, `${bytes}\nERR_TEXT_TOO_LONG ${bytes}\n`, stderr);
});

test('finding 5: maxBuffer ends the command, and tells what was kept', async () => {
  for (const attempt of [
    () => run(['yes'], { captureOutput: true, maxBuffer: 100_000, text: true }),
    async () => runSync(['yes'], { captureOutput: true, maxBuffer: 100_000, text: true }),
  ]) {
    await assert.rejects(attempt(), (error: MaxBufferExceeded) => {
      assert.ok(error instanceof MaxBufferExceeded);
      assert.match(error.message, /wrote more than maxBuffer, 100000 bytes/);
      return error.stdout!.length === 100_000;
    });
  }
  assert.equal((await run(['echo', '12345'], { captureOutput: true, maxBuffer: 6 })).stdout.length, 6);
});

test('finding 5: what it wrote on stderr before it wrote too much is told, whichever of the two is read first', async () => {
  const command = 'echo why >&2; exec yes';
  const options = { shell: true, captureOutput: true, maxBuffer: 100_000 } as const;
  const tells = (error: unknown): boolean => {
    assert.ok(error instanceof MaxBufferExceeded);
    assert.match(error.message, /it was ended\n--- stderr\nwhy$/);
    assert.equal(String(error.stderr), 'why\n');
    return true;
  };
  await assert.rejects(run(command, options), tells);
  await assert.rejects(pipeline(['true'], { command, shell: true }, { stderr: PIPE }).run({ maxBuffer: 100_000 }), tells);
  // Without the library it is Node that reads, and it reads no further.
  if (isNative) assert.throws(() => runSync(command, options), tells);
});

test('a run leaves no listener behind: neither at its signal nor at this process', async () => {
  const counts = (): number[] => process.eventNames().map((name) => process.listenerCount(name));
  const { signal } = new AbortController();
  await run(['true'], { signal, captureOutput: true });
  const before = counts();
  for (let i = 0; i < 20; i++) await run(['true'], { signal, captureOutput: true, timeout: LONG });
  await assert.rejects(run(['sleep', '1000'], { signal, timeout: 1 }), TimeoutExpired);
  assert.deepEqual(counts(), before);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('finding 6: a time-out returns though a grandchild holds the pipe', async () => {
  const begin = performance.now();
  await assert.rejects(run("sh -c 'sleep 1000; echo'; echo", { shell: true, timeout: SHORT, captureOutput: true }), TimeoutExpired);
  await assert.rejects(run('setsid sleep 1000; echo', { shell: true, timeout: SHORT, captureOutput: true }), TimeoutExpired);
  // Not a matter of speed: it would be a thousand seconds.
  assert.ok(performance.now() - begin < LONG * 2);
  // Node's own, whose time-out is this kill, waits for the grandchild all the same.
  let isClosed = false;
  let grandchild = 0;
  const peer = spawn('sh', ['-c', 'sleep 1000 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
  peer.once('close', () => (isClosed = true));
  peer.stdout.on('data', (text: Buffer) => (grandchild = Number(text)));
  await until(() => grandchild > 0);
  peer.kill();
  await once(peer, 'exit');
  await new Promise((done) => setTimeout(done, SHORT));
  assert.ok(!isClosed);
  process.kill(grandchild, 'SIGKILL');
  await until(() => isClosed);
});

test('without the C library everything goes through child_process, and what that can not do is refused', async () => {
  const { stdout, stderr } = await runProgram(
    `
    import { run, runSync, Popen, PIPE, STDOUT, TimeoutExpired, getOutput } from 'manycore/subprocess';
    const show = (value) => console.log(JSON.stringify(value));
    const { returnCode, stdout, stderr } = await run('cat; echo err >&2; exit 3', { shell: true, input: 'in', captureOutput: true, text: true });
    show([returnCode, stdout, stderr]);
    const sync = runSync('cat; echo err >&2; exit 3', { shell: true, input: 'in', captureOutput: true, text: true });
    show([sync.returnCode, sync.stdout, sync.stderr]);
    show(await getOutput('echo out; echo err >&2'));
    const source = new Popen(['seq', '100000'], { stdout: PIPE });
    await new Promise((done) => setTimeout(done, 50));
    const count = new Popen(['wc', '-l'], { stdin: source.stdout, stdout: PIPE, text: true });
    show((await count.communicate()).stdout);
    const killed = new Popen(['sleep', '1000']);
    killed.kill();
    show(await killed.wait());
    const refused = async (attempt) => { try { await attempt(); } catch (error) { show(error.code); } };
    await refused(() => run(['nonesuch']));
    await refused(() => run(['ls'], { cwd: '/nonesuch' }));
    await refused(() => run(['sleep', '1000'], { timeout: 50 }));
    await refused(() => runSync(['sleep', '1000'], { timeout: 50 }));
    await refused(() => run(['true'], { umask: 0 }));
    await refused(() => new Popen(['true']).waitSync());
    const lines = [];
    for await (const line of new Popen(['seq', '3'], { stdout: PIPE }).stdout) lines.push(line);
    show(lines);
  `,
    { env: { MANYCORE_SYSTEM: 'none' } },
  );
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
    [
      [3, 'in', 'err\n'],
      [3, 'in', 'err\n'],
      'out\nerr',
      '100000\n',
      -9,
      'ENOENT',
      'ENOENT',
      'ERR_TIMED_OUT',
      'ERR_TIMED_OUT',
      'ERR_NO_LIBRARY',
      'ERR_NO_LIBRARY',
      ['1', '2', '3'],
    ],
    stderr,
  );
});

test('what is read is exact, however it comes: every piece of every size, byte by byte', async () => {
  // A process that writes pieces of many sizes, each byte of which tells its place.
  const script = `
    const { writeSync } = require('node:fs');
    const all = Buffer.alloc(400000); for (let i = 0; i < all.length; i++) all[i] = i % 251;
    const sizes = [1, 100, 4096, 12288, 16384, 49152, 65536, 3, 65535, 20000];
    let at = 0;
    for (let i = 0; at < all.length; i++) {
      const end = Math.min(all.length, at + sizes[i % sizes.length]);
      while (at < end) at += writeSync(1, all, at, end - at);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }`;
  const command = [process.execPath, '-e', script];
  const isExact = (bytes: Buffer): boolean => bytes.length === 400_000 && bytes.every((byte, i) => byte === i % 251);
  const outputs = await Promise.all([
    run(command, { stdout: PIPE }),
    run(command, { stdout: PIPE }),
    new Popen(command, { stdout: PIPE }).communicate(),
  ]);
  for (const { stdout } of outputs) assert.ok(isExact(stdout));
  const child = new Popen(command, { stdout: PIPE });
  const pieces: Buffer[] = [];
  for await (const piece of child.stdout.stream) pieces.push(piece as Buffer);
  assert.ok(isExact(Buffer.concat(pieces)));
  assert.ok(isExact(runSync(command, { stdout: PIPE }).stdout));
});

test('an option of the wrong kind is refused by its name, with what it has to be, and nothing is started', async () => {
  const bad: Readonly<Record<string, readonly unknown[]>> = {
    env: [5, 'x', ['A=1'], { A: null }, { A: {} }],
    input: [5, {}, Symbol('s'), Promise.resolve('x')],
    passFds: [5, ['x'], [-1]],
    extraGroups: [5],
    signal: [5, 'SIGTERM', {}],
    kill: ['SIGTERM', 9],
    pty: [5, 'x', []],
    closeFds: ['x'],
    startNewSession: [5],
    restoreSignals: [0],
    captureOutput: [5],
    check: ['yes', 1],
    text: [5],
  };
  for (const [name, values] of Object.entries(bad)) {
    for (const value of values) {
      const expected = { name: 'TypeError', message: name === 'env' ? /env.* must be .*got / : new RegExp(`^${name} must be .*got `) };
      await assert.rejects(run(['true'], { [name]: value } as never), expected, name);
      assert.throws(() => runSync(['true'], { [name]: value } as never), expected, name);
    }
  }
  for (const options of [null, 5, 'text', []]) {
    await assert.rejects(run(['true'], options as never), { name: 'TypeError', message: /takes an object of options/ });
    assert.throws(() => new Popen(['true'], options as never), { name: 'TypeError', message: /takes an object of options/ });
  }
});

test('a bare number is no time-out: it is refused, and not waited for without end', async () => {
  const child = new Popen(['cat'], { stdin: PIPE, stdout: PIPE });
  const expected = { name: 'TypeError', message: /such as \{ timeout: 300 \}: got a number/ };
  await assert.rejects(child.wait(5 as never), expected);
  assert.throws(() => child.waitSync(5 as never), expected);
  await assert.rejects(child.communicate('x', 5 as never), expected);
  await assert.rejects(child.communicate(5 as never), { name: 'TypeError', message: /^input must be/ });
  assert.equal(String((await child.communicate('x')).stdout), 'x');
});
