import { onAbort } from '../../base/on-abort.ts';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { homedir, hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { deadlineAfter, LONGEST_TIMER_MS, NEVER } from '../../base/deadline.ts';
import { StateError } from '../../base/errors.ts';
import { isAlive } from '../../base/is-alive.ts';
import { positiveInteger } from '../../base/positive-integer.ts';
import type { ChunkResult } from '../../futures/fabric/chunk.ts';
import { retryPlan } from '../../futures/retries.ts';
import { Executor, type ExecutorOptions } from '../../futures/executor.ts';
import { leaveAsItIs } from '../../futures/call-site.ts';
import type { AnyFuture, Future } from '../../futures/future.ts';
import { CHUNK_MAX, type ChunkSource } from '../../futures/map.ts';
import { oneByOne } from '../../futures/one-by-one.ts';
import { NO_TERMS, type Terms } from '../../futures/terms.ts';
import { encode } from '../../message/index.ts';
import { mainModule } from '../../message/closures/index.ts';
import { CODE } from '../channel/codes.ts';
import { ownAddresses } from '../channel/own-addresses.ts';
import { readRunFile } from '../channel/run-file.ts';
import { Journal, type JournalContent, readJournal, readPlan, writePlan } from './link/journal.ts';
import { Link } from './link/link.ts';
import { jobOf, type JobOptions } from './job-options.ts';
import type { LinkPlan } from './link/plan.ts';

type AnyFunction = (...args: never[]) => unknown;

export interface SlurmExecutorOptions<I extends readonly unknown[] = readonly unknown[]> extends ExecutorOptions, JobOptions {
  /** How many nodes; 1 when left out. */
  readonly nodes?: number | undefined;
  /** How many workers each node has; as many as it has processors for the job when left out. */
  readonly workersPerNode?: number | undefined;
  /** What the workers are: threads of one process when left out. */
  readonly workerType?: 'threads' | 'processes' | undefined;
  /** Runs once in each worker before its first task. An error of it breaks the executor. */
  readonly initializer?: ((...args: I) => unknown) | undefined;
  /** What the initializer is called with. It has to be something that can be sent. */
  readonly initargs?: readonly [...I] | undefined;
  /** A worker is replaced after so many tasks. */
  readonly maxTasksPerWorker?: number | undefined;
  /** How often a task is run again that had begun on a node that was lost; 2 when left out. What had not begun is always run elsewhere. */
  readonly nodeRetries?: number | undefined;
  /** The address at which the nodes reach this machine; all that it has are tried when left out. */
  readonly address?: string | undefined;
  /** Milliseconds that nodes may take to come once their job runs: 60,000 when left out. */
  readonly startTimeout?: number | undefined;
  /** Milliseconds that a job may wait for nodes while there are no others; without a limit when left out. A long wait is told by a warning, with Slurm's reason. */
  readonly queueTimeout?: number | undefined;
  /** Milliseconds after which a node, or the program, that says nothing at all is taken for lost: 5,000 when left out. */
  readonly silence?: number | undefined;
  /** Milliseconds that a node looks for a program it has lost, before it ends: 30,000 when left out. */
  readonly orphanTimeout?: number | undefined;
  /**
   * The run goes on when its program is killed, or ends without a shutdown: its nodes do what they have, and look for another program for
   * `orphanTimeout`. `SlurmExecutor.attach(pool.folder)` takes it up. Then nobody clears up but an executor that is shut down.
   */
  readonly outlives?: boolean | undefined;
}

const TAKEN_UP: unique symbol = Symbol('taken up');
/** What is given to the constructor in the place of options. */
interface Earlier {
  readonly [TAKEN_UP]: { readonly plan: LinkPlan; readonly content: JournalContent };
}

let made = 0;
/** An executor that nobody has any more lets its nodes go once everything has run. */
const abandoned = new FinalizationRegistry<Link>((link) => void link.close());

/**
 * Runs functions on the nodes of a cluster: the same executor as for threads and processes, with the same futures.
 *
 * Nodes are asked for once, with the first task; on each of them a pool of threads or processes takes tasks, over a connection that both
 * ends have proved themselves for. Nodes that are lost are replaced, and their tasks run again, within `nodeRetries`. An error comes home with its
 * class, cause and stack; one that is the cluster's says which job, which node, why, and what the log ends with.
 */
export class SlurmExecutor<I extends readonly unknown[] = readonly unknown[]> extends Executor {
  protected readonly title: string = `SlurmExecutor-${made++}`;
  private readonly link: Link;
  /** How many workers there are when all nodes are there; an estimate where nothing was said. */
  private readonly workers: number;
  /** Where the run lies: what its nodes need to find this program, and with `outlives` what another one needs to take it up. */
  readonly folder: string;
  /** Of a run that was taken up: what the earlier program has submitted, in that order, with what has come of it. Otherwise empty. */
  readonly futures: readonly Future[] = [];

  constructor(options: SlurmExecutorOptions<I> = {}) {
    super(options);
    if (TAKEN_UP in options) {
      const { plan, content } = (options as unknown as Earlier)[TAKEN_UP];
      this.workers = plan.nodes * (plan.welcome.workers ?? 4);
      this.folder = plan.directory;
      this.link = new Link(plan);
      abandoned.register(this, this.link, this);
      this.futures = this.link.takeUp(content) as Future[];
      return;
    }
    const { nodes = 1, workersPerNode } = options;
    const perNode = workersPerNode === undefined ? null : positiveInteger(workersPerNode, 'workersPerNode');
    this.workers = positiveInteger(nodes, 'nodes') * (perNode ?? 4);
    const plan = planOf(this.title, options, perNode);
    this.folder = plan.directory;
    if (plan.outlives) {
      writePlan(plan);
      new Journal(plan.directory, 0).close();
    }
    this.link = new Link(plan);
    abandoned.register(this, this.link, this);
  }

  /**
   * Takes up a run whose program was killed, and was made with `outlives`: with its nodes, as far as they are still there, and `futures` of what that
   * program has submitted. What its nodes have done meanwhile is not done again. Messages, streams and maps of that program can't be read any
   * more. Throws `StateError`: `ERR_NO_RUN`, or `ERR_RUN_TAKEN` while its program lives.
   */
  static attach(folder: string): SlurmExecutor {
    const directory = resolve(folder);
    const plan = readPlan(directory);
    refuseWhenTaken(directory);
    const hosts = plan.host === undefined ? ownAddresses() : plan.hosts;
    const earlier: Earlier = {
      [TAKEN_UP]: { plan: { ...plan, directory, hosts, isTakenUp: true }, content: readJournal(directory) },
    };
    return new SlurmExecutor(earlier as unknown as SlurmExecutorOptions);
  }

  /** Asks for the nodes now; otherwise the first task does. */
  start(): this {
    this.link.start();
    return this;
  }

  /** The jobs that there are now. */
  get jobs(): readonly string[] {
    return this.link.jobs;
  }

  protected dispatch(fn: AnyFunction, args: readonly unknown[], terms: Terms): AnyFuture {
    this.refuseWhenBroken();
    const { timeout, signal, priority, retries, transfer, onMessage } = terms;
    if (transfer !== undefined)
      throw new StateError('ERR_TERMS', 'transfer is for threads: nodes share no memory with this machine. Return what is to come home');
    if (signal?.aborted === true) {
      leaveAsItIs(signal.reason);
      return this.link.failed(signal.reason);
    }
    const limit = limitOf(timeout);
    const future = this.link.submit({ fn, how: CODE.task, input: [...args], limit, priority, retry: retryPlan(retries), onMessage });
    if (signal !== undefined) {
      const ignore = onAbort(signal, () => {
        leaveAsItIs(signal.reason);
        this.link.abort(future, signal.reason);
      });
      future.addDoneCallback(ignore);
    }
    return future;
  }

  protected chunks(fn: AnyFunction, terms: Terms): ChunkSource {
    this.refuseWhenBroken();
    const { workers, link } = this;
    const close = (): void => {};
    if (terms !== NO_TERMS) return { workers, close, ...oneByOne((args) => this.dispatch(fn, args, terms)) };
    return {
      workers,
      close,
      chunkMax: CHUNK_MAX,
      submit: (items, isSpread) => link.submit({ fn, how: isSpread ? CODE.chunkOfLists : CODE.chunk, input: items }) as Future<ChunkResult>,
    };
  }

  private refuseWhenBroken(): void {
    if (this.link.failure !== null) throw this.link.failure;
  }

  protected cancelQueued(): void {
    this.link.cancelQueued();
  }

  protected end(): Promise<void> {
    abandoned.unregister(this);
    return this.link.close();
  }

  protected endSync(): void {
    abandoned.unregister(this);
    this.link.closeSync();
  }

  protected terminate(): Promise<void> {
    abandoned.unregister(this);
    return this.link.terminate();
  }
}

/** A time limit as a whole number of milliseconds; 0 for none, and for one that Node's timers could not count. */
function limitOf(timeout: number | undefined): number {
  if (timeout === undefined || deadlineAfter(timeout) === NEVER || timeout > LONGEST_TIMER_MS) return 0;
  return Math.max(1, Math.ceil(timeout));
}

function planOf<I extends readonly unknown[]>(title: string, options: SlurmExecutorOptions<I>, workers: number | null): LinkPlan {
  const { nodes = 1, workerType = 'threads', initializer, initargs = [], maxTasksPerWorker, nodeRetries = 2 } = options;
  if (initializer !== undefined && typeof initializer !== 'function')
    throw new TypeError(`initializer must be a function: got ${typeof initializer}`);
  if (workerType !== 'threads' && workerType !== 'processes')
    throw new TypeError(`workerType must be 'threads' or 'processes': got ${String(workerType)}`);
  if (!Number.isInteger(nodeRetries) || nodeRetries < 0)
    throw new RangeError(`nodeRetries must be a number of times, 0 or more: got ${nodeRetries}`);
  const { silence = 5000 } = options;
  const launch = jobOf(options, workers);
  const isLocal = launch.kind === 'local';
  return {
    title,
    directory: directoryFor(options.directory ?? (isLocal ? undefined : join(homedir(), '.manycore'))),
    host: options.address ?? (isLocal ? '127.0.0.1' : undefined),
    hosts: options.address !== undefined ? [options.address] : isLocal ? ['127.0.0.1'] : ownAddresses(),
    heartbeat: Math.min(1000, silence / 4),
    silence,
    cwd: process.cwd(),
    argv: process.argv,
    main: mainModule(),
    welcome: {
      workerType,
      workers,
      maxTasksPerWorker: maxTasksPerWorker === undefined ? null : positiveInteger(maxTasksPerWorker, 'maxTasksPerWorker'),
      initializer: initializer === undefined ? null : new Uint8Array(encode([initializer, initargs], { where: 'program' }).bytes),
    },
    launch,
    nodes,
    nodeRetries,
    startTimeout: options.startTimeout ?? 60_000,
    queueTimeout: options.queueTimeout === undefined || deadlineAfter(options.queueTimeout) === NEVER ? null : options.queueTimeout,
    orphanTimeout: options.orphanTimeout ?? 30_000,
    outlives: options.outlives ?? false,
    isTakenUp: false,
  };
}

/** A run has one program. On another machine nobody can see whether it lives: there the nodes decide, who speak with the last that has come. */
function refuseWhenTaken(directory: string): void {
  const { pid, machine } = readRunFile(join(directory, 'run.json'));
  if (machine !== hostname() || !isAlive(pid)) return;
  throw new StateError('ERR_RUN_TAKEN', `the run in ${directory} has a program, process ${pid}: only one can have it`);
}

/** A folder of the run's own. */
function directoryFor(parent: string | undefined): string {
  if (parent === undefined) return mkdtempSync(join(tmpdir(), 'manycore-'));
  const path = join(resolve(parent), `manycore-${randomUUID()}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  return path;
}
