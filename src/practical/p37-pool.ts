// A pool of processes applies a function to a list.
import { Pool } from 'manycore/multiprocessing';

function doubler(number: number): number {
  return number * 2;
}

await using pool = new Pool(3);
console.log(await pool.map(doubler, [5, 10, 20]));
