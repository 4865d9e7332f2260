import { writeSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { inspect } from 'node:util';
import { StateError } from '../../../base/errors.ts';
import { exitAtOnce } from '../../../system/exit-at-once.ts';
import { systemPid } from '../../../system/fork.ts';
import { noWorkers } from '../../thread/flags.ts';
import { drawSeed, reseed, type Seed } from './randomness.ts';

/** V8 makes its threads at its start, and a copy has none of them: a worker in it would wait for them for ever. */
export function refuseThreads(): void {
  const refusal = (): Error =>
    new StateError(
      'ERR_NO_THREADS_IN_FORK',
      'cannot start a thread in a process that was started by forkserver: Node can not make threads in a copy of itself. Start this process by spawn',
    );
  // Our own modules have the class by now.
  noWorkers.reason = refusal;
  const threads = createRequire(import.meta.url)('node:worker_threads') as { Worker: unknown };
  threads.Worker = class Worker {
    constructor() {
      throw refusal();
    }
  };
  syncBuiltinESMExports();
}

let copied = false;

/** Whether this process is a copy of a fork server. */
export const isCopy = (): boolean => copied;

/** In the server: what is the same in all its copies. */
export function prepareCopies(): void {
  // The end in good order is to wait for threads.
  (process as unknown as { reallyExit: (code?: number) => never }).reallyExit = (code = 0) => exitAtOnce(code);
  process.on('uncaughtExceptionMonitor', (error: unknown) => {
    if (process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback()) return;
    writeSync(2, `Uncaught ${inspect(error)}\n`);
    // The last of the listeners that there are now: Node does not come back from this.
    process.on('exit', () => exitAtOnce(Number(process.exitCode ?? 1)));
  });
  // It is rehearsed, too.
  becomeCopy(drawSeed(), false);
  copied = false;
}

/** Makes this copy a process in its own right. `others`: modules of the program's have been loaded before. */
export function becomeCopy(seed: Seed, others: boolean): void {
  copied = true;
  Object.defineProperty(process, 'pid', { value: systemPid(), enumerable: true, configurable: true, writable: false });
  reseed(seed, others);
}
