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

/** Refuses options under a name that they have elsewhere. */
export function refuseOtherNames(options: object, what: string): void {
  refuseNames(options, what, OURS);
}
