// Five tasks of random length, whose results are read as they come.
import { asCompleted, ThreadPoolExecutor } from 'manycore/futures';

async function task(n: number): Promise<[number, number]> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 500));
  return [n, n / 10];
}

const pool = new ThreadPoolExecutor({ maxWorkers: 5 });
console.log('main: starting');
const futures = [5, 4, 3, 2, 1].map((n) => pool.submit(task, n));
for await (const future of asCompleted(futures)) console.log('main: result:', await future);
await pool.shutdown();
