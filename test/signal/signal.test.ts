import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, Worker } from 'node:worker_threads';
import { once } from 'node:events';
import {
  abortOn,
  alarm,
  defaultIntHandler,
  getitimer,
  getSignal,
  interruptible,
  ITIMER_PROF,
  ITIMER_REAL,
  ITIMER_VIRTUAL,
  kill,
  KeyboardInterrupt,
  pause,
  pidfdSendSignal,
  pthreadSigmask,
  raiseSignal,
  setitimer,
  setWakeupFd,
  SIG_DFL,
  SIG_IGN,
  signal,
  type SignalName,
  signalName,
  signalNumber,
  SignalReceived,
  Signals,
  signals,
  sigpending,
  sigtimedwait,
  sigwait,
  strsignal,
  NSIG,
  validSignals,
} from '../../src/signal/index.ts';
import { hasLibrary, whyNoLibrary } from '../../src/system/library.ts';
import { openPidfd } from '../../src/system/pidfd.ts';
import { LONG, SHORT } from '../support/patience.ts';
import { Program, runProgram } from '../support/program.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

const signalModule = new URL('../../src/signal/index.js', import.meta.url).href;
const threadingModule = new URL('../../src/threading/index.js', import.meta.url).href;
const send = (name: NodeJS.Signals): true => process.kill(process.pid, name);

test('signal says what happened before, and getSignal what happens now [SIG-02]', () => {
  const first = (): void => {};
  const second = (): void => {};
  assert.equal(getSignal('SIGUSR2'), SIG_DFL);
  assert.equal(signal('SIGUSR2', first), SIG_DFL);
  assert.equal(getSignal('SIGUSR2'), first);
  assert.equal(signal('SIGUSR2', second), first);
  assert.equal(signal('SIGUSR2', SIG_IGN), second);
  assert.equal(getSignal(signalNumber('SIGUSR2')), SIG_IGN);
  assert.equal(signal('SIGUSR2', SIG_DFL), SIG_IGN);
  assert.equal(getSignal('SIGUSR2'), SIG_DFL);
  assert.equal(process.listenerCount('SIGUSR2'), 0);
});

test('a handler that is none and a signal that is none are refused [SIG-02]', () => {
  assert.throws(() => signal('SIGUSR2', null as never), TypeError);
  assert.throws(() => signal('SIGUSR2', 'ignore' as never), /a handler is a function, SIG_DFL or SIG_IGN: got string/);
  assert.throws(() => signal(4242, () => {}), RangeError);
  assert.throws(() => getSignal(0), RangeError);
  assert.throws(() => signal('SIGNONE' as never, () => {}), /"SIGNONE" is no signal here/);
  assert.throws(() => signal({} as never, () => {}), TypeError);
  for (const name of ['SIGKILL', 'SIGSTOP'] as const)
    assert.throws(() => signal(name, () => {}), { code: 'ERR_SIGNAL_UNCATCHABLE', message: /can't be caught/ });
});

test('a handler gets the name and the number, and other listeners hear the signal too [SIG-03]', async () => {
  const heard: unknown[] = [];
  const foreign = (): void => void heard.push('foreign');
  process.on('SIGUSR2', foreign);
  assert.equal(getSignal('SIGUSR2'), null);
  assert.equal(
    signal('SIGUSR2', (name, number) => heard.push(name, number)),
    null,
  );
  send('SIGUSR2');
  await until(() => heard.length === 3);
  assert.deepEqual(heard, ['foreign', 'SIGUSR2', 12]);
  signal('SIGUSR2', SIG_DFL);
  assert.equal(getSignal('SIGUSR2'), null);
  process.off('SIGUSR2', foreign);
});

test('raiseSignal has run the handler when it returns, and throws what it throws [SIG-03]', () => {
  let runs = 0;
  signal('SIGUSR1', () => void runs++);
  raiseSignal('SIGUSR1');
  raiseSignal(10);
  assert.equal(runs, 2);
  signal('SIGUSR1', () => {
    throw new Error('from the handler');
  });
  assert.throws(() => raiseSignal('SIGUSR1'), /from the handler/);
  signal('SIGUSR1', SIG_DFL);
  assert.throws(() => raiseSignal(-1), RangeError);
});

test('pause ends when a handler has run, and not before; or when its time is up', async () => {
  let ran = false;
  assert.equal(await pause({ timeout: SHORT }), false);
  signal('SIGUSR2', () => void (ran = true));
  const paused = pause();
  send('SIGUSR2');
  assert.equal(await paused, true);
  assert.equal(ran, true);
  signal('SIGUSR2', SIG_DFL);
  await assert.rejects(pause({ signal: AbortSignal.abort(new Error('enough')) }), /enough/);
});

test('sigwait takes a signal away from its handler, and one waiter gets one', async () => {
  let handled = 0;
  signal('SIGUSR2', () => void handled++);
  const first = sigwait(['SIGHUP', 'SIGUSR2']);
  const second = sigwait('SIGUSR2', { timeout: LONG });
  send('SIGUSR2');
  assert.equal(await first, 'SIGUSR2');
  send('SIGUSR2');
  assert.equal(await second, 'SIGUSR2');
  assert.equal(handled, 0);
  send('SIGUSR2');
  await until(() => handled === 1);
  signal('SIGUSR2', SIG_DFL);
  assert.equal(process.listenerCount('SIGHUP'), 0);
});

test('sigwait gives null when its time is up, and nothing is left behind', async () => {
  assert.equal(await sigtimedwait(['SIGUSR2'], 0), null);
  assert.equal(await sigtimedwait(['SIGUSR2'], SHORT), null);
  await assert.rejects(sigtimedwait(['SIGUSR2'], -1), RangeError);
  const controller = new AbortController();
  const waiting = sigwait('SIGUSR2', { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  assert.equal(process.listenerCount('SIGUSR2'), 0);
});

test('a blocked signal stays pending, once, until it is let through or waited for', async () => {
  let handled = 0;
  signal('SIGUSR2', () => void handled++);
  assert.deepEqual(pthreadSigmask('SIG_BLOCK', ['SIGUSR2', 'SIGKILL']), new Set());
  assert.deepEqual(sigpending(), new Set());
  send('SIGUSR2');
  send('SIGUSR2');
  await until(() => sigpending().has('SIGUSR2'));
  assert.equal(handled, 0);
  assert.deepEqual(pthreadSigmask('SIG_SETMASK', []), new Set(['SIGUSR2']));
  assert.equal(handled, 1);
  assert.deepEqual(sigpending(), new Set());
  pthreadSigmask('SIG_BLOCK', ['SIGUSR2']);
  raiseSignal('SIGUSR2');
  assert.equal(await sigwait(['SIGUSR2']), 'SIGUSR2');
  pthreadSigmask('SIG_UNBLOCK', ['SIGUSR2']);
  assert.equal(handled, 1);
  assert.throws(() => pthreadSigmask('SIG_SOMETIMES' as never, []), RangeError);
  signal('SIGUSR2', SIG_DFL);
});

test('signals gives every signal that comes, in order, until it is left', async () => {
  const sent = ['SIGUSR2', 'SIGHUP', 'SIGUSR2', 'SIGHUP'] as const;
  const coming = signals('SIGHUP', 'SIGUSR2');
  for (const name of sent) raiseSignal(name);
  const heard: SignalName[] = [];
  for await (const name of coming) {
    heard.push(name);
    if (heard.length === sent.length) break;
  }
  assert.deepEqual(heard, sent);
  assert.equal(process.listenerCount('SIGHUP') + process.listenerCount('SIGUSR2'), 0);
});

test('an iterator of signals that is disposed of ends whoever awaits the next', async () => {
  const coming = signals('SIGUSR2');
  const next = coming.next();
  coming[Symbol.dispose]();
  assert.deepEqual(await next, { done: true, value: undefined });
  assert.throws(() => signals(), TypeError);
  assert.throws(() => signals('SIGKILL'), /can't be caught/);
});

test('abortOn aborts with the signal that came, once', async () => {
  using stop = abortOn('SIGUSR2', 'SIGTERM');
  send('SIGUSR2');
  await once(stop, 'abort');
  const reason = stop.reason as SignalReceived;
  assert.ok(reason instanceof SignalReceived);
  assert.deepEqual([reason.message, reason.signal, reason.signalNumber], ['received SIGUSR2', 'SIGUSR2', 12]);
  assert.equal(process.listenerCount('SIGUSR2') + process.listenerCount('SIGTERM'), 0);
});

test('an alarm rings on time though the main thread is blocked meanwhile, and tells what was left of the one before', async () => {
  let rang = 0;
  signal('SIGALRM', () => void rang++);
  assert.equal(alarm(LONG), 0);
  const left = alarm(SHORT);
  assert.ok(left > 0 && left <= LONG, String(left));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SHORT * 2);
  assert.equal(getitimer(ITIMER_REAL).delay, 0);
  await until(() => rang === 1);
  alarm(LONG);
  assert.ok(alarm(0) > 0);
  assert.equal(getitimer(ITIMER_REAL).delay, 0);
  signal('SIGALRM', SIG_DFL);
});

test('a timer rings again and again until it is switched off; a tiny time is not zero', async () => {
  let rang = 0;
  signal('SIGALRM', () => void rang++);
  setitimer(ITIMER_REAL, 0.0001, 5);
  await until(() => rang >= 3);
  assert.equal(setitimer(ITIMER_REAL, 0).interval, 5);
  signal('SIGALRM', SIG_DFL);
  for (const [which, name] of [
    [ITIMER_VIRTUAL, 'SIGVTALRM'],
    [ITIMER_PROF, 'SIGPROF'],
  ] as const) {
    let computed = 0;
    signal(name, () => void computed++);
    assert.deepEqual(setitimer(which, 10, 20), { delay: 0, interval: 0 });
    await until(() => {
      for (let i = 0; i < 1e6; i++) Math.sqrt(i);
      return computed >= 2;
    });
    assert.equal(getitimer(which).interval, 20);
    assert.equal(setitimer(which, 0).interval, 20);
    assert.deepEqual(getitimer(which), { delay: 0, interval: 0 });
    signal(name, SIG_DFL);
  }
  assert.throws(() => setitimer(7, 1), RangeError);
  assert.throws(() => setitimer(ITIMER_REAL, -1), RangeError);
  assert.throws(() => alarm(Infinity), RangeError);
  assert.throws(() => alarm('1' as never), TypeError);
});

test('finding 7: a busy loop and a blocking wait can be broken by a time-out', () => {
  assert.throws(
    () =>
      interruptible(
        () => {
          for (;;);
        },
        { timeout: SHORT },
      ),
    { name: 'TimeoutError', code: 'ERR_TIMED_OUT', message: `the function did not end within ${SHORT} ms` },
  );
  assert.throws(() => interruptible(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), { timeout: SHORT }), {
    name: 'TimeoutError',
  });
  assert.equal(
    interruptible(() => interruptible(() => 6) * 7, { timeout: LONG }),
    42,
  );
  const own = new Error('its own');
  assert.throws(
    () =>
      interruptible(() => {
        throw own;
      }),
    (error) => error === own,
  );
  assert.throws(() => interruptible(() => 1, { timeout: -1 }), RangeError);
});

test('every signal has a name, a number and words [SIG-08]', () => {
  assert.equal(strsignal('SIGTERM'), 'Terminated');
  assert.equal(strsignal(1), 'Hangup');
  assert.equal(strsignal('SIGRTMIN+3'), 'Real-time signal 3');
  assert.throws(() => strsignal(4242), RangeError);
  for (const name of validSignals()) {
    assert.equal(signalName(signalNumber(name)), name);
    assert.equal(Signals[name], signalNumber(name));
    assert.ok(strsignal(name));
  }
  assert.equal(signalName('SIGCLD' as never), 'SIGCHLD');
  assert.equal(signalName(6), 'SIGABRT');
  assert.ok(!validSignals().has('SIGNONE' as never));
  assert.ok(validSignals().size >= 31);
  assert.ok(strsignal(NSIG - 1));
  assert.throws(() => strsignal(NSIG), { name: 'RangeError' });
});

test('kill says why it could not', () => {
  kill(process.pid, 0);
  assert.throws(() => kill(2 ** 22 + 1, 'SIGTERM'), { code: 'ESRCH', message: /there is no such process/ });
  assert.throws(() => kill('self' as never, 0), TypeError);
  assert.throws(() => kill(process.pid, 4242), RangeError);
});

test('a signal can be sent by a pidfd, which never means a later process', async (context) => {
  if (!hasLibrary()) {
    assert.throws(() => pidfdSendSignal(0, 'SIGTERM'), { code: 'ERR_NO_LIBRARY' });
    return context.skip(whyNoLibrary()!);
  }
  const child = spawn('sleep', ['1000']);
  const ended = once(child, 'exit');
  const pidfd = openPidfd(child.pid!);
  pidfdSendSignal(pidfd, 0);
  pidfdSendSignal(pidfd, 'SIGTERM');
  assert.deepEqual(await ended, [null, 'SIGTERM']);
  assert.throws(() => pidfdSendSignal(pidfd, 'SIGTERM'), { code: 'ESRCH' });
  closeSync(pidfd);
  assert.throws(() => pidfdSendSignal(pidfd, 'SIGTERM'), { code: 'EBADF', message: /it is no pidfd/ });
});

test('the handler for SIGINT that throws KeyboardInterrupt can be set', () => {
  signal('SIGINT', defaultIntHandler);
  assert.equal(getSignal('SIGINT'), defaultIntHandler);
  assert.throws(() => raiseSignal('SIGINT'), KeyboardInterrupt);
  assert.equal(signal('SIGINT', SIG_DFL), defaultIntHandler);
});

test('a real-time signal can be sent and not received, and that is said', () => {
  assert.throws(() => signal('SIGRTMIN+1', () => {}), { code: 'ERR_SIGNAL_UNCATCHABLE', message: /Node.js can't receive the real-time/ });
});

test('signals of another process reach the handler, one after the other [SIG-04]', async () => {
  const program = new Program(`
    import { signal, pause, signals } from 'manycore/signal';
    signal('SIGUSR1', (name, number) => console.log('Received:', number));
    signal('SIGUSR2', (name, number) => console.log('Received:', number));
    console.log('ready');
    await pause();
    await pause();
    console.log('done');
  `);
  await program.printed('ready');
  program.child.kill('SIGUSR1');
  await program.printed('Received: 10');
  program.child.kill('SIGUSR2');
  const { stdout, stderr, code } = await program.ended;
  assert.equal(stdout, 'ready\nReceived: 10\nReceived: 12\ndone\n');
  // The debugger, which Node starts at SIGUSR1, does not.
  assert.equal(stderr, '');
  assert.equal(code, 0);
});

test('SIGUSR1 is received though Node was told to block it', async () => {
  if (!process.allowedNodeEnvironmentFlags.has('--disable-sigusr1')) {
    console.log('not tried: this Node has no --disable-sigusr1');
    return;
  }
  const program = `
    import { signal, pause } from 'manycore/signal';
    signal('SIGUSR1', (name) => console.log('got', name));
    process.kill(process.pid, 'SIGUSR1');
    await pause();
  `;
  assert.equal((await runProgram(program, { flags: ['--disable-sigusr1'] })).stdout, 'got SIGUSR1\n');
  const without = await runProgram(program, { flags: ['--disable-sigusr1'], env: { MANYCORE_SYSTEM: 'none' } });
  assert.match(without.stderr, /ERR_SIGNAL_BLOCKED|started with --disable-sigusr1, which blocks SIGUSR1/);
});

test('an ignored signal is ignored by the system, so that children ignore it too', async () => {
  const { stdout, code } = await runProgram(`
    import { readFileSync } from 'node:fs';
    import { getSignal, signal, sigwait, SIG_IGN, SIG_DFL } from 'manycore/signal';
    console.log(getSignal('SIGPIPE') === SIG_IGN);
    const ignored = (signal) => ((BigInt('0x' + /^SigIgn:\\s*(\\w+)/m.exec(readFileSync('/proc/self/status'))[1]) >> BigInt(signal - 1)) & 1n) === 1n;
    signal('SIGUSR2', SIG_IGN);
    process.kill(process.pid, 'SIGUSR2');
    console.log(ignored(12), await sigwait('SIGUSR2', { timeout: 10 }), ignored(12));
    signal('SIGUSR2', SIG_DFL);
    console.log(ignored(12));
  `);
  assert.equal(stdout, 'true\ntrue null true\nfalse\n');
  assert.equal(code, 0);
});

test('without the C library a signal is ignored, and an alarm rings, all the same', async () => {
  const { stdout, stderr } = await runProgram(
    `
    import { alarm, pause, setitimer, signal, SIG_IGN, ITIMER_VIRTUAL } from 'manycore/signal';
    signal('SIGUSR2', SIG_IGN);
    process.kill(process.pid, 'SIGUSR2');
    signal('SIGALRM', (name) => console.log(name));
    alarm(100000);
    console.log(alarm(50) > 0);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    await pause();
    try { setitimer(ITIMER_VIRTUAL, 1); } catch (error) { console.log(error.message); }
    alarm(100000);
  `,
    { env: { MANYCORE_SYSTEM: 'none' } },
  );
  assert.equal(stdout, 'true\nSIGALRM\nonly a single alarm in real time can be had here: MANYCORE_SYSTEM=none is set\n', stderr);
});

test('what is not handled ends the process as it always does: an interrupt by SIGINT, an alarm by SIGALRM', async () => {
  const interrupted = await runProgram(`
    import { sigwait, signal, SIG_DFL } from 'manycore/signal';
    signal('SIGINT', () => {});
    signal('SIGINT', SIG_DFL);
    process.kill(process.pid, 'SIGINT');
    await sigwait('SIGUSR2');
  `);
  assert.equal(interrupted.signal, 'SIGINT');
  const alarmed = await runProgram(`import { alarm, pause } from 'manycore/signal'; alarm(20); await pause();`);
  assert.equal(alarmed.signal, 'SIGALRM');
});

test('finding 7: Ctrl-C breaks a busy loop with a KeyboardInterrupt, and the program goes on', async () => {
  const program = new Program(`
    import { writeSync } from 'node:fs';
    import { interruptible, KeyboardInterrupt } from 'manycore/signal';
    try {
      interruptible(() => { writeSync(1, 'busy\\n'); for (;;); });
    } catch (error) {
      console.log(error instanceof KeyboardInterrupt, error.message);
    }
  `);
  await program.printed('busy');
  program.child.kill('SIGINT');
  const { stdout, code } = await program.ended;
  assert.equal(stdout, 'busy\ntrue interrupted by SIGINT\n');
  assert.equal(code, 0);
});

test('finding 7: a listener of Node alone hears of Ctrl-C when the busy loop is over, and not before', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'manycore-signal-'));
  const gate = join(folder, 'gate');
  try {
    const program = new Program(`
      import { existsSync, writeSync } from 'node:fs';
      let heard = false;
      process.on('SIGINT', () => { heard = true; throw new Error('breaks nothing'); });
      process.on('uncaughtException', (error) => console.log(error.message));
      writeSync(1, 'busy\\n');
      while (!existsSync(${JSON.stringify(gate)}));
      console.log(heard);
      setInterval(() => { if (heard) process.exit(); }, 1);
    `);
    await program.printed('busy');
    // The loop goes on after the signal has been sent, and ends when it is told by other means.
    program.child.kill('SIGINT');
    writeFileSync(gate, '');
    assert.equal((await program.ended).stdout, 'busy\nfalse\nbreaks nothing\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the number of each signal is written to the wake-up descriptor, before its handler runs; what is lost is told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'manycore-signal-'));
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  const blocking = openSync(fifo, constants.O_RDWR);
  const warnings: string[] = [];
  const hear = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', hear);
  const received = (): number[] => {
    const bytes = Buffer.alloc(1 << 20);
    try {
      return [...bytes.subarray(0, readSync(fd, bytes))];
    } catch {
      return [];
    }
  };
  try {
    assert.throws(() => setWakeupFd(-2), RangeError);
    assert.throws(() => setWakeupFd(9999), { code: 'EBADF' });
    if (process.platform === 'linux') assert.throws(() => setWakeupFd(blocking), { code: 'ERR_BLOCKING_DESCRIPTOR' });
    assert.equal(setWakeupFd(fd), -1);
    const seen: number[][] = [];
    signal('SIGUSR2', () => void seen.push(received()));
    signal('SIGHUP', () => {});
    raiseSignal('SIGUSR2');
    raiseSignal('SIGHUP');
    assert.deepEqual([seen, received()], [[[signalNumber('SIGUSR2')]], [signalNumber('SIGHUP')]]);
    const full = Buffer.alloc(4096);
    try {
      for (;;) writeSync(fd, full);
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
    }
    assert.equal(setWakeupFd(fd, { warnOnFullBuffer: false }), fd);
    raiseSignal('SIGHUP');
    setWakeupFd(fd);
    raiseSignal('SIGHUP');
    await until(() => warnings.length > 0);
    assert.deepEqual(warnings, [`signal 1 could not be written to the wake-up descriptor ${fd}: it is full`]);
    received();
    const readOnly = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    assert.equal(setWakeupFd(readOnly, { warnOnFullBuffer: false }), fd);
    raiseSignal('SIGHUP');
    await until(() => warnings.length > 1);
    assert.equal(warnings[1], `signal 1 could not be written to the wake-up descriptor ${readOnly}: EBADF`);
    assert.equal(setWakeupFd(-1), readOnly);
    closeSync(readOnly);
    raiseSignal('SIGHUP');
    assert.deepEqual(received(), []);
  } finally {
    process.off('warning', hear);
    signal('SIGUSR2', SIG_DFL);
    signal('SIGHUP', SIG_DFL);
    closeSync(fd);
    closeSync(blocking);
    rmSync(folder, { recursive: true });
  }
});

test('other threads may send and may not handle; the handler runs in the main thread [SIG-05]', async () => {
  const ran = new Int32Array(new SharedArrayBuffer(4));
  signal('SIGUSR2', () => {
    assert.ok(isMainThread);
    Atomics.add(ran, 0, 1);
    Atomics.notify(ran, 0);
  });
  const worker = new Worker(
    `(async () => {
      const { parentPort, workerData: ran } = require('node:worker_threads');
      const all = await import(${JSON.stringify(signalModule)});
      const { currentThread } = await import(${JSON.stringify(threadingModule)});
      const refused = [];
      for (const attempt of [() => all.signal('SIGUSR2', () => {}), () => all.getSignal('SIGUSR2'), () => all.signals('SIGUSR2'),
        () => all.abortOn('SIGUSR2'), () => all.setWakeupFd(-1), () => all.pthreadSigmask('SIG_BLOCK', [])]) {
        try { attempt(); refused.push(null); } catch (error) { refused.push(error.code); }
      }
      await all.sigwait('SIGUSR2').catch((error) => refused.push(error.code));
      let before = 0;
      for (const send of [() => all.raiseSignal('SIGUSR2'), () => all.kill(process.pid, 'SIGUSR2'), () => all.pthreadKill(currentThread().nativeId, 'SIGUSR2')]) {
        send();
        Atomics.wait(ran, 0, before++);
      }
      parentPort.postMessage([refused, await all.pause({ timeout: 10 })]);
    })()`,
    { eval: true, workerData: ran },
  );
  const [[message]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
  assert.deepEqual(message, [Array(7).fill('ERR_NOT_MAIN_THREAD'), false]);
  assert.equal(ran[0], 3);
  signal('SIGUSR2', SIG_DFL);
});

test('a chain of signals in which each answers the one before loses none [SIG-07]', async () => {
  const links = 10_000;
  let came = 0;
  const next = (): void => {
    if (++came < links) send(came % 2 === 0 ? 'SIGUSR1' : 'SIGUSR2');
  };
  signal('SIGUSR1', next);
  signal('SIGUSR2', next);
  send('SIGUSR1');
  await until(() => came === links);
  signal('SIGUSR1', SIG_DFL);
  signal('SIGUSR2', SIG_DFL);
});

test('a burst of different signals loses none, while handlers change [SIG-07]', async () => {
  const names = ['SIGUSR1', 'SIGUSR2', 'SIGHUP', 'SIGWINCH', 'SIGCONT'] as const;
  const heard = new Map<string, number>();
  const handler = (name: string): void => {
    heard.set(name, (heard.get(name) ?? 0) + 1);
    signal(name as SignalName, (again) => handler(again));
  };
  for (const name of names) signal(name, handler);
  for (let round = 1; round <= 50; round++) {
    for (const name of names) send(name);
    await until(() => names.every((name) => heard.get(name) === round));
  }
  for (const name of names) signal(name, SIG_DFL);
});
