import { availableParallelism } from 'node:os';
import { BrokenWorkerError, type Executor, ProcessPoolExecutor, ThreadPoolExecutor, TimeoutError } from '../../futures/index.ts';
import { UsageError } from '../usage-error.ts';
import { prepare, type Target } from './work.ts';

export const PLACES = ['threads', 'processes', 'slurm'] as const;

/** What is asked of a cluster. */
export interface ClusterWishes {
  readonly nodes: number | undefined;
  readonly partition: string | undefined;
  readonly time: string | undefined;
  readonly memory: string | undefined;
  readonly modules: readonly string[] | undefined;
  /** `gres=gpu:1`, each as `#SBATCH` has it without the dashes. */
  readonly options: readonly string[] | undefined;
  readonly launcher: string | undefined;
}

/** Where the function runs. */
export interface Place {
  readonly executor: Executor;
  /** How many workers there will be, about. */
  readonly workers: number;
  /** Whether an error means one task alone; otherwise nothing can run any more. */
  readonly isOfTheTask: (error: unknown) => boolean;
}

export async function placeFor(target: Target, on: string, workers: number | undefined, wishes: ClusterWishes): Promise<Place> {
  if (!(PLACES as readonly string[]).includes(on)) throw new UsageError(`--on must be one of ${PLACES.join(', ')}: got ${on}`);
  if (on === 'slurm') return onSlurm(target, workers, wishes);
  const given = Object.entries(wishes).find(([, value]) => value !== undefined);
  if (given !== undefined)
    throw new UsageError(`--${given[0].replace(/s$/, given[0] === 'nodes' ? 's' : '')} is for --on slurm: got --on ${on}`);
  const first = { initializer: prepare, initargs: [target] } as const;
  const count = workers ?? availableParallelism();
  if (on === 'threads')
    return {
      executor: new ThreadPoolExecutor({ maxWorkers: count, threadNamePrefix: 'map', ...first }),
      workers: count,
      isOfTheTask: (error) => error instanceof BrokenWorkerError || error instanceof TimeoutError,
    };
  const executor = new ProcessPoolExecutor({ maxWorkers: count, ...first });
  return { executor, workers: count, isOfTheTask: (error) => error instanceof TimeoutError || diedAlone(error) };
}

/** A process that died has a name; when the pool is broken as a whole nobody has. */
const diedAlone = (error: unknown): boolean =>
  error instanceof Error && error.name === 'BrokenProcessPool' && (error as { readonly worker?: string }).worker !== '';

async function onSlurm(target: Target, workers: number | undefined, wishes: ClusterWishes): Promise<Place> {
  const { SlurmExecutor, NodeLostError } = await import('../../slurm/index.ts');
  const { nodes = 1, partition, time, memory, modules, options, launcher } = wishes;
  if (launcher !== undefined && launcher !== 'slurm' && launcher !== 'local')
    throw new UsageError(`--launcher must be slurm or local: got ${launcher}`);
  const executor = new SlurmExecutor({
    nodes,
    workersPerNode: workers,
    partition,
    time,
    memory,
    modules,
    directives: options?.map((option) => `--${option.replace(/^--/, '')}`),
    launcher,
    initializer: prepare,
    initargs: [target],
    // A module brings a Node of its own.
    nodePath: modules === undefined ? undefined : 'node',
  });
  return {
    executor,
    workers: nodes * (workers ?? 4),
    isOfTheTask: (error) =>
      error instanceof NodeLostError || error instanceof TimeoutError || error instanceof BrokenWorkerError || diedAlone(error),
  };
}
