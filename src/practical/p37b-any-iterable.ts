// Exercise: must it be a list? No: any iterable does, a set as well as a generator; here also one whose items come one by one.
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
console.log('as a set:', await pool.map(doubler, new Set([5, 10, 20])));
console.log('as they come:', await pool.map(doubler, numbers()));
