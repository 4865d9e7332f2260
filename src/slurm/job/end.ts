import { constants } from 'node:os';
import { nameError } from '../../base/errors.ts';
import { SlurmError } from '../errors.ts';
import type { EndState, JobState } from './states.ts';

/** How a job ended. */
export interface JobEnd {
  /** The job's number; with its element for one of an array: `12_3`. */
  readonly id: string;
  /** What it was called when it was submitted. */
  readonly name: string;
  /** Slurm's word for how it ended: `COMPLETED`, `FAILED`, `TIMEOUT`, … */
  readonly state: EndState;
  /** Slurm's reason; empty for none. */
  readonly reason: string;
  /** Its exit code; null when there is none, or nobody knows. */
  readonly exitCode: number | null;
  /** The number of the signal that ended it; null for none. */
  readonly signal: number | null;
  /** The nodes that it ran on; empty when it never began. */
  readonly nodes: readonly string[];
  /** When it began; null when it never did, or nobody knows. */
  readonly started: Date | null;
  /** When it ended; null when nobody knows. */
  readonly ended: Date | null;
  /** How often it was put back. */
  readonly restarts: number;
}

/** What is known of a job when an error is made of it. */
export interface JobFailure extends Omit<JobEnd, 'state'> {
  readonly state: JobState;
  readonly logTail: string;
  readonly log: string | null;
}

/** A job has not ended well: with all that is known of it. */
export class JobError extends SlurmError {
  /** The job's number; with its element for one of an array: `12_3`. */
  readonly jobId: string;
  /** Slurm's word for how it ended: `FAILED`, `TIMEOUT`, … */
  readonly state: JobState;
  /** Slurm's reason; empty for none. */
  readonly reason: string;
  /** Its exit code; null when there is none, or nobody knows. */
  readonly exitCode: number | null;
  /** The number of the signal that ended it; null for none. */
  readonly signal: number | null;
  /** The nodes that it ran on; empty when it never began. */
  readonly nodes: readonly string[];
  /** The last lines of its log; empty when there is none that can be read here. */
  readonly logTail: string;

  constructor(code: string, what: string, failure: JobFailure, hint: string) {
    super(code, `${what}${details(failure)}`, hint);
    this.jobId = failure.id;
    this.state = failure.state;
    this.reason = failure.reason;
    this.exitCode = failure.exitCode;
    this.signal = failure.signal;
    this.nodes = failure.nodes;
    this.logTail = failure.logTail;
  }
}
nameError(JobError, 'JobError');

/** It ran to its end, and ended with another code than 0, or by a signal. */
export class JobExitError extends JobError {}
nameError(JobExitError, 'JobExitError');
/** Its time was up. */
export class JobTimeoutError extends JobError {}
nameError(JobTimeoutError, 'JobTimeoutError');
export class JobOutOfMemoryError extends JobError {}
nameError(JobOutOfMemoryError, 'JobOutOfMemoryError');
export class JobCancelledError extends JobError {}
nameError(JobCancelledError, 'JobCancelledError');
/** A node failed, and the job was not put back. */
export class JobNodeError extends JobError {}
nameError(JobNodeError, 'JobNodeError');
export class JobPreemptedError extends JobError {}
nameError(JobPreemptedError, 'JobPreemptedError');
/** Nobody knows how it ended: Slurm has forgotten it, or its number stands for another job now. It may have done its work. */
export class JobLostError extends JobError {}
nameError(JobLostError, 'JobLostError');

type Kind = readonly [kind: typeof JobError, code: string, what: string, hint: string];

const KINDS: Readonly<Partial<Record<JobState, Kind>>> = {
  TIMEOUT: [
    JobTimeoutError,
    'ERR_SLURM_JOB_TIMEOUT',
    'ran out of its time',
    'Ask for more by `time`; `earlySignal` tells the program before the end.',
  ],
  DEADLINE: [JobTimeoutError, 'ERR_SLURM_JOB_TIMEOUT', 'did not end before its deadline', ''],
  OUT_OF_MEMORY: [
    JobOutOfMemoryError,
    'ERR_SLURM_JOB_OUT_OF_MEMORY',
    'used more memory than it had asked for',
    'Ask for more by `memory` or `memoryPerCpu`.',
  ],
  CANCELLED: [JobCancelledError, 'ERR_SLURM_JOB_CANCELLED', 'was cancelled', ''],
  REVOKED: [JobCancelledError, 'ERR_SLURM_JOB_CANCELLED', 'was revoked', ''],
  NODE_FAIL: [JobNodeError, 'ERR_SLURM_JOB_NODE', 'lost a node', '`requeue: true` has Slurm run it again when that happens.'],
  BOOT_FAIL: [JobNodeError, 'ERR_SLURM_JOB_NODE', 'got a node that does not boot', ''],
  PREEMPTED: [
    JobPreemptedError,
    'ERR_SLURM_JOB_PREEMPTED',
    'had to make room for a more urgent job',
    '`requeue: true` has Slurm run it again when that happens.',
  ],
  UNKNOWN: [
    JobLostError,
    'ERR_SLURM_JOB_LOST',
    'is not known any more',
    'It may have run or not. Look for what it should have written before it is submitted again.',
  ],
};
const EXIT: Kind = [JobExitError, 'ERR_SLURM_JOB_EXIT', 'failed', ''];

/**
 * Whether a text, of a job's log or its reason, says that it took too much memory. The job itself is a failed one where no cgroups hold the memory, and
 * where it was one of its steps that the kernel has killed.
 */
export const tellsOfMemory = (text: string): boolean => /exceeded (job |step )?memory limit|oom.?kill|Out Of Memory/i.test(text);

/** The error for a job that ended so; null for one that ended well. */
export function errorOf(failure: JobFailure): JobError | null {
  if (failure.state === 'COMPLETED') return null;
  const isMemory = failure.state === 'FAILED' && tellsOfMemory(failure.logTail);
  const [Class, code, what, hint] = isMemory ? KINDS.OUT_OF_MEMORY! : (KINDS[failure.state] ?? EXIT);
  const where = failure.nodes.length === 0 ? '' : ` on ${failure.nodes.join(',')}`;
  const started =
    failure.state === 'FAILED' && failure.exitCode === 127 ? 'A program was not found on the node: is its module loaded (`modules`)?' : '';
  return new Class(code, `job ${failure.id} (${failure.name}) ${what}${where}`, failure, hint || started);
}

function details({ state, reason, exitCode, signal, logTail, log }: JobFailure): string {
  const parts: string[] = [state];
  if (reason !== '' && reason !== 'None') parts.push(reason);
  if (signal !== null && signal < 65)
    parts.push(Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? `signal ${signal}`);
  else if (exitCode !== null && exitCode !== 0) parts.push(`exit code ${exitCode}`);
  const tail = logTail === '' ? '' : `\n--- the end of ${log ?? 'its log'}\n${logTail}`;
  return `: ${parts.join(', ')}${tail}`;
}
