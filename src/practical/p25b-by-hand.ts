// Exercise: hold a lock by hand. What `finally` does here, `using` does by itself; both get the same lock, one after the other.
import * as logging from 'manycore/logging';
import { Lock, Thread } from 'manycore/threading';

function workerWith(lock: Lock): void {
  using _ = lock.acquireSync()!;
  logging.debug('Lock acquired via with');
}

function workerNoWith(lock: Lock): void {
  lock.acquireSync();
  try {
    logging.debug('Lock acquired directly');
  } finally {
    lock.release();
  }
}

logging.basicConfig({ level: 'DEBUG', format: '(%(threadName)-10s) %(message)s', stream: 'stdout' });

const lock = new Lock();
new Thread({ target: workerWith, args: [lock] }).start();
new Thread({ target: workerNoWith, args: [lock] }).start();
