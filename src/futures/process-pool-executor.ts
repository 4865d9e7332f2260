import { onAbort } from '../base/on-abort.ts';
import { availableParallelism } from 'node:os';
import { type Deadline, NEVER } from '../base/deadline.ts';
import { StateError } from '../base/errors.ts';
import type { StartMethod } from '../host/process/start-method.ts';
import type { ChunkResult } from './fabric/chunk.ts';
import { delayBeforeRetry, retryPlan } from './retries.ts';
import { BrokenExecutorError } from './errors.ts';
import { Executor, type ExecutorOptions } from './executor.ts';
import { leaveAsItIs } from './call-site.ts';
import { reduce } from '../message/closures/index.ts';
import { SendError } from '../message/index.ts';
import { type AnyFuture, type Future, newFuture, peek, settleFuture, setTicket, type Source, ticketOf } from './future.ts';
import { CANCELLED, FAILED, SUCCEEDED } from './future-record.ts';
import { CHUNK_MAX, type ChunkSource } from './map.ts';
import { oneByOne } from './one-by-one.ts';
import { refuseOptionsOf } from './other-names.ts';
import { positive } from './positive.ts';
import { HOW_ALL, HOW_CHUNK, HOW_CHUNK_OF_LISTS } from './process-pool/board.ts';
import { BrokenProcessPool } from './process-pool/broken.ts';
import { Crew, type Task } from './process-pool/crew.ts';
import { listenTo } from './process-pool/messages.ts';
import { MaybeEncodingError } from './process-pool/encoding-error.ts';
import type { Job, Outcome } from './process-pool/job.ts';
import { NO_TERMS, type Terms } from './terms.ts';

type AnyFunction = (...args: never[]) => unknown;

/** How a `ProcessPoolExecutor` is made. */
export interface ProcessPoolOptions<I extends readonly unknown[] = readonly unknown[]> extends ExecutorOptions {
  /** How many processes there may be; as many as there are processors when left out. They are started as there is work for them. */
  readonly maxWorkers?: number | undefined;
  /** Runs once in each process before its first task. An error of it breaks the pool. */
  readonly initializer?: ((...args: I) => unknown) | undefined;
  /** What the initializer is called with. It has to be something that can be sent. */
  readonly initargs?: readonly [...I] | undefined;
  /** A process is replaced after so many tasks. */
  readonly maxTasksPerWorker?: number | undefined;
  /** How processes are started: a context of `manycore/multiprocessing`; as `setStartMethod` has chosen when left out. */
  readonly mpContext?: { getStartMethod(): StartMethod | null } | undefined;
  /**
   * The unexpected end of a process breaks the pool, as in Python: everything fails with `BrokenProcessPool`, and nothing more is taken. Left
   * out, only what that process ran fails, and another one takes its place.
   */
  readonly breaksOnDeath?: boolean | undefined;
}

let made = 0;
/** The outcome of a task that was taken back: its future is cancelled. */
const WITHDRAWN: Outcome = { ok: false, error: null };

/** An abandoned pool lets its processes go once everything has run. */
const abandoned = new FinalizationRegistry<Crew>((crew) => crew.close());

/**
 * Runs functions in processes: Python's `concurrent.futures.ProcessPoolExecutor`.
 *
 * What a task does to its process, a crash among it, is nobody else's concern: its future fails with `BrokenProcessPool`, which says which
 * process, how it ended and what it last wrote; the process is replaced, and all other tasks go on. An idle pool lets the program end; what
 * has been handed over runs before. A running task that is cancelled, or out of time, ends with its process.
 */
export class ProcessPoolExecutor<I extends readonly unknown[] = readonly unknown[]> extends Executor {
  protected readonly title: string = `ProcessPoolExecutor-${made++}`;
  /** How many processes there may be. */
  readonly maxWorkers: number;
  private readonly crew: Crew;
  private readonly jobs = new Map<number, Job>();
  private readonly source: Source;

  constructor(options: ProcessPoolOptions<I> = {}) {
    super(options);
    refuseOptionsOf('threads', options, 'a ProcessPoolExecutor');
    const { maxWorkers = availableParallelism(), initializer, initargs, maxTasksPerWorker, mpContext, breaksOnDeath } = options;
    if (initializer !== undefined && typeof initializer !== 'function')
      throw new TypeError(`initializer must be a function: got ${typeof initializer}`);
    this.maxWorkers = positive(maxWorkers, 'maxWorkers');
    const crew = new Crew({
      workers: this.maxWorkers,
      name: this.title,
      initializer: initializer as AnyFunction | undefined,
      initArgs: initargs,
      tasksMax: maxTasksPerWorker === undefined ? undefined : positive(maxTasksPerWorker, 'maxTasksPerWorker'),
      startMethod: mpContext?.getStartMethod() ?? undefined,
      breaksOnDeath,
    });
    this.crew = crew;
    const { jobs } = this;
    this.source = {
      isRunning(future) {
        const job = jobs.get(ticketOf(future));
        return job !== undefined && crew.isRunning(job);
      },
      cancel(future, running) {
        const job = jobs.get(ticketOf(future));
        return job !== undefined && crew.cancel(job, { kill: running }, WITHDRAWN);
      },
      waitSync: (future, deadline: Deadline) => void crew.waitSync(() => peek(future) >= CANCELLED, deadline),
    };
    abandoned.register(this, crew, this);
  }

  /** @internal It stays where it was made. */
  [reduce](): never {
    throw new SendError('ERR_SEND_PROCESS_POOL', "a pool of processes can't be sent, nor captured by a task", {
      hint: 'hand its tasks over where it was made, or use a ThreadPoolExecutor, which goes to other threads',
    });
  }

  /** The numbers of the processes that there are now. */
  get pids(): number[] {
    return this.crew.pids;
  }

  protected dispatch(fn: AnyFunction, args: readonly unknown[], terms: Terms): AnyFuture {
    const { timeout, signal, priority, retries, transfer, onMessage } = terms;
    if (transfer !== undefined)
      throw new StateError(
        'ERR_TERMS',
        'transfer is for threads: processes share no such thing. Use a SharedArray of manycore/multiprocessing',
      );
    if (signal?.aborted === true) {
      const refused = newFuture(this.source, 0);
      leaveAsItIs(signal.reason);
      settleFuture(refused, FAILED, signal.reason);
      return refused;
    }
    const retry = retryPlan(retries);
    let attempts = 0;
    const again = retry === null ? null : (error: unknown): number | null => delayBeforeRetry({ retry, attempts: ++attempts }, error);
    const task = onMessage === undefined ? { fn } : listenTo(fn, onMessage, this.title);
    let ignore: (() => void) | null = null;
    const over = (): void => ignore?.();
    const { future, job } = this.handOver({ ...task, how: HOW_ALL, input: [...args], again, priority, timeout, over });
    if (signal !== undefined && !future.done)
      ignore = onAbort(signal, () => {
        leaveAsItIs(signal.reason);
        this.crew.cancel(job, { kill: true }, { ok: false, error: signal.reason });
      });
    return future;
  }

  private handOver(task: Task): { readonly future: Future; readonly job: Job } {
    const future = newFuture(this.source, 0);
    const { jobs } = this;
    const job = this.crew.submit(task, (outcome) => {
      jobs.delete(ticketOf(future));
      settle(future, outcome);
    });
    setTicket(future, job.number);
    jobs.set(job.number, job);
    return { future, job };
  }

  protected chunks(fn: AnyFunction, terms: Terms): ChunkSource {
    const workers = this.maxWorkers;
    const close = (): void => {};
    if (terms !== NO_TERMS) return { workers, close, ...oneByOne((args) => this.dispatch(fn, args, terms)) };
    return {
      workers,
      close,
      chunkMax: CHUNK_MAX,
      submit: (items, isSpread) =>
        this.handOver({ fn, how: isSpread ? HOW_CHUNK_OF_LISTS : HOW_CHUNK, input: items }).future as Future<ChunkResult>,
    };
  }

  protected cancelQueued(): void {
    for (const job of this.jobs.values()) this.crew.cancel(job, {}, WITHDRAWN);
  }

  protected async end(): Promise<void> {
    abandoned.unregister(this);
    this.crew.close();
    await this.crew.gone();
  }

  protected endSync(): void {
    abandoned.unregister(this);
    this.crew.close();
    this.crew.goneSync(NEVER);
  }

  protected async terminate(): Promise<void> {
    abandoned.unregister(this);
    this.crew.terminate('SIGKILL', (job) => ({
      ok: false,
      error: this.crew.isRunning(job)
        ? new BrokenProcessPool(`${this.title} was terminated while it ran ${job.fn.name} (task ${job.number})`, { reason: 'terminated' })
        : new BrokenExecutorError(`${this.title} was terminated before the task had begun`),
    }));
    await this.crew.gone();
  }
}

function settle(future: AnyFuture, outcome: Outcome): void {
  if (outcome.ok) settleFuture(future, SUCCEEDED, outcome.value);
  else if (outcome === WITHDRAWN) settleFuture(future, CANCELLED, undefined);
  else settleFuture(future, FAILED, outcome.error instanceof MaybeEncodingError ? outcome.error.exc : outcome.error);
}
