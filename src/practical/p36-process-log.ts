// The module tells what its processes do, on stderr.
import { Lock, logToStderr, Process } from 'manycore/multiprocessing';

function printer(item: string | number, lock: Lock): void {
  using _ = lock.acquireSync()!;
  console.log(String(item));
}

logToStderr('INFO');
const lock = new Lock();
for (const item of ['tango', 'foxtrot', 10]) new Process({ target: printer, args: [item, lock] }).start();
