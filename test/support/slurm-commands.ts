import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/* Slurm's own commands, as a user has them: what is tested is not used to look at it. */

/** What a command has printed, also to stderr. */
export function slurm(command: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return `${stdout}${stderr}`.trim();
}

export const stateOf = (job: string): string => slurm('squeue', '-h', '-t', 'all', '-j', job, '-o', '%T');
export const hasEnded = (job: string): boolean => !/RUNNING|PENDING|COMPLETING|CONFIGURING/.test(stateOf(job));

/** Whether the kernel holds the memory of jobs; elsewhere Slurm looks only now and then. */
export const hasMemoryCgroup = (): boolean => readFileSync('/proc/mounts', 'utf8').includes(' /sys/fs/cgroup/memory cgroup ');
