import { StateError } from '../../../base/errors.ts';
import { BrokenExecutorError } from '../../../futures/errors.ts';
import { Executor, type ExecutorOptions } from '../../../futures/executor.ts';
import { type AnyFuture, newFuture, outcome, settleFuture, type Source, whenDone } from '../../../futures/future.ts';
import { CANCELLED, FAILED, SUCCEEDED } from '../../../futures/future-record.ts';
import type { ChunkSource } from '../../../futures/map.ts';
import { oneByOne } from '../../../futures/one-by-one.ts';
import type { Terms } from '../../../futures/terms.ts';
import { encode } from '../../../message/index.ts';
import { CODE } from '../../channel/codes.ts';
import { type ArrayOptions, ArrayRun } from './array-run.ts';

type AnyFunction = (...args: never[]) => unknown;

export interface ArrayExecutorOptions extends ExecutorOptions, ArrayOptions {
  /** Keeps the folders of the runs after the shutdown; removed when left out. */
  readonly keep?: boolean | undefined;
}

/** Tasks of one function, to be one array. */
interface Batch {
  readonly fn: Uint8Array;
  readonly tasks: Map<AnyFuture, Uint8Array>;
}

let made = 0;

/**
 * The executor for tasks that take long, for nodes that can't reach this machine, and for work that outlives the program: what is handed over in one turn
 * of the event loop, with one function, goes to the cluster as one job array, through files. `folders` names where they lie: `ArrayRun.attach` finds
 * each again, after a logout or a crash, with what has been done.
 *
 * ```ts no-run: it needs a cluster
 * import { ArrayExecutor } from 'manycore/slurm';
 * await using pool = new ArrayExecutor({ partition: 'normal', time: '1:00:00', elements: 100 });
 * const results = await pool.map((seed: number) => seed * 2, [1, 2, 3]).toArray();
 * ```
 *
 * The same interface as for threads and processes, with what files can give: a task can be taken back until its array has been submitted, and is
 * awaited, not waited for by blocking. Terms other than `context` are refused.
 */
export class ArrayExecutor extends Executor {
  protected readonly title: string = `ArrayExecutor-${made++}`;
  private readonly options: ArrayExecutorOptions;
  private readonly source: Source;
  private batches: Batch[] = [];
  private readonly runs = new Set<ArrayRun>();
  private readonly outstanding = new Set<AnyFuture>();
  private tellIdle: (() => void) | null = null;

  constructor(options: ArrayExecutorOptions = {}) {
    super(options);
    this.options = options;
    this.source = {
      isRunning: () => false,
      cancel: (future) => this.takeBack(future),
      waitSync: () => {
        throw new StateError('ERR_ARRAY_WAIT', `tasks of ${this.title} can't be waited for by blocking: await their futures`);
      },
    };
  }

  /** Where the runs lie that have been submitted. */
  get folders(): readonly string[] {
    return [...this.runs].map(({ folder }) => folder);
  }

  /** The jobs that have been submitted. */
  get jobs(): readonly string[] {
    return [...this.runs].flatMap(({ jobs }) => jobs);
  }

  protected dispatch(fn: AnyFunction, args: readonly unknown[], terms: Terms): AnyFuture {
    this.refuse(terms);
    const bytes = new Uint8Array(encode(fn, { where: 'program' }).bytes);
    const input = new Uint8Array(encode([...args], { where: 'program' }).bytes);
    const future = newFuture(this.source, 0);
    this.outstanding.add(future);
    this.batchFor(bytes).tasks.set(future, input);
    return future;
  }

  private refuse(terms: Terms): void {
    const [term] = Object.entries(terms).find(([, value]) => value !== undefined) ?? [];
    if (term !== undefined)
      throw new StateError(
        'ERR_TERMS',
        `${term} needs a connection to the task, which an array has not: use SlurmExecutor, or do it in the task`,
      );
  }

  private batchFor(fn: Uint8Array): Batch {
    if (this.batches.length === 0) setImmediate(() => this.submitBatches());
    const last = this.batches.findLast((batch) => Buffer.compare(batch.fn, fn) === 0);
    if (last !== undefined) return last;
    const batch: Batch = { fn, tasks: new Map() };
    this.batches.push(batch);
    return batch;
  }

  private submitBatches(): void {
    const { batches } = this;
    this.batches = [];
    for (const { fn, tasks } of batches) {
      if (tasks.size === 0) continue;
      const futures = [...tasks.keys()];
      try {
        const items = [...tasks.values()].map((body) => ({ how: CODE.task, body }));
        const run = ArrayRun.begin(fn, items, this.options);
        this.runs.add(run as ArrayRun);
        for (const [i, future] of futures.entries()) this.follow(future, run.futures[i] as AnyFuture);
      } catch (error) {
        for (const future of futures) this.settle(future, FAILED, error);
      }
    }
  }

  private follow(future: AnyFuture, inner: AnyFuture): void {
    whenDone(inner, () => {
      if (inner.cancelled) return this.settle(future, CANCELLED, undefined);
      try {
        this.settle(future, SUCCEEDED, outcome(inner));
      } catch (error) {
        this.settle(future, FAILED, error);
      }
    });
  }

  private settle(future: AnyFuture, how: typeof CANCELLED | typeof FAILED | typeof SUCCEEDED, value: unknown): void {
    settleFuture(future, how, value);
    this.outstanding.delete(future);
    if (this.outstanding.size === 0) this.tellIdle?.();
  }

  private takeBack(future: AnyFuture): boolean {
    const isTaken = this.batches.some(({ tasks }) => tasks.delete(future));
    if (isTaken) {
      this.outstanding.delete(future);
      if (this.outstanding.size === 0) this.tellIdle?.();
    }
    return isTaken;
  }

  protected chunks(fn: AnyFunction, terms: Terms): ChunkSource {
    this.refuse(terms);
    // All that the buffer lets through is handed over at once: it is one array.
    return { workers: Infinity, close: () => {}, ...oneByOne((args) => this.dispatch(fn, args, terms)) };
  }

  protected cancelQueued(): void {
    for (const { tasks } of this.batches) for (const future of tasks.keys()) future.cancel();
  }

  protected async end(): Promise<void> {
    if (this.outstanding.size > 0) await new Promise<void>((resolve) => (this.tellIdle = resolve));
    if (this.options.keep !== true) for (const run of this.runs) run.remove();
  }

  protected endSync(): void {
    if (this.outstanding.size > 0)
      throw new StateError('ERR_ARRAY_WAIT', `the tasks of ${this.title} can't be waited for by blocking: await shutdown()`);
  }

  protected async terminate(): Promise<void> {
    const error = new BrokenExecutorError(`${this.title} was terminated before the task had ended`);
    this.batches = [];
    for (const future of this.outstanding) this.settle(future, FAILED, error);
    await Promise.all([...this.runs].map((run) => run.cancel()));
  }
}
