// A barrier that wants one more than will ever come. `abort` sends all who wait away with an error.
import { setTimeout as sleep } from 'node:timers/promises';
import { Barrier, BrokenBarrierError, currentThread, Thread } from 'manycore/threading';

function worker(barrier: Barrier): void {
  console.log(currentThread().name, `waiting for barrier with ${barrier.nWaiting} others`);
  try {
    const number = barrier.waitSync();
    console.log(currentThread().name, 'after barrier', number);
  } catch (error) {
    if (!(error instanceof BrokenBarrierError)) throw error;
    console.log(currentThread().name, 'aborting');
  }
}

const THREADS = 3;
const barrier = new Barrier(THREADS + 1);
const threads = Array.from({ length: THREADS }, (_, i) => new Thread({ name: `worker-${i}`, target: worker, args: [barrier] }));
for (const thread of threads) {
  console.log(thread.name, 'starting');
  thread.start();
}
while (barrier.nWaiting < THREADS) await sleep(10);
barrier.abort();
for (const thread of threads) await thread.join();
