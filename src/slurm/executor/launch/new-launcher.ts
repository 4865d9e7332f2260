import type { LinkPlan } from '../link/plan.ts';
import type { Launcher } from './launcher.ts';
import { LocalLauncher } from './local.ts';

/** The launcher that a plan names. */
export function newLauncher({ directory, launch }: LinkPlan, runFile: string): Launcher {
  return new LocalLauncher(directory, runFile, launch.node);
}
