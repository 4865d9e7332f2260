// A callback is called when a task is done, and reads its result.
import { type Future, ThreadPoolExecutor } from 'manycore/futures';

async function task(n: number): Promise<number> {
  console.log(`${n}: sleeping`);
  await new Promise((resolve) => setTimeout(resolve, 500));
  console.log(`${n}: done`);
  return n / 10;
}

function done(future: Future<number>): void {
  if (future.cancelled) console.log('5: canceled');
  else if (future.exceptionSync() !== null) console.log(`5: error returned: ${String(future.exceptionSync())}`);
  else console.log(`5: value returned: ${future.resultSync()}`);
}

const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
console.log('main: starting');
pool.submit(task, 5).addDoneCallback(done);
await pool.shutdown();
