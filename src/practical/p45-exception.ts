// A task that throws: its error is there to be looked at, and is thrown where the result is asked for.
import { ThreadPoolExecutor } from 'manycore/futures';

function task(n: number): number {
  console.log(`${n}: starting`);
  throw new RangeError(`the value ${n} is no good`);
}

const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
console.log('main: starting');
const future = pool.submit(task, 5);
const error = await future.exception();
console.log(`main: error: ${String(error)}`);
try {
  await future;
} catch (thrown) {
  console.log(`main: saw error "${(thrown as Error).message}" when accessing result, ${thrown === error ? 'the same one' : 'another one'}`);
}
await pool.shutdown();
