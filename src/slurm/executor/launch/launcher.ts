import type { JobFacts } from '../errors.ts';
import type { Submitted } from './submit.ts';

/** Some nodes that were asked for together: a job, or local processes that stand in for one. */
export interface Allocation {
  /** Counts the allocations of an executor. */
  readonly number: number;
  /** How many nodes it has, or will have. */
  readonly nodes: number;
  /** The job, once it has a number. */
  readonly job: string | null;
  /** By which another program finds it; `null` for local processes. */
  readonly submitted: Submitted | null;
  /** Whether it has nodes: from then on, its managers should come. */
  readonly isRunning: boolean;
  /** Why it has no nodes yet, in Slurm's words; `null` when it has, or nothing is known. */
  readonly waitsFor: string | null;
  /** Resolves when it has ended, for whatever reason. Never rejects. */
  readonly ended: Promise<JobFacts>;
  /** What is known of it now. Never rejects. */
  facts(): Promise<JobFacts>;
  /** All its nodes are connected: it need not be looked at. */
  calm(): void;
  /**
   * A node of it is lost: it may have ended, or be about to. Resolves once that is known: it goes on, or has ended; also when nobody can say.
   * Never rejects.
   */
  alarm(): Promise<unknown>;
  /** Ends it. Never rejects. */
  cancel(): Promise<void>;
}

/** How nodes are had. */
export interface Launcher {
  /** The name that all its jobs have, and no others; empty when there are none. */
  readonly jobName: string;
  /** Asks for nodes, and others than those to avoid as far as there are others. Rejects when it is refused. */
  launch(number: number, nodes: number, avoid: readonly string[]): Promise<Allocation>;
  /** Nodes that an earlier program has asked for; `null` where they can't be looked after: they come, or don't. */
  adopt(number: number, nodes: number, submitted: Submitted): Allocation | null;
}
