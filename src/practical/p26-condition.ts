// A condition: consumers wait until a producer says that what they wait for is there.
import * as logging from 'manycore/logging';
import { Condition, Semaphore, Thread } from 'manycore/threading';

function consumer(condition: Condition, ready: Semaphore): void {
  logging.debug('Starting consumer thread');
  using _ = condition.acquireSync()!;
  ready.release(); // The producer can't have the lock before `wait` has given it up.
  condition.waitSync();
  logging.debug('Resource is available to consumer');
}

function producer(condition: Condition): void {
  logging.debug('Starting producer thread');
  using _ = condition.acquireSync()!;
  logging.debug('Making resource available');
  condition.notifyAll();
}

logging.basicConfig({ level: 'DEBUG', format: '(%(threadName)-2s) %(message)s', stream: 'stdout' });

const condition = new Condition();
const ready = new Semaphore(0);
for (const name of ['c1', 'c2']) {
  new Thread({ name, target: consumer, args: [condition, ready] }).start();
  await ready.acquire();
}
new Thread({ name: 'p', target: producer, args: [condition] }).start();
