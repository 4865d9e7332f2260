import type { ChannelTimes } from '../../channel/channel.ts';
import type { Welcome } from '../manager/hello.ts';

/** What a job asks for. */
export interface SlurmPlan {
  readonly kind: 'slurm';
  /** The Node on the nodes. */
  readonly node: string;
  /** What it needs to load the program's modules: a loader of TypeScript. */
  readonly flags: readonly string[];
  readonly cpusPerNode: number | null;
  /** As they stand behind `#SBATCH`. */
  readonly directives: readonly string[];
  /** Lines of the script that run on the first node before anything else. */
  readonly setup: readonly string[];
}

/** How nodes are had; the rest is for the launcher of that kind. */
export type LaunchPlan = { readonly kind: 'local'; readonly node: string; readonly flags: readonly string[] } | SlurmPlan;

/** What an executor's link is told when it is started. */
export interface LinkPlan extends ChannelTimes {
  readonly title: string;
  /** A folder that all nodes see; what the run needs lies there, and is removed at its end. */
  readonly directory: string;
  /** At which address the link listens, and under which names it may be reached; `undefined`: all. */
  readonly host: string | undefined;
  readonly hosts: readonly string[];
  readonly cwd: string;
  readonly argv: readonly string[];
  readonly main: string;
  readonly welcome: Welcome;
  readonly launch: LaunchPlan;
  readonly nodes: number;
  readonly nodeRetries: number;
  /** How long a running job may take to send its managers. */
  readonly startTimeout: number;
  /** How long a job may wait for nodes; `null`: for as long as it takes. */
  readonly queueTimeout: number | null;
  readonly orphanTimeout: number;
  /** The run goes on when its program is killed, and another one may take it up. */
  readonly outlives: boolean;
  /** It is such a run that is taken up. */
  readonly isTakenUp: boolean;
}

/** What the program's thread tells its link, beside records. */
export type ToLink =
  | { readonly say: 'records'; readonly bytes: Uint8Array }
  | { readonly say: 'cancel'; readonly id: number; readonly running: boolean; readonly ask: number }
  | { readonly say: 'start' }
  | { readonly say: 'close' }
  | { readonly say: 'terminate' };

/** What the link tells the program's thread, beside records. */
export type ToProgram =
  | { readonly say: 'records'; readonly bytes: Uint8Array }
  | { readonly say: 'answer'; readonly ask: number; readonly isTaken: boolean }
  /** Nothing can run any more; the error is a message. */
  | { readonly say: 'broken'; readonly error: Uint8Array }
  | { readonly say: 'jobs'; readonly jobs: readonly string[] }
  /** A job has waited for nodes for so long, and why. */
  | { readonly say: 'waiting'; readonly job: string; readonly ms: number; readonly reason: string }
  | { readonly say: 'gone' };
