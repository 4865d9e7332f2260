// Trying for a lock without waiting: one thread holds it every other half second, another one counts its attempts.
import { setTimeout as sleep } from 'node:timers/promises';
import * as logging from 'manycore/logging';
import { Lock, Thread } from 'manycore/threading';

async function holder(lock: Lock): Promise<void> {
  logging.debug('Starting');
  for (;;) {
    await lock.acquire();
    logging.debug('Holding');
    await sleep(500);
    logging.debug('Not holding');
    lock.release();
    await sleep(500);
  }
}

async function worker(lock: Lock): Promise<void> {
  logging.debug('Starting');
  let tries = 0;
  for (let acquired = 0; acquired < 3;) {
    await sleep(500);
    logging.debug('Trying to acquire');
    tries++;
    if (lock.tryAcquire() === null) {
      logging.debug('Iteration %d: Not acquired', tries);
    } else {
      logging.debug('Iteration %d: Acquired', tries);
      acquired++;
      lock.release();
    }
  }
  logging.debug('Done after %d iterations', tries);
}

logging.basicConfig({ level: 'DEBUG', format: '(%(threadName)-10s) %(message)s', stream: 'stdout' });

const lock = new Lock();
new Thread({ target: holder, args: [lock], name: 'LockHolder', daemon: true }).start();
new Thread({ target: worker, args: [lock], name: 'Worker' }).start();
