import assert from 'node:assert/strict';
import { closeSync } from 'node:fs';
import { Popen, run, DEVNULL, TimeoutExpired } from '../../src/subprocess/index.ts';
import { makePipe } from '../../src/system/pipes.ts';
import { SHORT } from '../support/patience.ts';
import { runProgram } from '../support/program.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { openDescriptors } from './descriptors.ts';
import { nativeTest } from './library.ts';

nativeTest('a command with a pty has a terminal on all three streams, of the size that was asked for, and its own session', async () => {
  const { stdout, returnCode } = await run('test -t 0 && test -t 1 && test -t 2 && stty size && tty >/dev/tty', {
    shell: true,
    pty: { columns: 100, rows: 30 },
    text: true,
  });
  assert.match(stdout, /^30 100\n\/dev\/pts\/\d+\n$/);
  assert.equal(returnCode, 0);
});

nativeTest('what is written to the terminal is read by the command, and shown; closing it ends the input', async () => {
  const { stdout } = await run(['sed', 's/^/got: /'], { pty: true, input: 'one\ntwo', text: true });
  // The terminal shows what is typed, and the command what it has read: whichever comes first, as on any screen.
  assert.equal(stdout.split('got: ').length, 3);
  assert.ok(/^one\r?\n/.test(stdout) && stdout.endsWith('got: two'), stdout);
  const child = new Popen(['cat'], { pty: true, text: true });
  await child.stdin.write('hello\n');
  const lines = child.stdout.lines();
  assert.equal((await lines.next()).value, 'hello');
  assert.equal((await lines.next()).value, 'hello');
  await child.stdin.close();
  assert.equal(await child.wait(), 0);
  assert.equal((await lines.next()).done, true);
});

nativeTest('what a command prints into a terminal just before it ends is read to the last line', async () => {
  for (let round = 0; round < 40; round++) {
    const outputs = await Promise.all(Array.from({ length: 8 }, () => run(['seq', '600'], { pty: true, text: true })));
    for (const { stdout } of outputs) assert.match(stdout, /\n600\r?\n$/);
  }
});

nativeTest('a command that closes its streams and goes on keeps its terminal until it ends', async () => {
  const ends = makePipe();
  assert.ok(typeof ends !== 'number');
  const child = new Popen(['bash', '-c', `exec </dev/null >/dev/null 2>&1; read line <&${ends[0]}; exit 5`], {
    pty: true,
    passFds: [ends[0]],
  });
  closeSync(ends[0]);
  assert.equal((await child.stdout.read()).length, 0);
  child.resize({ columns: 40, rows: 10 });
  closeSync(ends[1]);
  assert.equal(await child.wait(), 5);
});

nativeTest('a terminal changes its size, and interrupts what runs in it', async () => {
  const child = new Popen(['sh', '-c', 'trap "stty size; exit 7" WINCH; trap "exit 8" INT; echo ready; while :; do sleep 0.05; done'], {
    pty: true,
    text: true,
  });
  const lines = child.stdout.lines();
  assert.equal((await lines.next()).value, 'ready');
  child.resize({ columns: 40, rows: 10 });
  assert.equal((await lines.next()).value, '10 40');
  assert.equal(await child.wait(), 7);
  child.stdout.close();
  const interrupted = new Popen(['sh', '-c', 'trap "exit 8" INT; echo ready; while :; do sleep 0.05; done'], { pty: true, text: true });
  const more = interrupted.stdout.lines();
  await more.next();
  await interrupted.stdin.write('\x03');
  assert.equal(await interrupted.wait(), 8);
  interrupted.stdout.close();
});

nativeTest('a terminal is closed with its command, also when the time is up, and leaves nothing open', async () => {
  await run(['true'], { pty: true });
  const before = openDescriptors();
  for (let i = 0; i < 20; i++) await run(['echo', 'x'], { pty: true });
  await assert.rejects(run(['sleep', '1000'], { pty: true, timeout: SHORT }), TimeoutExpired);
  assert.throws(() => new Popen(['nonesuch'], { pty: true }), { code: 'ENOENT' });
  await until(() => openDescriptors() <= before);
});

test('a terminal takes the place of the streams, and needs the C library', async () => {
  assert.throws(() => new Popen(['true'], { pty: true, stdout: DEVNULL }), TypeError);
  assert.throws(() => new Popen(['true'], { pty: { columns: 0 } }), RangeError);
  const child = new Popen(['true']);
  assert.throws(() => child.resize({ columns: 1, rows: 1 }), { code: 'ERR_NO_TERMINAL' });
  await child.wait();
  const { stdout } = await runProgram(
    `import { run } from 'manycore/subprocess';
     await run(['true'], { pty: true }).catch((error) => console.log(error.code));`,
    { env: { MANYCORE_SYSTEM: 'none' } },
  );
  assert.equal(stdout, 'ERR_NO_LIBRARY\n');
});
