import { availableParallelism } from 'node:os';
import { positiveInteger } from '../../base/positive-integer.ts';
import { Crew } from '../../futures/process-pool/crew.ts';
import type { StartMethod } from '../../host/process/start-method.ts';
import { checkNames } from '../other-names.ts';
import { BasePool } from './base-pool.ts';

/** How a `Pool` is made. */
export interface PoolOptions<I extends readonly unknown[] = readonly unknown[]> {
  /** How many workers; as many as there are processors when left out. */
  readonly processes?: number | undefined;
  /** Runs once in each worker before its first task. When it fails, the pool is broken. */
  readonly initializer?: ((...args: I) => unknown) | undefined;
  /** What the initializer is called with. It has to be something that can be sent. */
  readonly initArgs?: readonly [...I] | undefined;
  /** After so many tasks a worker is replaced by a new one; it lives as long as the pool when left out. */
  readonly maxTasksPerChild?: number | undefined;
  /** How the workers are started; as `setStartMethod` has chosen when left out. */
  readonly startMethod?: StartMethod | undefined;
}

/**
 * Worker processes that do what they are given: Python's `multiprocessing.Pool`.
 *
 * Functions may be any functions, and travel with what they capture. A task whose worker dies fails with `BrokenProcessPool`, which says who
 * died, how and of what; the worker is replaced, and all other tasks go on. `await using` ends the pool at the end of its block, at once, as
 * in Python; `close()` and `join()` let it finish. A pool that has nothing to do lets the program end.
 */
export class Pool<I extends readonly unknown[] = readonly unknown[]> extends BasePool {
  readonly #crew: Crew;

  constructor(options: number | PoolOptions<I> = {}) {
    const { maxTasksPerChild, startMethod, ...rest } = optionsIn<PoolOptions<I>>(options, arguments.length, 'a Pool');
    const { processes, initializer, initArgs } = checkedOptions(rest);
    if (maxTasksPerChild !== undefined) positiveInteger(maxTasksPerChild, 'maxTasksPerChild');
    const crew = new Crew({
      workers: processes,
      name: 'PoolWorker',
      initializer,
      initArgs,
      tasksMax: maxTasksPerChild,
      startMethod,
      isFull: true,
      daemon: true,
    });
    super(crew, processes);
    this.#crew = crew;
  }

  /** The numbers of the worker processes. */
  get pids(): number[] {
    return this.#crew.pids;
  }
}

/** The options of a pool, which may be given as a number. Refuses what is none. */
export function optionsIn<O extends object>(options: number | O, given: number, what: string): O {
  if (given > 1) throw new TypeError(`${what} takes all that it is to know in one object: { processes, initializer, initArgs }`);
  if (typeof options === 'number') return { processes: options } as unknown as O;
  checkNames(options, what, '{ processes: 4 }');
  return options;
}

/** What all pools are made of. Throws `RangeError` and `TypeError`. */
export function checkedOptions<I extends readonly unknown[]>({
  processes = availableParallelism(),
  initializer,
  initArgs,
}: Pick<PoolOptions<I>, 'processes' | 'initializer' | 'initArgs'>) {
  positiveInteger(processes, 'processes');
  if (initializer !== undefined && typeof initializer !== 'function')
    throw new TypeError(`initializer must be a function: got ${typeof initializer}`);
  return { processes, initializer, initArgs };
}
