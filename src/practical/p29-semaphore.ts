// A semaphore of two lets two of four threads work at a time. The names of those who do stand in shared memory.
import { setTimeout as sleep } from 'node:timers/promises';
import * as logging from 'manycore/logging';
import { currentThread, Lock, Semaphore, SharedStruct, Thread, utf8 } from 'manycore/threading';

class ActivePool extends SharedStruct({ names: utf8(64), lock: Lock }) {
  makeActive(name: string): void {
    this.#change((names) => [...names, name]);
  }
  makeInactive(name: string): void {
    this.#change((names) => names.filter((one) => one !== name));
  }
  #change(change: (names: string[]) => string[]): void {
    using _ = this.lock.acquireSync()!;
    const names = change(this.names === '' ? [] : this.names.split(' '));
    this.names = names.join(' ');
    logging.debug('Running: %s', `[${names.map((name) => `'${name}'`).join(', ')}]`);
  }
}

async function worker(semaphore: Semaphore, pool: ActivePool): Promise<void> {
  logging.debug('Waiting to join the pool');
  using _ = (await semaphore.acquire())!;
  const { name } = currentThread();
  pool.makeActive(name);
  await sleep(100);
  pool.makeInactive(name);
}

logging.basicConfig({ level: 'DEBUG', format: '(%(threadName)-2s) %(message)s', stream: 'stdout' });

const pool = new ActivePool();
const semaphore = new Semaphore(2);
for (let i = 0; i < 4; i++) new Thread({ target: worker, name: String(i), args: [semaphore, pool] }).start();
