import { BasePool } from './base-pool.ts';
import { checkedOptions, optionsIn, type PoolOptions } from './pool.ts';
import { ThreadCrew } from './thread-crew.ts';

let made = 0;

/**
 * A `Pool` whose workers are threads of this process: Python's `multiprocessing.pool.ThreadPool`.
 *
 * ```ts
 * import { ThreadPool } from 'manycore/multiprocessing';
 *
 * await using pool = new ThreadPool(2);
 * console.log(await pool.map((n: number) => n * n, [1, 2, 3])); //=> [ 1, 4, 9 ]
 * ```
 *
 * Its threads are those of a `ThreadPoolExecutor`: they start in milliseconds and run on several cores, and what is bound to this process, such as a
 * lock of `manycore/threading`, travels too. A thread that dies fails its task with `BrokenWorkerError`, and is replaced. `terminate()`, unlike
 * Python's, also ends threads that are in the middle of a task.
 */
export class ThreadPool<I extends readonly unknown[] = readonly unknown[]> extends BasePool {
  constructor(options: number | Pick<PoolOptions<I>, 'processes' | 'initializer' | 'initArgs'> = {}) {
    const { processes, initializer, initArgs } = checkedOptions(
      optionsIn<typeof options & object>(options, arguments.length, 'a ThreadPool'),
    );
    super(new ThreadCrew({ workers: processes, name: `ThreadPool-${made++}`, initializer, initArgs }), processes);
  }
}
