import { availableParallelism } from 'node:os';
import { type Wait } from '../base/deadline.ts';
import { OutOfRangeError } from '../base/errors.ts';
import { within } from '../base/within.ts';
import { monotonic } from '../base/monotonic.ts';
import { checkLimits } from '../host/thread/resource-limits.ts';
import { QueueFull } from '../queue/errors.ts';
import type { ContextOf } from '../threading/context.ts';
import { sharedHeap } from '../word/heap.ts';
import { type Handle, handle, own, registerKind, type Shareable } from '../word/shareable.ts';
import { shutDown } from './errors.ts';
import { Executor, type ExecutorOptions } from './executor.ts';
import { CHUNK_MAX, type ChunkSource } from './map.ts';
import { oneByOne } from './one-by-one.ts';
import type { ChunkResult } from './fabric/chunk.ts';
import { WORKERS } from './fabric/layout.ts';
import { PoolCore } from './fabric/pool-core.ts';
import { notHere, RemotePool } from './fabric/remote-pool.ts';
import type { AnyFuture, Future } from './future.ts';
import { refuseOptionsOf } from './other-names.ts';
import { positive } from './positive.ts';
import { histogram, type PoolStatistics } from './statistics.ts';
import { withContextOf } from './task-context.ts';
import { NO_TERMS, type Terms } from './terms.ts';
import type { Values } from './value-list.ts';

type AnyFunction = (...args: never[]) => unknown;

/** How a `ThreadPoolExecutor` is made. */
export interface ThreadPoolOptions<I extends readonly unknown[] = readonly unknown[]> extends ExecutorOptions {
  /** How many threads there may be, 256 at most. Left out: up to one for each core when there is work, and up to 4 more (32 in all) when tasks have to wait. */
  readonly maxWorkers?: number | undefined;
  /** So many are started at once, and stay; 0 when left out. */
  readonly minWorkers?: number | undefined;
  /** Threads beyond `minWorkers` end when there was nothing to do for so many milliseconds; never when left out. */
  readonly idleTimeout?: number | undefined;
  /** Threads are called `prefix_0`, `prefix_1`, …; `ThreadPoolExecutor-N` when left out. */
  readonly threadNamePrefix?: string | undefined;
  /** Runs once in each thread before its first task. An error of it breaks the pool. */
  readonly initializer?: ((...args: I) => unknown) | undefined;
  /** What the initializer is called with. It has to be something that can be sent. */
  readonly initargs?: readonly [...I] | undefined;
  /** A thread is replaced after so many tasks. */
  readonly maxTasksPerWorker?: number | undefined;
  /** A thread is replaced when its heap holds more than so many megabytes after a task. */
  readonly maxHeapMb?: number | undefined;
  /** A thread is replaced when its ArrayBuffers, which `resourceLimits` do not count, hold more than so many megabytes after a task. */
  readonly maxBuffersMb?: number | undefined;
  /** Limits of V8's heap for each thread: a task that needs more fails, with its thread. */
  readonly resourceLimits?: {
    readonly maxOldGenerationSizeMb?: number;
    readonly maxYoungGenerationSizeMb?: number;
    readonly codeRangeSizeMb?: number;
    readonly stackSizeMb?: number;
  };
  /** How many tasks may wait: beyond that, `submit` throws `QueueFull`. Without a limit when left out. */
  readonly maxQueued?: number | undefined;
}

export interface WorkerInfo {
  readonly name: string;
  readonly number: number;
}

const ADOPT: unique symbol = Symbol('adopt');
interface Adoption {
  readonly [ADOPT]: { readonly block: number; readonly title: string; readonly maxWorkers: number };
  readonly context: ContextOf | null;
}

let made = 0;

/** An abandoned pool lets its workers go once everything has run. */
const abandoned = new FinalizationRegistry<PoolCore>((core) => void core.ending.stop());

/**
 * Runs functions in threads: Python's `concurrent.futures.ThreadPoolExecutor`, on several cores.
 *
 * Threads are started as there is work for them, and are shared with `Thread`. An idle pool does not keep the process alive; what has been
 * handed over runs before the process ends.
 */
export class ThreadPoolExecutor<I extends readonly unknown[] = readonly unknown[]> extends Executor implements Shareable {
  protected readonly title: string;
  private readonly own: PoolCore | null = null;
  /** How a thread that has not made the pool hands tasks over. */
  private readonly remote: RemotePool | null = null;
  private isSent = false;
  /** How many threads there may be. */
  readonly maxWorkers: number;
  private readonly maxQueued: number;
  private readonly began = monotonic();

  constructor(options: ThreadPoolOptions<I> = {}) {
    super(options);
    if (ADOPT in options) {
      const { block, title, maxWorkers: most } = (options as unknown as Adoption)[ADOPT];
      this.title = title;
      this.maxWorkers = most;
      this.maxQueued = Infinity;
      this.remote = new RemotePool(block, title);
      return;
    }
    refuseOptionsOf('processes', options, 'a ThreadPoolExecutor');
    const { maxWorkers, minWorkers = 0, threadNamePrefix, initializer, initargs, resourceLimits } = options;
    if (initializer !== undefined && typeof initializer !== 'function')
      throw new TypeError(`initializer must be a function: got ${typeof initializer}`);
    if (initargs !== undefined && !Array.isArray(initargs)) throw new TypeError(`initargs must be a list: got ${typeof initargs}`);
    checkLimits(resourceLimits);
    const { idleTimeout = Infinity } = options;
    if (typeof idleTimeout !== 'number' || !(idleTimeout >= 0))
      throw new OutOfRangeError('ERR_OUT_OF_RANGE', `idleTimeout must be a number of milliseconds, 0 or more: got ${String(idleTimeout)}`);
    const cores = availableParallelism();
    this.maxWorkers = maxWorkers === undefined ? Math.min(32, cores + 4) : positive(maxWorkers, 'maxWorkers');
    if (this.maxWorkers > WORKERS)
      throw new OutOfRangeError('ERR_OUT_OF_RANGE', `maxWorkers must not be more than ${WORKERS}: got ${this.maxWorkers}`);
    if (minWorkers !== 0 && positive(minWorkers, 'minWorkers') > this.maxWorkers)
      throw new OutOfRangeError('ERR_OUT_OF_RANGE', `minWorkers must not be more than maxWorkers, ${this.maxWorkers}: got ${minWorkers}`);
    this.maxQueued = options.maxQueued === undefined ? Infinity : positive(options.maxQueued, 'maxQueued');
    this.title = threadNamePrefix ?? `ThreadPoolExecutor-${made++}`;
    const bytes = (megabytes: number | undefined, name: string): number =>
      megabytes === undefined ? 0 : positive(megabytes, name) * 2 ** 20;
    this.own = new PoolCore({
      name: this.title,
      maxWorkers: this.maxWorkers,
      minWorkers,
      eagerWorkers: maxWorkers === undefined ? Math.min(this.maxWorkers, cores) : this.maxWorkers,
      idleTimeout,
      initializer: (initializer as AnyFunction | undefined) ?? null,
      initargs,
      resourceLimits,
      maxTasks: options.maxTasksPerWorker === undefined ? 0 : positive(options.maxTasksPerWorker, 'maxTasksPerWorker'),
      maxHeap: bytes(options.maxHeapMb, 'maxHeapMb'),
      maxBuffers: bytes(options.maxBuffersMb, 'maxBuffersMb'),
    });
    abandoned.register(this, this.own, this);
  }

  /** The pool itself; another thread, which has only a way to hand tasks over, is told what it can't do. */
  private core(what: string): PoolCore {
    if (this.own === null) throw notHere(what);
    return this.own;
  }

  /** Whether nothing more can be handed over. Any thread that has the pool may ask; what was handed over before may still run. */
  override get isShutDown(): boolean {
    return this.remote === null ? super.isShutDown : this.remote.isShutDown;
  }

  /** The threads that there are now. */
  get workers(): readonly WorkerInfo[] {
    return this.core('workers').crew.threads.map(({ name, number }) => ({ name, number }));
  }

  /** Has every thread that there is now call a function: the futures, one for each. Threads that start later have the `initializer`. */
  submitToAll<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): Future<Awaited<R>>[] {
    const core = this.core('submitToAll()');
    if (this.isShutDown) throw shutDown(this.title);
    return core.submitToAll(withContextOf(this.context, fn as AnyFunction), args) as Future<Awaited<R>>[];
  }

  /** Whether `submit` would take a task, where there is a `maxQueued`. */
  get hasRoom(): boolean {
    return this.core('hasRoom').load.outstanding < this.maxQueued + this.maxWorkers;
  }

  /** Waits until there is room for a task: true; false when time was up. */
  async whenRoom(wait?: Wait): Promise<boolean> {
    while (!this.hasRoom) if (!(await within(this.core('whenRoom()').load.whenRoom(), wait)).inTime) return this.hasRoom;
    return true;
  }

  /** What the pool does at this moment, and has done. */
  get statistics(): PoolStatistics {
    const {
      crew,
      fates: { counts },
      load: { outstanding },
      running,
    } = this.core('statistics');
    return {
      queued: Math.max(0, outstanding - running),
      running,
      ...counts,
      workers: crew.living,
      utilization: crew.busyMs / ((monotonic() - this.began) * this.maxWorkers),
      runTime: histogram(crew.threads.map((thread) => thread.times('run'))),
      waitTime: histogram(crew.threads.map((thread) => thread.times('wait'))),
    };
  }

  protected dispatch(fn: AnyFunction, args: readonly unknown[], terms: Terms): AnyFuture {
    if (this.remote !== null) {
      if (terms !== NO_TERMS) throw notHere(`with({ ${namesOf(terms).join(', ')} })`);
      return this.remote.submit(fn, args, false);
    }
    if (!this.hasRoom)
      throw new QueueFull(`${this.title} takes no more tasks: ${this.maxQueued} wait; \`await pool.whenRoom()\` waits for room`);
    return this.core('submit()').submit(fn, args, terms);
  }

  protected chunks(fn: AnyFunction, terms: Terms): ChunkSource {
    const { remote } = this;
    if (remote !== null) {
      if (terms !== NO_TERMS) throw notHere(`with({ ${namesOf(terms).join(', ')} })`);
      const submit = (items: Values, isSpread: boolean): Future<ChunkResult> =>
        remote.submit(fn, [items, isSpread], true) as Future<ChunkResult>;
      return { workers: this.maxWorkers, chunkMax: CHUNK_MAX, submit, close: () => {} };
    }
    const core = this.core('map()');
    const { number, leave: close } = core.enter(fn);
    // As many as compute at the same time.
    const workers = Math.min(this.maxWorkers, Math.max(core.crew.living, core.eagerWorkers));
    if (terms !== NO_TERMS) return { workers, close, ...oneByOne((args) => core.submit(fn, args, terms, number)) };
    return {
      workers,
      chunkMax: CHUNK_MAX,
      submit: (items, isSpread) => core.submitChunk(number, fn, items, isSpread) as Future<ChunkResult>,
      close,
    };
  }

  protected override close(): void {
    const core = this.core('shutting it down');
    super.close();
    core.ending.shut();
  }

  /** A pool can be sent: whoever gets it hands tasks over, also a task of the pool itself. */
  [handle](): Handle {
    const block = this.remote?.block ?? this.core('sending it').fabric.block;
    if (!this.isSent && this.remote === null) {
      this.isSent = true;
      this.core('sending it').serveOthers();
      sharedHeap().retain(block);
      own('thread-pool', this, block);
    }
    return { kind: 'thread-pool', offset: block, extra: [this.title, this.maxWorkers, this.context] };
  }

  protected cancelQueued(): void {
    this.core('shutting it down').ending.cancelQueued();
  }

  protected end(): Promise<void> {
    abandoned.unregister(this);
    return this.core('shutting it down').ending.stop();
  }

  protected terminate(): Promise<void> {
    abandoned.unregister(this);
    return this.core('shutting it down').terminate();
  }

  protected endSync(): void {
    abandoned.unregister(this);
    this.core('shutting it down').ending.stopSync();
  }
}

const namesOf = (terms: Terms): string[] =>
  Object.entries(terms)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);

registerKind(
  'thread-pool',
  (block, extra) => {
    const [title, maxWorkers, context] = extra as readonly [string, number, ContextOf | null];
    const adoption: Adoption = { [ADOPT]: { block, title, maxWorkers }, context };
    return new ThreadPoolExecutor(adoption as unknown as ThreadPoolOptions);
  },
  import.meta.url,
);
