// A counter that threads share: a class on shared memory, whose lock lets one thread at a time change it.
import { setTimeout as sleep } from 'node:timers/promises';
import * as logging from 'manycore/logging';
import { enumerate, int32, Lock, mainThread, SharedStruct, Thread } from 'manycore/threading';

class Counter extends SharedStruct({ value: int32, lock: Lock }) {
  increment(): void {
    logging.debug('Waiting for lock');
    using _ = this.lock.acquireSync()!;
    logging.debug('Acquired lock');
    this.value += 1;
  }
}

async function worker(counter: Counter): Promise<void> {
  for (let i = 0; i < 2; i++) {
    const pause = Math.random() * 500;
    logging.debug('Sleeping %s', (pause / 1000).toFixed(2));
    await sleep(pause);
    counter.increment();
  }
  logging.debug('Done');
}

logging.basicConfig({ level: 'DEBUG', format: '(%(threadName)-10s) %(message)s', stream: 'stdout' });

const counter = new Counter();
for (let i = 0; i < 2; i++) new Thread({ target: worker, args: [counter] }).start();

logging.debug('Waiting for worker threads');
for (const thread of enumerate()) if (thread !== mainThread()) await thread.join();
logging.debug('Counter: %d', counter.value);
