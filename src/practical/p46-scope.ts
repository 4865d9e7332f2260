// An executor as a scope: the block is left when everything has run.
import { ThreadPoolExecutor } from 'manycore/futures';

function task(n: number): void {
  console.log(n);
}

{
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  console.log('main: starting');
  for (const n of [1, 2, 3, 4]) void pool.submit(task, n);
}
console.log('main: done');
