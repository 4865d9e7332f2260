// Three processes print under one lock: their lines are never mixed up.
import { Lock, Process } from 'manycore/multiprocessing';

function printer(item: string | number, lock: Lock): void {
  lock.acquireSync();
  try {
    console.log(String(item));
  } finally {
    lock.release();
  }
}

const lock = new Lock();
for (const item of ['tango', 'foxtrot', 10]) new Process({ target: printer, args: [item, lock] }).start();
