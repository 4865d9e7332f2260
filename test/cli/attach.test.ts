import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LONG } from '../support/patience.ts';
import { Program } from '../support/program.ts';
import { nodeProcesses } from '../../src/cli/node-processes.ts';
import { attach } from '../../src/host/attach/attach.ts';
import { onlyProcess } from '../../src/cli/attaching.ts';
import { test } from '../support/test.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}
/** Beside this process, which has to go on hearing the program. */
function manycore(...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args], { timeout: LONG });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (stderr += text));
  return new Promise((resolve) => child.once('close', (status) => resolve({ stdout, stderr, status })));
}

const VICTIM = `
  import { Thread, Lock, Event } from 'manycore/threading';
  const lock = new Lock({ name: 'A' }); const held = new Event();
  new Thread({ name: 'holder', daemon: true, target: function hold() { lock.acquireSync(); held.set(); let x = 0; for (;;) x = (x * 31 + 7) | 0; } }).start();
  held.waitSync();
  new Thread({ name: 'waiter', daemon: true, target: function wait() { lock.acquireSync(); } }).start();
  setTimeout(function blockMain() { console.log('ready'); lock.acquireSync(); }, 1);`;

/** What `dump` prints once both of the threads wait, and have done so for a while: the place is known then. */
async function dumpOfWaiting(pid: string): Promise<Ran> {
  for (;;) {
    const dumped = await manycore('dump', pid);
    if (dumped.stdout.split('waits for lock A, which holder holds (at ').length === 3 || dumped.status !== 0) return dumped;
  }
}

test('dump shows what each thread of another process does and waits for, blocked and busy ones too, and leaves it as it was', async () => {
  const victim = new Program(VICTIM);
  try {
    await victim.printed('ready');
    const pid = String(victim.child.pid);
    const { stdout, stderr } = await dumpOfWaiting(pid);
    assert.match(stdout, new RegExp(`^process ${pid}: node.*, Node \\d+\\.\\d+\\.\\d+, up \\d+ s, \\d+ MB\n`), stderr);
    assert.match(
      stdout,
      // It looks now and then whether the holder lives: Node's functions may stand above.
      /\nMainThread\n {4}waits for lock A, which holder holds .*\n(?: {4}at .*\n)*? {4}at Lock\.acquireSync .*\n {4}at Timeout\.blockMain /,
    );
    assert.match(
      stdout,
      /\nwaiter\n {4}waits for lock A, which holder holds .*\n(?: {4}at .*\n)*? {4}at Lock\.acquireSync .*\n {4}at wait /,
    );
    assert.match(stdout, /\nholder\n {4}at hold /);
    assert.equal(victim.child.exitCode, null);
    assert.equal(victim.child.signalCode, null);
  } finally {
    victim.child.kill('SIGKILL');
    await victim.ended;
  }
});

test('top shows how busy each thread is, and in which function', async () => {
  const victim = new Program(VICTIM);
  try {
    await victim.printed('ready');
    const pid = String(victim.child.pid);
    await dumpOfWaiting(pid);
    const top = (): Promise<Ran> => manycore('top', pid, '--interval', '300', '--count', '2');
    let shown = await top();
    // On a busy machine a thread may not have answered in time.
    while (shown.status === 0 && !/\d+ % {2}holder +.*\d+ % hold /.test(shown.stdout)) shown = await top();
    const { stdout, stderr } = shown;
    assert.equal(stdout.match(/^process /gm)?.length, 2, stderr);
    assert.match(stdout, /\d+ % {2}waiter +waits for lock A, which holder holds/);
    assert.equal(victim.child.exitCode, null);
  } finally {
    victim.child.kill('SIGKILL');
    await victim.ended;
  }
});

test('a process that would be harmed or is not there is left alone, and the reason is told', async () => {
  const sleeper = spawn('sleep', ['100']);
  const { stderr, status } = await manycore('dump', String(sleeper.pid));
  assert.match(stderr, /^manycore: cannot attach to process \d+: it does not wait for SIGUSR1, which would end it: it is no Node/);
  assert.equal(status, 1);
  assert.equal(sleeper.exitCode, null);
  sleeper.kill();
  await new Promise((ended) => sleeper.once('close', ended));
  assert.match((await manycore('dump', String(sleeper.pid))).stderr, /there is no such process|it has ended/);
  for (const [args, words] of [
    [['dump'], /dump needs the number of a process: manycore dump 1234\. (?:These run:\n|No other)/],
    [['top', 'all'], /top needs the number of a process/],
    [['top', '1', '--interval', '1'], /--interval must be a number of milliseconds, at least 100: got 1/],
  ] as const) {
    const ran = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
    assert.match(ran.stderr, words);
    assert.equal(ran.status, 2);
  }
});

test('a process that is only just starting is refused until it can be asked, and is never ended by it', async () => {
  for (let i = 0; i < 3; i++) {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('close', resolve));
    try {
      let refusals = 0;
      for (let isOpen = false; !isOpen;) {
        try {
          await using attached = await attach(child.pid!);
          isOpen = attached.pid === child.pid;
        } catch (error) {
          assert.match((error as Error).message, /it does not wait for SIGUSR1, which would end it|it did not open its inspector/);
          refusals++;
        }
        assert.equal(child.signalCode, null, `ended after ${refusals} refusals`);
      }
      assert.equal(child.exitCode, null);
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  }
});

test('a program with a handler of its own for SIGUSR1 goes on, and the reason is told', async () => {
  const victim = new Program(
    `let signals = 0; process.on('SIGUSR1', () => { signals++; console.log('mine', signals); }); setInterval(() => {}, 1e6); console.log('ready');`,
  );
  try {
    await victim.printed('ready');
    const { stderr, status } = await manycore('dump', String(victim.child.pid));
    assert.match(
      stderr,
      /cannot attach to process \d+: it did not open its inspector: .*the program does something of its own at SIGUSR1\n$/,
    );
    assert.equal(status, 1);
    await victim.printed('mine 1');
    assert.equal(victim.child.exitCode, null);
  } finally {
    victim.child.kill('SIGKILL');
    await victim.ended;
  }
});

test('the inspector of a process that was looked at is closed again', async () => {
  const victim = new Program(
    `import { url } from 'node:inspector'; let last = ''; setInterval(() => { const now = url() === undefined ? 'closed' : 'open'; if (now !== last) console.log(last = now); }, 1);`,
  );
  try {
    await victim.printed('closed');
    const dumped = manycore('dump', String(victim.child.pid));
    await victim.printed('open');
    assert.equal((await dumped).status, 0);
    await victim.printed('open\nclosed');
  } finally {
    victim.child.kill('SIGKILL');
    await victim.ended;
  }
});

test('without a number, top takes the only Node process there is, and names them when there are several', async () => {
  const sleeper = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1e6)', 'an', 'argument']);
  try {
    await new Promise((ready) => sleeper.stdout.once('data', ready));
    const all = nodeProcesses();
    const found = all.find(({ pid }) => pid === sleeper.pid);
    assert.match(found!.command, /^-e .* an argument$/);
    assert.equal(
      all.find(({ pid }) => pid === process.pid || pid === process.ppid),
      undefined,
    );
    assert.equal(onlyProcess('top', [], [found!]), sleeper.pid);
    const other = { pid: 7, command: 'app.js' };
    const isNamed = new RegExp(
      `top needs the number of a process: manycore top 1234\\. These run:\n +7  node app\\.js\n +${sleeper.pid}  node -e`,
    );
    assert.throws(() => onlyProcess('top', [], [other, found!]), isNamed);
    assert.throws(() => onlyProcess('top', [], []), /No other Node process of yours runs/);
    assert.equal(onlyProcess('top', ['12'], []), 12);
  } finally {
    sleeper.kill('SIGKILL');
    await new Promise((ended) => sleeper.once('close', ended));
  }
});
