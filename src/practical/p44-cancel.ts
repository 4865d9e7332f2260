// Ten tasks on two workers, cancelled from the last on: all but the two that run.
import { type Future, ThreadPoolExecutor } from 'manycore/futures';
import { Event } from 'manycore/threading';

const go = new Event();

function task(n: number): number {
  console.log(`${n}: sleeping`);
  go.waitSync();
  console.log(`${n}: done`);
  return n / 10;
}

const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
console.log('main: starting');
const tasks: { readonly n: number; readonly future: Future<number> }[] = [];
for (let n = 10; n >= 1; n--) {
  console.log(`main: submitting ${n}`);
  const future = pool.submit(task, n);
  future.addDoneCallback((one) => console.log(`${n}: ${one.cancelled ? 'canceled' : 'not canceled'}`));
  tasks.push({ n, future });
}
while (!tasks.slice(0, 2).every(({ future }) => future.running)) await new Promise((resolve) => setTimeout(resolve, 1));
for (const { n, future } of tasks.toReversed()) if (!future.cancel()) console.log(`main: did not cancel ${n}`);
go.set();
await pool.shutdown();
