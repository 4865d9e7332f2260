// A pool of processes maps a function over five numbers, and tells which process did what: two processes, used again and again.
import { ProcessPoolExecutor } from 'manycore/futures';

function task(n: number): readonly [n: number, pid: number] {
  return [n, process.pid];
}

await using pool = new ProcessPoolExecutor({ maxWorkers: 2 });
for await (const [n, pid] of pool.map(task, [5, 4, 3, 2, 1], { chunkSize: 1 })) console.log(`ran task ${n} in process ${pid}`);
