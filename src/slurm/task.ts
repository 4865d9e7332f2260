import { StateError } from '../base/errors.ts';
import { expandNodes } from './text/node-list.ts';

/** This process as one of the tasks that `srun` has started together: which it is, of how many, and where. */
export interface Task {
  /** From 0 on, over all nodes. */
  readonly rank: number;
  /** How many tasks the step has, on all nodes together. */
  readonly size: number;
  /** From 0 on, among those of this node. */
  readonly localRank: number;
  /** All nodes of the step, in the order of their ranks. */
  readonly nodes: readonly string[];
  /** The one that this task runs on. */
  readonly node: string;
  /** The number of the job that the step belongs to. */
  readonly job: string;
}

/** Throws `StateError`, code `ERR_SLURM_NO_TASK`, in a process that `srun` has not started. */
export function currentTask(env: NodeJS.ProcessEnv = process.env): Task {
  const number = (name: string): number => {
    const text = env[name];
    if (text === undefined || !/^\d+$/.test(text))
      throw new StateError(
        'ERR_SLURM_NO_TASK',
        `this process is no task of a job: ${name} is ${text ?? 'not set'}. srun starts tasks: srun node app.js`,
      );
    return Number(text);
  };
  const rank = number('SLURM_PROCID');
  return {
    rank,
    size: number('SLURM_NTASKS'),
    localRank: number('SLURM_LOCALID'),
    nodes: expandNodes(env['SLURM_STEP_NODELIST'] ?? env['SLURM_JOB_NODELIST'] ?? ''),
    node: env['SLURMD_NODENAME'] ?? '',
    job: env['SLURM_JOB_ID'] ?? '',
  };
}
