// Two workers map a function over five numbers: the tasks end in any order, the results come in that of the inputs.
import { ThreadPoolExecutor } from 'manycore/futures';
import { currentThread } from 'manycore/threading';

async function task(n: number): Promise<number> {
  console.log(`${currentThread().name}: sleeping ${n}`);
  await new Promise((resolve) => setTimeout(resolve, n * 100));
  console.log(`${currentThread().name}: done with ${n}`);
  return n / 10;
}

const pool = new ThreadPoolExecutor({ maxWorkers: 2, threadNamePrefix: 'worker' });
console.log('main: starting');
const results = pool.map(task, [5, 4, 3, 2, 1], { chunkSize: 1 });
console.log('main: waiting for real results');
const all: number[] = [];
for await (const result of results) {
  console.log(`main: result ${result}`);
  all.push(result);
}
console.log('main: results:', all);
await pool.shutdown();
