import { namesCheck, refuseNames } from '../base/check-options.ts';

/** What Python, and other pools, call our options. Who writes such a name means ours, and would be left without it. */
const OURS: ReadonlyMap<string, string> = new Map([
  ['max_workers', 'maxWorkers'],
  ['maxThreads', 'maxWorkers'],
  ['maxProcesses', 'maxWorkers'],
  ['minThreads', 'minWorkers'],
  ['maxQueue', 'maxQueued'],
  ['maxQueueSize', 'maxQueued'],
  ['thread_name_prefix', 'threadNamePrefix'],
  ['max_tasks_per_child', 'maxTasksPerWorker'],
  ['maxTasksPerChild', 'maxTasksPerWorker'],
  ['maxMemoryLimitBeforeRecycle', 'maxHeapMb'],
  ['initArgs', 'initargs'],
  ['mp_context', 'mpContext'],
  ['chunksize', 'chunkSize'],
  ['buffersize', 'bufferSize'],
  ['transferList', 'transfer'],
  ['cancel_futures', 'cancelFutures'],
  ['return_when', 'returnWhen'],
]);

/** Refuses what is no object of options, and options under a name that they have elsewhere. */
export const checkNames: ReturnType<typeof namesCheck> = namesCheck(OURS);

/** What pools of threads alone take, and those of processes alone. */
const FOR_THREADS = ['minWorkers', 'idleTimeout', 'threadNamePrefix', 'maxHeapMb', 'maxBuffersMb', 'resourceLimits', 'maxQueued'];
const FOR_PROCESSES = ['mpContext', 'breaksOnDeath'];

/** Refuses what the other kind of pool takes: who writes it would be left without it. */
export function refuseOptionsOf(other: 'threads' | 'processes', options: object, what: string): void {
  for (const name of other === 'threads' ? FOR_THREADS : FOR_PROCESSES)
    if ((options as Readonly<Record<string, unknown>>)[name] !== undefined)
      throw new TypeError(`${what} does not know ${name}: that is for pools of ${other}`);
}

/** Refuses options under a name that they have elsewhere. */
export function refuseOtherNames(options: object, what: string): void {
  refuseNames(options, what, OURS);
}
