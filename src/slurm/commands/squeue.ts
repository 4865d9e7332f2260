import { userInfo } from 'node:os';
import type { Wait } from '../../base/deadline.ts';
import { FIELDS, type JobInfo, jobInfo } from '../job/info.ts';
import type { JobState } from '../job/states.ts';
import { formatOf, rowsOf } from '../text/table.ts';
import { NoSuchJobError } from '../errors.ts';
import { call, failure } from './call.ts';
import { idOf, type JobLike, listOf, value } from './words.ts';

/** Which jobs `squeue` tells of. */
export interface QueueFilter extends Wait {
  /** These alone, by their numbers or as `Job`s. */
  readonly jobs?: JobLike | readonly JobLike[] | undefined;
  /** `me`: who runs this. */
  readonly user?: string | readonly string[] | undefined;
  /** Those of these partitions. */
  readonly partition?: string | readonly string[] | undefined;
  /** Those that have ended are left out unless they are asked for: `all`, or their states. */
  readonly states?: 'all' | JobState | readonly JobState[] | undefined;
  /** Those that were called so. */
  readonly name?: string | readonly string[] | undefined;
  /** Those that these accounts pay for. */
  readonly account?: string | readonly string[] | undefined;
  /** Those that run on one of these nodes. */
  readonly nodes?: string | readonly string[] | undefined;
  /** A row for each element of an array, also those that have not begun. */
  readonly eachElement?: boolean | undefined;
}

/**
 * The jobs that Slurm has in its memory: those that wait and run, and for some minutes (MinJobAge) those that have ended, if `states` asks for
 * them. Jobs that it does not know are left out. One call on the controller.
 */
export async function squeue(filter: QueueFilter = {}): Promise<JobInfo[]> {
  const answer = await call(['squeue', '--noheader', ...wordsOf(filter), `--Format=${formatOf(FIELDS)}`], {
    ...waitOf(filter),
    env: WHOLE,
  });
  if (answer.exitCode === 0) return rowsOf(answer.stdout, FIELDS.length).map(jobInfo);
  const error = failure(answer);
  if (error instanceof NoSuchJobError) return [];
  throw error;
}

/**
 * All that Slurm knows of jobs, as its own JSON says it. Much dearer than `squeue`: versions before 23.02 give all jobs of all users whatever is
 * asked, so the filter by number and user is applied here once more.
 */
export async function squeueJson(filter: QueueFilter = {}): Promise<Readonly<Record<string, unknown>>[]> {
  const answer = await call(['squeue', '--json', ...wordsOf(filter)], waitOf(filter));
  if (answer.exitCode !== 0) {
    const error = failure(answer);
    if (error instanceof NoSuchJobError) return [];
    throw error;
  }
  const { jobs } = JSON.parse(answer.stdout) as { readonly jobs: Readonly<Record<string, unknown>>[] };
  const ids = new Set(filter.jobs === undefined ? [] : listOf(filter.jobs).map((job) => idOf(job).split('_')[0]!));
  const users = new Set(usersOf(filter) ?? []);
  return jobs.filter(
    (job) =>
      (ids.size === 0 || ids.has(String(job['job_id'])) || ids.has(String(numberOf(job['array_job_id'])))) &&
      (users.size === 0 || users.has(String(job['user_name']))),
  );
}

/** Newer versions write numbers as `{ set, infinite, number }`. */
const numberOf = (field: unknown): unknown =>
  typeof field === 'object' && field !== null ? (field as { readonly number?: unknown }).number : field;

/** The elements of an array that wait stand in one row, which is cut off after 64 characters otherwise. */
const WHOLE = { SLURM_BITSTR_LEN: '0' };
const waitOf = ({ timeout, signal }: Wait): Wait => ({ timeout, signal });
const usersOf = ({ user }: QueueFilter): string[] | null =>
  user === undefined ? null : listOf(user).map((one) => (one === 'me' ? userInfo().username : one));

function wordsOf(filter: QueueFilter): string[] {
  const { jobs, partition, states, name, account, nodes, eachElement = false } = filter;
  const words = ['--all'];
  const add = (option: string, values: string | readonly string[] | null | undefined): void => {
    if (values !== undefined && values !== null)
      words.push(
        `--${option}=${listOf(values)
          .map((one) => value(option, one))
          .join(',')}`,
      );
  };
  add('jobs', jobs === undefined ? null : listOf(jobs).map(idOf));
  add('user', usersOf(filter));
  add('partition', partition);
  add('states', states);
  add('name', name);
  add('account', account);
  add('nodelist', nodes);
  if (eachElement) words.push('--array');
  return words;
}
