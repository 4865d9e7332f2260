import { checkOptions } from '../base/check-options.ts';

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
  ['chunksize', 'chunkSize'],
  ['buffersize', 'bufferSize'],
  ['transferList', 'transfer'],
  ['cancel_futures', 'cancelFutures'],
  ['return_when', 'returnWhen'],
]);

/** Refuses what is no object of options, and options under a name that they have elsewhere. */
export function checkNames(options: object, what: string, example: string): void {
  checkOptions(options, what, example);
  refuseOtherNames(options, what);
}

/** Refuses options under a name that they have elsewhere. Other unknown ones are left unread. */
export function refuseOtherNames(options: object, what: string): void {
  for (const name of Object.keys(options)) {
    const ours = OURS.get(name);
    if (ours !== undefined) throw new TypeError(`${what} does not know ${name}: here it is called ${ours}`);
  }
}
