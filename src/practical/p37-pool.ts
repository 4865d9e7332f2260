// A pool of processes applies a function to a list. It need not be a list: any iterable does, an asynchronous one too.
import { Pool } from 'manycore/multiprocessing';

function doubler(number: number): number {
  return number * 2;
}

async function* numbers(): AsyncGenerator<number> {
  yield 5;
  yield 10;
  yield 20;
}

await using pool = new Pool(3);
console.log(await pool.map(doubler, [5, 10, 20]));
console.log('as a set:', await pool.map(doubler, new Set([5, 10, 20])));
console.log('as they come:', await pool.map(doubler, numbers()));
