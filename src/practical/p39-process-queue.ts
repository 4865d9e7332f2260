// A creator and a consumer process share a queue; -1 ends it.
import { Process, Queue } from 'manycore/multiprocessing';

const SENTINEL = -1;

function creator(data: readonly number[], queue: Queue<number>): void {
  console.log('Creating data and putting it on the queue');
  for (const item of data) queue.putSync(item);
}

function consumer(queue: Queue<number>): void {
  for (;;) {
    const data = queue.getSync();
    console.log(`data found to be processed: ${data}`);
    console.log(data * 2);
    if (data === SENTINEL) return;
  }
}

const queue = new Queue<number>();
const processes = [
  new Process({ target: creator, args: [[5, 10, 13, SENTINEL], queue] }),
  new Process({ target: consumer, args: [queue] }),
] as Process[];
for (const process of processes) process.start();
queue.close();
await queue.joinThread();
for (const process of processes) await process.join();
