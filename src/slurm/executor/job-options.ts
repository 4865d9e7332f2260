import { loaderFlags } from '../../host/process/launch.ts';
import type { LaunchPlan } from './link/plan.ts';

/** Where nodes come from, and what is asked of Slurm for them. */
export interface JobOptions {
  /** Where the nodes come from: `local` stands processes of this machine in for them, to develop and to test without a cluster. */
  readonly launcher?: 'slurm' | 'local' | undefined;
  /** The partition that the nodes come from; the cluster's default when left out. */
  readonly partition?: string | undefined;
  /** How long a job may run, as Slurm writes it: `1:00:00`. Jobs whose time is up are replaced. */
  readonly time?: string | undefined;
  /** For each node, as Slurm writes it: `4G`. */
  readonly memory?: string | undefined;
  /** Which account pays; the user's default when left out. */
  readonly account?: string | undefined;
  /** The quality of service that the jobs ask for. */
  readonly qos?: string | undefined;
  /** Modules that are loaded before Node is started: `['nodejs/20']`. */
  readonly modules?: readonly string[] | undefined;
  /** Lines of the job's script before Node is started. */
  readonly setup?: readonly string[] | undefined;
  /** What else a job asks for, as it stands behind `#SBATCH`: `['--gres=gpu:1']`. */
  readonly directives?: readonly string[] | undefined;
  /** The Node that runs on the nodes; the one that runs this program when left out. */
  readonly nodePath?: string | undefined;
  /** A folder that this machine and all nodes see. A folder of its own is made in it for the run, which others can't read. */
  readonly directory?: string | undefined;
}

/** What is asked of Slurm. No line of it can be more than one. */
export function jobOf(options: JobOptions, cpusPerNode: number | null): LaunchPlan {
  const { launcher = 'slurm' } = options;
  const flags = loaderFlags();
  if (launcher !== 'slurm' && launcher !== 'local') throw new TypeError(`launcher must be 'slurm' or 'local': got ${String(launcher)}`);
  if (launcher === 'local') return { kind: 'local', node: options.nodePath ?? process.execPath, flags };
  const { partition, time, memory, account, qos, modules = [], setup = [], directives = [], nodePath = process.execPath } = options;
  const named = { partition, time, mem: memory, account, qos };
  const asked = Object.entries(named).flatMap(([key, value]) => (value === undefined ? [] : [`--${key}=${value}`]));
  for (const line of [...asked, ...directives, ...modules])
    if (/[\r\n]/.test(line)) throw new TypeError(`what is asked of Slurm has to fit in a line: got ${JSON.stringify(line)}`);
  const lines = [...modules.map((module) => `module load '${module.replaceAll("'", '')}'`), ...setup];
  return { kind: 'slurm', node: nodePath, flags, cpusPerNode, directives: [...asked, ...directives], setup: lines };
}
