// One task, and its future before and after.
import { ThreadPoolExecutor } from 'manycore/futures';

async function task(n: number): Promise<number> {
  console.log(`sleeping ${n}`);
  await new Promise((resolve) => setTimeout(resolve, n * 100));
  return n / 10;
}

const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
console.log('main: starting');
const future = pool.submit(task, 5);
console.log('main: future:', future);
console.log('main: waiting for results');
console.log('main: result:', await future.result());
console.log('main: future after result:', future);
await pool.shutdown();
