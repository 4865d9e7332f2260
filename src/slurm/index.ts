export { batchScript, type JobCommand } from './batch-script.ts';
export { type BudgetTerms, setCallBudget } from './budget.ts';
export { type AccountFilter, type AccountRow, sacct } from './commands/sacct.ts';
export { Allocation, salloc } from './commands/salloc.ts';
export { sbatch } from './commands/sbatch.ts';
export { type CancelOptions, scancel } from './commands/scancel.ts';
export { type Fields, scontrol } from './commands/scontrol.ts';
export { type NodeFilter, type NodeGroup, sinfo } from './commands/sinfo.ts';
export { type QueueFilter, squeue, squeueJson } from './commands/squeue.ts';
export { srun, type StepOptions } from './commands/srun.ts';
export type { JobLike } from './commands/words.ts';
export type { Dependency, Directives, EarlySignal } from './directives.ts';
export {
  ControllerError,
  DirectiveError,
  NoSuchJobError,
  SlurmCommandError,
  SlurmError,
  SlurmMissingError,
  SubmitError,
} from './errors.ts';
export {
  JobCancelledError,
  type JobEnd,
  JobError,
  JobExitError,
  JobLostError,
  JobNodeError,
  JobOutOfMemoryError,
  JobPreemptedError,
  JobTimeoutError,
} from './job/end.ts';
export type { JobInfo } from './job/info.ts';
export { Job, type JobWait, type LogOptions } from './job/job.ts';
export type { EndState, JobState } from './job/states.ts';
export { expandNodes } from './text/node-list.ts';
export { type JobFacts, JobFailedError, NodeLostError } from './executor/errors.ts';
export { SlurmExecutor, type SlurmExecutorOptions } from './executor/slurm-executor.ts';
export { ArrayExecutor, type ArrayExecutorOptions } from './executor/array/array-executor.ts';
export { loadCheckpoint, saveCheckpoint } from './executor/array/checkpoint.ts';
export { ArrayRun, type ArrayOptions, type AttachOptions } from './executor/array/array-run.ts';
export type { JobOptions } from './executor/job-options.ts';
export { currentTask, type Task } from './task.ts';
export { joinRanks, type JoinOptions } from './ranks/join-ranks.ts';
export { RankLostError } from './ranks/errors.ts';
export { Ranks, type RootOptions } from './ranks/ranks.ts';
