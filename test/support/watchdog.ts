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
  const { writeSync } = require('node:fs');
  const moves = new Int32Array(workerData.shared, 0, 2);
  for (;;) {
    const before = Atomics.load(moves, 0);
    if (Atomics.wait(moves, 0, before, workerData.seconds * 1000) === 'timed-out') {
      const name = Buffer.from(workerData.shared, 8, Atomics.load(moves, 1)).toString();
      writeSync(2, '\\nwatchdog: nothing has moved for ' + workerData.seconds + ' s in: ' + name + '\\n');
      process.kill(process.pid, 'SIGKILL');
    }
  }`;

let started = false;

/** Tells the watchdog that `test` begins; the first call starts it. */
export function watch(test: string): void {
  if (!started) {
    started = true;
    new Worker(source, { eval: true, workerData: { shared, seconds }, stdout: true }).unref();
  }
  Atomics.store(moves, 1, name.write(test.slice(0, 900)));
  Atomics.add(moves, 0, 1);
  Atomics.notify(moves, 0);
}
