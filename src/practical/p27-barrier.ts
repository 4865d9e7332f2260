// A barrier lets nobody pass until all have come. `wait` gives each a number of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import { Barrier, currentThread, Thread } from 'manycore/threading';

function worker(barrier: Barrier): void {
  console.log(currentThread().name, `waiting for barrier with ${barrier.nWaiting} others`);
  const number = barrier.waitSync();
  console.log(currentThread().name, 'after barrier', number);
}

const THREADS = 3;
const barrier = new Barrier(THREADS);
const threads = Array.from({ length: THREADS }, (_, i) => new Thread({ name: `worker-${i}`, target: worker, args: [barrier] }));
for (const thread of threads) {
  console.log(thread.name, 'starting');
  thread.start();
  await sleep(100);
}
for (const thread of threads) await thread.join();
