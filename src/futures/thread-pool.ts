import { availableParallelism } from 'node:os';
import { Executor, type Terms } from './executor.ts';
import type { ChunkResult } from './fabric/chunk.ts';
import { PoolCore } from './fabric/pool-core.ts';
import type { AnyFuture, Future } from './future.ts';
import type { ChunkSource } from './map.ts';
import { positive } from './positive.ts';

type AnyFunction = (...args: never[]) => unknown;

export interface ThreadPoolOptions<I extends readonly unknown[] = readonly unknown[]> {
  /** How many threads there may be. Left out: up to one for each core when there is work, and up to 4 more (32 in all) when tasks have to wait. */
  readonly maxWorkers?: number | undefined;
  /** Threads are called `prefix_0`, `prefix_1`, …; `ThreadPoolExecutor-N` when left out. */
  readonly threadNamePrefix?: string | undefined;
  /** Runs once in each thread before its first task. An error of it breaks the pool. */
  readonly initializer?: ((...args: I) => unknown) | undefined;
  readonly initargs?: readonly [...I] | undefined;
  /** Limits of V8's heap for each thread. */
  readonly resourceLimits?: {
    readonly maxOldGenerationSizeMb?: number;
    readonly maxYoungGenerationSizeMb?: number;
    readonly stackSizeMb?: number;
  };
}

export interface WorkerInfo {
  readonly name: string;
  readonly number: number;
}

let made = 0;

/** An abandoned pool lets its workers go once everything has run. */
const abandoned = new FinalizationRegistry<PoolCore>((core) => void core.stop());

/**
 * Runs functions in threads: Python's `concurrent.futures.ThreadPoolExecutor`, on several cores.
 *
 * Threads are started as there is work for them, and are shared with `Thread`. An idle pool does not keep the process alive; what has been
 * handed over runs before the process ends.
 */
export class ThreadPoolExecutor<I extends readonly unknown[] = readonly unknown[]> extends Executor {
  protected readonly title: string;
  private readonly core: PoolCore;
  /** How many threads there may be. */
  readonly maxWorkers: number;

  constructor(options: ThreadPoolOptions<I> = {}) {
    super();
    const { maxWorkers, threadNamePrefix, initializer, initargs, resourceLimits } = options;
    if (initializer !== undefined && typeof initializer !== 'function')
      throw new TypeError(`initializer must be a function: got ${typeof initializer}`);
    const cores = availableParallelism();
    this.maxWorkers = maxWorkers === undefined ? Math.min(32, cores + 4) : positive(maxWorkers, 'maxWorkers');
    this.title = threadNamePrefix ?? `ThreadPoolExecutor-${made++}`;
    this.core = new PoolCore({
      name: this.title,
      maxWorkers: this.maxWorkers,
      eagerWorkers: maxWorkers === undefined ? Math.min(this.maxWorkers, cores) : this.maxWorkers,
      initializer: (initializer as AnyFunction | undefined) ?? null,
      initargs,
      resourceLimits,
    });
    abandoned.register(this, this.core, this);
  }

  /** The threads that there are now. */
  get workers(): readonly WorkerInfo[] {
    return this.core.threads.map(({ name, number }) => ({ name, number }));
  }

  protected dispatch(fn: AnyFunction, args: readonly unknown[], terms: Terms): AnyFuture {
    return this.core.submit(fn, args, terms.transfer);
  }

  protected chunks(fn: AnyFunction, _terms: Terms): ChunkSource {
    const { core } = this;
    const number = core.enter(fn);
    return {
      workers: this.maxWorkers,
      submit: (items, isSpread) => core.submitChunk(number, fn, items, isSpread) as Future<ChunkResult>,
      close: () => core.leave(number),
    };
  }

  protected cancelQueued(): void {
    this.core.cancelQueued();
  }

  protected end(): Promise<void> {
    abandoned.unregister(this);
    return this.core.stop();
  }

  protected terminate(): Promise<void> {
    abandoned.unregister(this);
    return this.core.terminate();
  }

  protected endSync(): void {
    abandoned.unregister(this);
    this.core.stopSync();
  }
}
