import { ambient } from '../../base/ambient.ts';
import { deferred } from '../../base/deferred.ts';
import type { Wait } from '../../base/deadline.ts';
import { TimeoutError } from '../../base/errors.ts';
import { within } from '../../base/within.ts';
import { sacct } from '../commands/sacct.ts';
import { type CancelOptions, scancel } from '../commands/scancel.ts';
import { scontrol } from '../commands/scontrol.ts';
import { squeue } from '../commands/squeue.ts';
import { idOf, type JobLike } from '../commands/words.ts';
import { NoSuchJobError, SlurmCommandError } from '../errors.ts';
import { errorOf, type JobEnd, type JobError, type JobFailure } from './end.ts';
import type { JobInfo } from './info.ts';
import { follow, tailOf } from './log.ts';
import { type EndState, isEnd, isWaiting, type JobState } from './states.ts';
import { unwatch, watch, type Watched } from './watcher.ts';

/** How `Job.wait` waits, and whether a job that has failed is an error. */
export interface JobWait extends Wait {
  /** A job that does not end COMPLETED is a `JobError`. False when left out: then the end tells. */
  readonly check?: boolean | undefined;
}

/** Which log of a job is read, and whether it is followed. */
export interface LogOptions extends Wait {
  /** Goes on until the job has ended; false when left out: what there is now. */
  readonly follow?: boolean | undefined;
  /** What it wrote to stdout, when left out, or to stderr. They are one file unless `error` was given when it was submitted. */
  readonly stream?: 'output' | 'error' | undefined;
}

interface Origin {
  readonly id: string;
  readonly name: string;
  readonly mark: string | null;
  readonly isArray: boolean;
}

/** What the job knows of itself: the one place where looks at it come together. */
interface Record {
  readonly origin: Origin;
  /** The states so far, each once in its turn. */
  readonly states: JobState[];
  rows: readonly JobInfo[];
  end: JobEnd | null;
  error: unknown;
  /** Looks in a row that did not show it. */
  misses: number;
  /** How many wait for something new. */
  waiters: number;
  /** What the watcher knows it by, as long as it is watched. */
  watched: Watched | null;
  /** Resolves at the next change. */
  changed: ReturnType<typeof deferred<void>>;
}

const records = new WeakMap<Job, Record>();
const recordOf = (job: Job): Record => records.get(job)!;

/** Of a job that is not there, it is known for sure only when two looks have not shown it. */
const MISSES = 2;

/**
 * A job of Slurm's: `await sbatch(...)` gives one, `Job.attach('12')` one that was submitted elsewhere.
 *
 * It is known by more than its number, which a controller gives out again after a crash: such a job is then told as lost, and not as another.
 */
export class Job {
  /** `12`, or `12_3` for an element of an array. */
  readonly id: string;

  constructor(origin: Origin) {
    this.id = origin.id;
    records.set(this, {
      origin,
      states: [],
      rows: [],
      end: null,
      error: null,
      misses: 0,
      waiters: 0,
      watched: null,
      changed: deferred(),
    });
  }

  /** A job that was submitted elsewhere, or an element of an array: `12_3`. Rejects with `NoSuchJobError` when nobody knows it. */
  static async attach(job: JobLike, wait?: Wait): Promise<Job> {
    const id = idOf(job);
    const [row] = await squeue({ jobs: id, states: 'all', ...wait });
    if (row !== undefined) return new Job({ id, name: row.name, mark: row.mark, isArray: row.array !== null && !id.includes('_') });
    const account = (await accountsOf(id))?.at(-1);
    if (account !== undefined) return new Job({ id, name: account.name, mark: account.mark, isArray: false });
    throw new NoSuchJobError('ERR_SLURM_NO_SUCH_JOB', `there is no job ${id}, or Slurm has forgotten it`, {
      command: ['squeue'],
      exitCode: 1,
      stderr: '',
    });
  }

  /** What it was called when it was submitted. */
  get name(): string {
    return recordOf(this).origin.name;
  }
  /** The state that was seen last, without asking; null before the first look. */
  get state(): JobState | null {
    return recordOf(this).states.at(-1) ?? null;
  }

  /** Asks Slurm for it now: one call. Null when it does not know the job. For an array: its first row. */
  async info(wait?: Wait): Promise<JobInfo | null> {
    return (await this.rows(wait))[0] ?? null;
  }

  /** The same for an array: a row for each element that has begun, and one for the others. */
  async rows(wait?: Wait): Promise<JobInfo[]> {
    const record = recordOf(this);
    const rows = await squeue({ jobs: this.id, states: 'all', ...wait });
    return rows.filter((row) => isOurs(record, row));
  }

  /**
   * Its states as they come, until it has ended. A state that it passed through between two looks is told too. Ends without an error, however the
   * job ended; throws `JobLostError` when nobody knows any more.
   */
  async *states(wait: Wait = {}): AsyncGenerator<JobState, void, void> {
    const record = recordOf(this);
    for (let at = 0; ;) {
      while (at < record.states.length) yield record.states[at++]!;
      if (record.end !== null) return;
      await next(this, record, wait);
    }
  }

  /**
   * Resolves when it has ended: how. With `check`, a job that did not complete rejects with a `JobError` that has its state, reason, exit code and
   * the end of its log. Rejects with `JobLostError` when nobody knows, `TimeoutError` when the time is up; the job itself goes on then.
   */
  async wait({ check = false, ...wait }: JobWait = {}): Promise<JobEnd> {
    const record = recordOf(this);
    const limit = wait.timeout === undefined || wait.timeout === null ? undefined : performance.now() + wait.timeout;
    while (record.end === null)
      await next(this, record, { signal: wait.signal, timeout: limit === undefined ? undefined : Math.max(0, limit - performance.now()) });
    if (check) {
      const error = await this.#failure(record.end);
      if (error !== null) throw error;
    }
    return record.end;
  }

  /** The nodes that it has, or had; none before it runs. */
  async nodes(wait?: Wait): Promise<readonly string[]> {
    const record = recordOf(this);
    const rows = record.end === null || record.end.nodes.length === 0 ? await this.rows(wait) : record.rows;
    return rows.length === 0 ? (record.end?.nodes ?? []) : [...new Set(rows.flatMap(({ nodes }) => nodes))];
  }

  /** The file that its output goes to; null for none that is known. */
  async logFile(stream: 'output' | 'error' = 'output', wait?: Wait): Promise<string | null> {
    const record = recordOf(this);
    if (record.rows.length === 0) record.rows = await this.rows(wait);
    const row = record.rows[0];
    return row === undefined ? null : pathOf(row, stream);
  }

  /** The lines of its log: those that are there, or with `follow` also those that will come. The file must be seen from here. */
  async *logs({ follow: isFollowed = false, stream = 'output', ...wait }: LogOptions = {}): AsyncGenerator<string, void, void> {
    const record = recordOf(this);
    const path = await this.logFile(stream, wait);
    if (path === null) return;
    if (!isFollowed) return yield* follow(path, () => true);
    const stop = new AbortController();
    let over = false;
    const ended = this.wait({ signal: stop.signal, timeout: wait.timeout }).then(
      () => void (over = true),
      (error: unknown) => {
        over = true;
        if (!stop.signal.aborted) throw error;
      },
    );
    ended.catch(() => {});
    try {
      yield* follow(path, () => over || record.end !== null, wait.signal);
      await ended;
    } finally {
      stop.abort();
    }
  }

  /** Cancels it, or sends it a signal (`send`). Resolves when Slurm has taken it down; `wait` tells when it has ended. */
  async cancel(options?: CancelOptions): Promise<void> {
    if (await hasItsNumber(this)) await scancel(this.id, options);
  }
  /** Ends what runs of it and puts it back into the queue, under the same number. */
  async requeue(): Promise<void> {
    if (!(await hasItsNumber(this))) return;
    await scontrol.requeue(this.id);
    const record = recordOf(this);
    record.end = null;
  }
  /** It is not to begin. */
  async hold(): Promise<void> {
    if (await hasItsNumber(this)) await scontrol.hold(this.id);
  }
  /** A job that was held may begin. */
  async release(): Promise<void> {
    if (await hasItsNumber(this)) await scontrol.release(this.id);
  }

  /** Its number, its name and the state that was seen last, on one line. */
  toString(): string {
    return `Job(${this.id}, ${this.name}, ${this.state ?? 'not looked at'})`;
  }

  async #failure(end: Pick<JobFailure, 'state'> & Omit<JobEnd, 'state'>): Promise<JobError | null> {
    const log = await this.logFile('error').catch(() => null);
    return errorOf({ ...end, log, logTail: await tailOf(log) });
  }
}

export const jobFrom = (origin: Origin): Job => new Job(origin);

/** Waits for something new about the job; as long as anybody does, it is watched. */
async function next(job: Job, record: Record, wait: Wait): Promise<void> {
  throwIfOver(record);
  ambient.scope?.()?.checkpoint();
  if (record.watched === null) watch((record.watched = watchedFor(job, record)));
  record.waiters++;
  try {
    const { inTime } = await within(record.changed.promise, wait);
    if (!inTime) throw new TimeoutError(`job ${job.id} has not ended in time: it is ${record.states.at(-1) ?? 'not seen yet'}`);
  } finally {
    if (--record.waiters === 0) queueMicrotask(() => setImmediate(letGo, record));
  }
  throwIfOver(record);
}

function letGo(record: Record): void {
  if (record.waiters > 0 || record.watched === null) return;
  unwatch(record.watched);
  record.watched = null;
}

function throwIfOver(record: Record): void {
  if (record.error !== null) throw record.error as Error;
}

function watchedFor(job: Job, record: Record): Watched {
  return {
    id: job.id,
    seen(rows) {
      void take(
        record,
        rows.filter((row) => isOurs(record, row)),
        rows.length > 0,
      );
      return record.end === null && record.error === null;
    },
    failed(error) {
      record.error = error;
      tell(record);
    },
  };
}

/** Another job may have its number by now. */
const isOurs = ({ origin: { mark } }: Record, row: JobInfo): boolean => mark === null || row.mark === mark;

/**
 * What is done to a number is done to the job that has it now. False when that is another one, and this one has ended; throws `JobLostError` when nobody
 * knows what has become of it.
 */
async function hasItsNumber(job: Job): Promise<boolean> {
  const record = recordOf(job);
  if (record.origin.mark === null) return true;
  const rows = await squeue({ jobs: job.id, states: 'all' });
  if (rows.length === 0 || rows.some((row) => isOurs(record, row))) return true;
  await take(record, [], true);
  throwIfOver(record);
  return false;
}

async function take(record: Record, rows: readonly JobInfo[], isGivenAway: boolean): Promise<void> {
  if (rows.length === 0) {
    if (++record.misses < MISSES && !isGivenAway) return;
    await settleFromAccounts(record);
    return;
  }
  record.misses = 0;
  record.rows = rows;
  const row = together(rows);
  const before = record.states.at(-1);
  // What it must have been, though no look has shown it.
  if (before === undefined && !isWaiting(row.state) && record.origin.mark !== null) record.states.push('PENDING');
  const hasRun = (isEnd(row.state) || row.state === 'COMPLETING') && row.started !== null && row.nodes.length > 0;
  if ((record.states.at(-1) ?? 'PENDING') === 'PENDING' && hasRun) record.states.push('RUNNING');
  if (record.states.at(-1) !== row.state) record.states.push(row.state);
  if (isEnd(row.state)) record.end = { ...endOf(row), id: record.origin.id };
  tell(record);
}

function tell(record: Record): void {
  record.changed.resolve();
  record.changed = deferred();
}

const endOf = ({ id, name, state, reason, exitCode, signal, nodes, started, ended, restarts }: JobInfo): JobEnd => ({
  id,
  name,
  state: state as EndState,
  reason,
  exitCode,
  signal,
  nodes,
  started,
  ended,
  restarts,
});

/** An array as one job: it runs while any element does, and has failed if one has. */
function together(rows: readonly JobInfo[]): JobInfo {
  const [first] = rows as readonly [JobInfo];
  if (rows.length === 1) return first;
  const nodes = [...new Set(rows.flatMap((row) => row.nodes))];
  const open = rows.filter(({ state }) => !isEnd(state));
  const chosen =
    open.find(({ state }) => !isWaiting(state)) ??
    (open.length > 0 && open.length < rows.length ? { ...open[0]!, state: 'RUNNING' as const } : open[0]) ??
    rows.find(({ state }) => state !== 'COMPLETED') ??
    first;
  return { ...chosen, nodes };
}

/** What Slurm has forgotten the accounts may know, though later than they should. */
async function settleFromAccounts(record: Record): Promise<void> {
  const { id, name, mark } = record.origin;
  const rows = await accountsOf(id).catch(() => null);
  const row = rows?.filter((one) => mark === null || one.mark === null || one.mark === mark).at(-1);
  if (row !== undefined && isEnd(row.state)) {
    if (record.states.at(-1) !== row.state) record.states.push(row.state);
    const { state, exitCode, signal, nodes, started, ended, stateNote } = row;
    record.end = {
      id,
      name: row.name,
      state: state as EndState,
      reason: stateNote,
      exitCode,
      signal,
      nodes,
      started,
      ended,
      restarts: 0,
    };
  } else if (row === undefined) {
    record.states.push('UNKNOWN');
    const log = record.rows[0] === undefined ? null : await pathOf(record.rows[0], 'output');
    const nothing = {
      exitCode: null,
      signal: null,
      nodes: record.rows.flatMap(({ nodes }) => nodes),
      started: null,
      ended: null,
      restarts: 0,
    };
    record.error = errorOf({ id, name, state: 'UNKNOWN', reason: '', ...nothing, log, logTail: await tailOf(log) });
  }
  tell(record);
}

async function accountsOf(id: string): Promise<Awaited<ReturnType<typeof sacct>> | null> {
  try {
    return await sacct({ jobs: id });
  } catch (error) {
    if (error instanceof SlurmCommandError) return null;
    throw error;
  }
}

/** squeue takes the elements of an array for jobs without one, and names files that are not there. */
async function pathOf(row: JobInfo, stream: 'output' | 'error'): Promise<string | null> {
  if (row.array === null) return row[stream] || row.output || null;
  const [fields] = await scontrol.showJob(row.id).catch(() => []);
  return fields?.[stream === 'output' ? 'StdOut' : 'StdErr'] ?? null;
}
