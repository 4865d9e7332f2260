import { Worker } from 'node:worker_threads';

/*
 * A test that is stuck in `Atomics.wait` cannot time itself out, and no runner can stop it on every Node.
 * So a thread of our own watches: it names the test and kills the process.
 *
 *   word 0  how many tests have begun or ended: the watchdog sees that something moves
 *   bytes   the name of the test that runs
 */
const seconds = Number(process.env['MANYCORE_WATCHDOG'] ?? 60);
const shared = new SharedArrayBuffer(1024);
const moves = new Int32Array(shared, 0, 2);
const name = Buffer.from(shared, 8);

const source = `
  const { workerData } = require('node:worker_threads');
  const { readdirSync, readFileSync, writeSync } = require('node:fs');
  const read = (file) => {
    try {
      return readFileSync(file, 'latin1').replaceAll('\\0', ' ').trim();
    } catch {
      return '?';
    }
  };
  const stateOf = (folder) => read(folder + '/stat').replace(/^.*\\) (.).*$/s, '$1') + ' ' + read(folder + '/wchan') + ' ' + read(folder + '/syscall').split(' ')[0];
  // What each thread and each child does at that moment: the state, where in the kernel, the number of the system call.
  const threadsAndChildren = () => {
    let tasks = [];
    try {
      tasks = readdirSync('/proc/self/task').map((task) => '/proc/self/task/' + task);
    } catch {}
    const children = tasks.flatMap((task) => read(task + '/children').split(' ').filter((pid) => /^\\d+$/.test(pid)));
    return [
      ...tasks.map((task) => 'thread ' + read(task + '/comm') + ': ' + stateOf(task)),
      ...children.map((pid) => 'child ' + pid + ' ' + read('/proc/' + pid + '/cmdline').slice(0, 300) + ': ' + stateOf('/proc/' + pid)),
    ].join('\\n');
  };
  const moves = new Int32Array(workerData.shared, 0, 2);
  for (;;) {
    const before = Atomics.load(moves, 0);
    if (Atomics.wait(moves, 0, before, workerData.seconds * 1000) === 'timed-out') {
      const name = Buffer.from(workerData.shared, 8, Atomics.load(moves, 1)).toString();
      writeSync(2, '\\nwatchdog: nothing has moved for ' + workerData.seconds + ' s in: ' + name + '\\n' + threadsAndChildren() + '\\n');
      process.kill(process.pid, 'SIGKILL');
    }
  }`;

let started = false;

/** Says where the process is, for the case that it does not get on. */
export function say(where: string): void {
  Atomics.store(moves, 1, name.write(where.slice(0, 900)));
}

/** Tells the watchdog that `test` begins; the first call starts it. */
export function watch(test: string): void {
  if (!started) {
    started = true;
    new Worker(source, { eval: true, workerData: { shared, seconds }, stdout: true }).unref();
  }
  say(test);
  Atomics.add(moves, 0, 1);
  Atomics.notify(moves, 0);
}
