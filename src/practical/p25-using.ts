// `using` holds a lock for the rest of a block, as Python's `with`.
import * as logging from 'manycore/logging';
import { Lock, Thread } from 'manycore/threading';

function workerWith(lock: Lock): void {
  using _ = lock.acquireSync()!;
  logging.debug('Lock acquired via with');
}

logging.basicConfig({ level: 'DEBUG', format: '(%(threadName)-10s) %(message)s', stream: 'stdout' });

new Thread({ target: workerWith, args: [new Lock()] }).start();
