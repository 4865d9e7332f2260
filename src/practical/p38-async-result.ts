// A result that is fetched later, and waited for a second at most: one that is late is a TimeoutError, and the work goes on.
import { Pool } from 'manycore/multiprocessing';
import { sleepSync } from './sleep-sync.ts';

function doubler(number: number, ms: number): number {
  sleepSync(ms);
  return number * 2;
}

await using pool = new Pool(3);
// The time is that of the work: the workers are there before it runs.
await pool.apply(doubler, [0, 0]);
console.log(await pool.applyAsync(doubler, [25, 0]).get({ timeout: 1000 }));
const late = pool.applyAsync(doubler, [25, 1500]);
try {
  await late.get({ timeout: 1000 });
} catch (error) {
  console.log((error as Error).name);
}
console.log('late:', await late.get());
