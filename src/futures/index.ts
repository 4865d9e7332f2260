export { CancelledError, InvalidStateError, TimeoutError } from '../base/errors.ts';
export { asCompleted, type AsCompleted } from './as-completed.ts';
export { BrokenExecutorError, BrokenWorkerError } from './errors.ts';
export { type CancelOptions, type DoneCallback, Future } from './future.ts';
export { gather } from './gather.ts';
export { ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, wait, type WaitOptions, type WaitResult } from './wait.ts';
export { Executor, type RetryOptions, type ShutdownOptions, type Submitter, type Terms } from './executor.ts';
export { type MapOptions, MapResults } from './map.ts';
export { ThreadPoolExecutor, type ThreadPoolOptions } from './thread-pool.ts';
