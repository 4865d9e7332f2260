import type { LinkPlan } from '../link/plan.ts';
import type { Launcher } from './launcher.ts';
import { LocalLauncher } from './local.ts';
import { SlurmLauncher } from './slurm.ts';

/** The launcher that a plan names. */
export function newLauncher({ directory, launch }: LinkPlan, runFile: string): Launcher {
  if (launch.kind === 'slurm') return new SlurmLauncher(directory, runFile, launch);
  return new LocalLauncher(directory, runFile, [launch.node, ...launch.flags]);
}
