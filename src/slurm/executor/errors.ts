import { nameError } from '../../base/errors.ts';
import { BrokenExecutorError } from '../../futures/errors.ts';

/** What is known of a job, or of a local process that stands in for one, when something has gone wrong. */
export interface JobFacts {
  /** The job's number; `null` for a local process. */
  readonly job: string | null;
  /** The machine that it ran on, the first of several; empty while it has none, or where nobody knows. */
  readonly node: string;
  /** Slurm's word for it: `TIMEOUT`, `NODE_FAIL`, `OUT_OF_MEMORY`, …; `UNKNOWN` when nobody can say. */
  readonly state: string;
  /** Slurm's reason, or what is known else; empty when nothing is. */
  readonly reason: string;
  /** What it ended with; `null` when there is no exit code, or nobody knows. */
  readonly exitCode: number | null;
  /** The end of the job's log. */
  readonly log: string;
  /** What can be done about it; empty when we don't know either. */
  readonly hint: string;
}

/** Fields that errors of jobs share. */
abstract class JobError extends BrokenExecutorError implements JobFacts {
  readonly job: string | null;
  readonly state: string;
  readonly reason: string;
  readonly exitCode: number | null;
  readonly log: string;
  readonly hint: string;
  readonly node: string;

  constructor(code: string, message: string, facts: JobFacts, options?: ErrorOptions) {
    super(`${message} (${describeFacts(facts)})${closing(facts)}`, { ...options, code });
    this.job = facts.job;
    this.state = facts.state;
    this.reason = facts.reason;
    this.exitCode = facts.exitCode;
    this.log = facts.log;
    this.hint = facts.hint;
    this.node = facts.node;
  }
}

/** The node on which this task ran was lost, as often as it may be. The task may have been done in part. */
export class NodeLostError extends JobError {
  constructor(message: string, facts: JobFacts, node: string, options?: ErrorOptions) {
    super('ERR_NODE_LOST', message, { ...facts, node }, options);
  }
}
nameError(NodeLostError, 'NodeLostError');

/** The job has ended, or can't start, and no other will come: nothing that was handed over can run. */
export class JobFailedError extends JobError {
  constructor(message: string, facts: JobFacts, options?: ErrorOptions) {
    super('ERR_JOB_FAILED', message, facts, options);
  }
}
nameError(JobFailedError, 'JobFailedError');

function describeFacts({ job, node, state, reason, exitCode }: JobFacts): string {
  const parts = [job === null ? 'a local process' : `job ${job}${node === '' ? '' : ` on ${node}`}`, state];
  if (reason !== '' && reason !== 'None') parts.push(reason);
  if (exitCode !== null) parts.push(`exit code ${exitCode}`);
  return parts.join(', ');
}

function closing({ log, hint }: JobFacts): string {
  const lines = log.trim() === '' ? '' : `\n    its log ends:\n${log.trimEnd().replace(/^/gm, '      ')}`;
  return `${hint === '' ? '' : `. ${hint}`}${lines}`;
}
