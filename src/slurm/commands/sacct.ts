import type { Wait } from '../../base/deadline.ts';
import { SlurmCommandError } from '../errors.ts';
import { markOf } from '../job/mark.ts';
import { type JobState, stateOf } from '../job/states.ts';
import { parseDuration, parseMoment } from '../text/duration.ts';
import { expandNodes } from '../text/node-list.ts';
import { orEmpty } from '../text/table.ts';
import { call, failure } from './call.ts';
import { idOf, type JobLike, listOf, value } from './words.ts';

/** What the accounts say of a job or one of its steps. */
export interface AccountRow {
  /** `12`, `12_3`, or with a step: `12.batch`, `12.0`. */
  readonly id: string;
  /** What it was called when it was submitted; of a step: `batch`, `extern`, or the command. */
  readonly name: string;
  /** Who submitted it; empty for steps. */
  readonly user: string;
  /** The partition that it ran in; empty for steps. */
  readonly partition: string;
  /** Which account pays for it. */
  readonly account: string;
  /** The state it is in, or ended in. */
  readonly state: JobState;
  /** The text after the state: "by 1000" for who cancelled it. */
  readonly stateNote: string;
  /** Its exit code; null when nobody knows. */
  readonly exitCode: number | null;
  /** The number of the signal that ended it; null for none. */
  readonly signal: number | null;
  /** The nodes that it ran on; empty when it never began. */
  readonly nodes: readonly string[];
  /** When it was submitted. */
  readonly submitted: Date | null;
  /** When it began; null while it has not. */
  readonly started: Date | null;
  /** When it ended; null while it has not. */
  readonly ended: Date | null;
  /** Milliseconds. */
  readonly elapsed: number | null;
  /** How many CPUs it was given. */
  readonly cpus: number;
  /** The comment that it was submitted with. */
  readonly comment: string;
  /** What tells it from all other jobs, also when a number is given out twice; null for a job that this library did not submit. */
  readonly mark: string | null;
}

/** Which jobs `sacct` tells of. */
export interface AccountFilter extends Wait {
  /** These alone, by their numbers or as `Job`s. */
  readonly jobs?: JobLike | readonly JobLike[] | undefined;
  /** Those of these users. */
  readonly user?: string | readonly string[] | undefined;
  /** Those that are, or were, in one of these states. */
  readonly states?: JobState | readonly JobState[] | undefined;
  /** From when on; as Slurm writes it, also `now-1hour`. Today when left out, or any time if `jobs` are given. */
  readonly since?: string | Date | undefined;
  /** Up to when; as Slurm writes it. Now when left out. */
  readonly until?: string | Date | undefined;
  /** Steps as well, and not jobs alone. */
  readonly steps?: boolean | undefined;
  /** The jobs of all users, and not of this one alone. */
  readonly everyone?: boolean | undefined;
}

// The last one can't contain a line end: with it, a row is complete.
const FIELDS = [
  'JobID',
  'User',
  'Partition',
  'Account',
  'State',
  'ExitCode',
  'NodeList',
  'Submit',
  'Start',
  'End',
  'Elapsed',
  'Comment',
  'JobName',
  'AllocCPUS',
];

/**
 * What the accounts have of jobs, those that Slurm has forgotten too. They lag some seconds behind (a job may be called `allocation` and
 * have no partition until then), and a number may stand for several jobs:
 * all are given. Rejects with `SlurmCommandError`, code `ERR_SLURM_NO_ACCOUNTING`, on a cluster that keeps none.
 */
export async function sacct({ jobs, user, states, since, until, steps = false, everyone = false, ...wait }: AccountFilter = {}): Promise<
  AccountRow[]
> {
  const words = ['sacct', '--noheader', '--parsable2', '--duplicates', '--delimiter=\x1f', `--format=${FIELDS.join(',')}`];
  const moment = (time: string | Date): string => value('starttime', typeof time === 'string' ? time : local(time));
  if (!steps) words.push('--allocations');
  if (everyone) words.push('--allusers');
  if (jobs !== undefined) words.push(`--jobs=${listOf(jobs).map(idOf).join(',')}`);
  if (user !== undefined)
    words.push(
      `--user=${listOf(user)
        .map((one) => value('user', one))
        .join(',')}`,
    );
  if (states !== undefined) words.push(`--state=${listOf<string>(states).join(',')}`);
  // Asked for states without a span of time, sacct says nothing.
  if (since !== undefined || (states !== undefined && jobs === undefined)) words.push(`--starttime=${moment(since ?? 'today')}`);
  if (until !== undefined || states !== undefined) words.push(`--endtime=${moment(until ?? 'now')}`);
  const answer = await call(words, wait);
  if (/accounting storage is disabled/i.test(answer.stderr))
    throw new SlurmCommandError(
      'ERR_SLURM_NO_ACCOUNTING',
      'sacct has nothing to tell: this cluster keeps no accounts',
      answer,
      'squeue knows jobs until MinJobAge seconds after their end; accounts need slurmdbd.',
    );
  if (answer.exitCode !== 0) throw failure(answer);
  return rows(answer.stdout);
}

/** The rows of what `sacct` printed. A name may contain a line end: a row goes on until it has all its fields. */
export function rows(stdout: string): AccountRow[] {
  const found: AccountRow[] = [];
  let line = '';
  for (const part of stdout.split('\n')) {
    line = line === '' ? part : `${line}\n${part}`;
    const fields = line.split('\x1f');
    if (fields.length < FIELDS.length) continue;
    found.push(accountRow(fields));
    line = '';
  }
  return found;
}

function accountRow(fields: readonly string[]): AccountRow {
  const [id, user, partition, account, state, exit, nodes, submitted, started, ended, elapsed, comment, name, cpus] = fields as string[] & {
    readonly length: 14;
  };
  const [exitCode, signal] = /^(\d+):(\d+)$/.exec(exit!)?.slice(1).map(Number) ?? [];
  return {
    id: id!,
    name: name!,
    user: user!,
    partition: partition!,
    account: account!,
    state: stateOf(state!),
    stateNote: state!.replace(/^[A-Z_]+\+? ?/, ''),
    exitCode: exitCode ?? null,
    signal: signal === undefined || signal === 0 ? null : signal,
    nodes: expandNodes(orEmpty(nodes === 'None assigned' ? '' : nodes!)),
    submitted: parseMoment(submitted!),
    started: parseMoment(started!),
    ended: parseMoment(ended!),
    elapsed: parseDuration(elapsed!),
    cpus: Number(cpus) || 0,
    comment: comment!,
    mark: markOf(comment!),
  };
}

const local = (date: Date): string => new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
