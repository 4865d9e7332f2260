import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deferred } from '../../../base/deferred.ts';
import { within } from '../../../base/within.ts';
import { scancel } from '../../commands/scancel.ts';
import type { JobInfo } from '../../job/info.ts';
import { newMark } from '../../job/mark.ts';
import { clock } from '../../job/others.ts';
import { isEnd, isWaiting, type JobState } from '../../job/states.ts';
import { unwatch, watch, type Watched } from '../../job/watcher.ts';
import { ControllerError } from '../../errors.ts';
import { JobFailedError, type JobFacts } from '../errors.ts';
import type { SlurmPlan } from '../link/plan.ts';
import { hintFor } from './hint.ts';
import { factsOf, isUnanswered } from './job-facts.ts';
import type { Allocation, Launcher } from './launcher.ts';
import { COMMAND, submit, type Submitted } from './submit.ts';

const MAIN = fileURLToPath(new URL('../manager/manager-main.js', import.meta.url));
/** How often a job is looked at that is about to begin or to end, at first, and at last. */
const LOOK_FIRST_MS = 500;
const LOOK_LAST_MS = 8000;
/**
 * How long a job may be in the course of ending before its state is taken as it is. Until then nobody can say whether it was cancelled. What
 * does not end by itself is killed after Slurm's KillWait, half a minute on most clusters.
 */
const COMPLETING_MS = 40_000;
const CANCEL_MS = 10_000;
/** How long a controller that does not answer is waited for, when a node was lost. */
const DOUBT_MS = 60_000;

/** Nodes that Slurm gives: each allocation is one job, with one manager on each of its nodes. */
export class SlurmLauncher implements Launcher {
  readonly jobName: string = `manycore-${newMark().slice(0, 13)}`;
  readonly #directory: string;
  readonly #runFile: string;
  readonly #plan: SlurmPlan;

  constructor(directory: string, runFile: string, plan: SlurmPlan) {
    this.#directory = directory;
    this.#runFile = runFile;
    this.#plan = plan;
  }

  async launch(number: number, nodes: number, avoid: readonly string[]): Promise<Allocation> {
    const { node, flags, cpusPerNode } = this.#plan;
    const cpus = cpusPerNode === null ? [] : [`--cpus-per-task=${cpusPerNode}`];
    const options = [
      `--nodes=${nodes}`,
      '--ntasks-per-node=1',
      ...cpus,
      `--output=${join(this.#directory, 'job-%j.log')}`,
      // A job that is put back waits for minutes, and its nodes are replaced by then.
      '--no-requeue',
      // A minute before its time is up it gives back what has not begun.
      '--signal=USR2@60',
    ];
    const command = [
      'srun',
      '--ntasks-per-node=1',
      ...cpus,
      '--kill-on-bad-exit=0',
      '--wait=0',
      node,
      ...flags,
      MAIN,
      this.#runFile,
      String(number),
    ];
    const exclude = avoid.length === 0 ? [] : [`--exclude=${avoid.join()}`];
    const submitted = await submit(this.#plan, [...options, ...exclude], command, this.jobName).catch((error: unknown) => {
      const isRefused = error instanceof JobFailedError && !(error.cause instanceof ControllerError);
      // There are no others.
      if (isRefused && exclude.length > 0) return submit(this.#plan, options, command, this.jobName);
      throw error;
    });
    return new SlurmAllocation(number, nodes, submitted, this.#directory);
  }

  adopt(number: number, nodes: number, submitted: Submitted): Allocation {
    return new SlurmAllocation(number, nodes, submitted, this.#directory);
  }
}

class SlurmAllocation implements Allocation, Watched {
  readonly number: number;
  readonly nodes: number;
  readonly job: string;
  readonly id: string;
  readonly first: number = LOOK_FIRST_MS;
  readonly longest: number = LOOK_LAST_MS;
  readonly ended: Promise<JobFacts>;
  isRunning = false;
  waitsFor: string | null = null;
  readonly submitted: Submitted;
  readonly #log: string;
  readonly #end = deferred<JobFacts>();
  #hasEnded = false;
  #facts: JobFacts | null = null;
  #completingSince: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Told by the next look, of those that begin later, that says that the job goes on. */
  #doubts: { readonly since: number; readonly goesOn: () => void }[] = [];

  constructor(number: number, nodes: number, submitted: Submitted, directory: string) {
    this.number = number;
    this.nodes = nodes;
    this.job = this.id = submitted.job;
    this.submitted = submitted;
    this.#log = join(directory, `job-${submitted.job}.log`);
    this.ended = this.#end.promise;
    watch(this, { hurry: true });
  }

  /** All its nodes are here: that the connections stand says more than the controller could. */
  calm(): void {
    this.isRunning = true;
    this.waitsFor = null;
    unwatch(this);
    this.#goesOn(Infinity);
  }

  /** A node is lost: the job may have ended. Slurm knows that a job is to end before its processes do: one answer decides. */
  alarm(): Promise<unknown> {
    const goesOn = deferred<void>();
    this.#doubts.push({ since: clock(), goesOn: goesOn.resolve });
    this.#hurry();
    return within(Promise.race([goesOn.promise, this.ended]), { timeout: DOUBT_MS });
  }

  #hurry(): void {
    if (!this.#hasEnded) watch(this, { hurry: true });
  }

  /** Tells those who were in doubt before `at`. */
  #goesOn(at: number): void {
    for (const { since, goesOn } of this.#doubts) if (since <= at) goesOn();
    this.#doubts = this.#doubts.filter(({ since }) => since > at);
  }

  seen(rows: readonly JobInfo[], at: number): boolean {
    const row = rows.find(({ mark }) => mark === this.submitted.mark);
    const state = row?.state ?? 'UNKNOWN';
    this.waitsFor = state === 'PENDING' && !this.isRunning ? row!.reason.replace(/^None$/, '') : null;
    if (state === 'COMPLETING') {
      this.#completingSince ??= at;
      if (at - this.#completingSince < COMPLETING_MS) return !this.#hasEnded;
    }
    const isOver = isEnd(state) || state === 'COMPLETING' || state === 'UNKNOWN' || (this.isRunning && isWaiting(state));
    if (isOver) void this.#lookClosely();
    else {
      if (state === 'RUNNING') this.isRunning = true;
      this.#goesOn(at);
    }
    return !isOver && !this.#hasEnded;
  }

  /** Something is amiss here: when that was a moment's weakness, it is looked at again. */
  failed(): void {
    this.#lookLater();
  }

  #lookLater(): void {
    if (this.#hasEnded || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (!this.#hasEnded) watch(this);
    }, LOOK_FIRST_MS);
  }

  /** It has ended, as far as can be seen: what there is to know of it. */
  async #lookClosely(): Promise<void> {
    const facts = await this.facts();
    const state = facts.state as JobState;
    if (this.#hasEnded) return;
    // Somebody has put it back into the queue. What it had is lost, and when it would begin again nobody knows.
    const isRequeued = this.isRunning && isWaiting(state);
    if (isUnanswered(facts) || !(isRequeued || isEnd(state) || state === 'COMPLETING' || state === 'UNKNOWN')) return this.#lookLater();
    this.#settle(isRequeued ? { ...facts, state: 'REQUEUED', hint: hintFor('REQUEUED', facts.reason, facts.log) } : facts);
    if (isRequeued) await scancel(this.job, { ...COMMAND, name: this.submitted.name }).catch(() => {});
  }

  #settle(facts: JobFacts): void {
    this.#hasEnded = true;
    this.#facts = facts;
    unwatch(this);
    this.#end.resolve(facts);
  }

  /** Of one that has ended, how it was then: it may have been cancelled since. */
  async facts(): Promise<JobFacts> {
    return this.#facts ?? (await factsOf(this.submitted, this.#log));
  }

  async cancel(): Promise<void> {
    await scancel(this.job, { ...COMMAND, name: this.submitted.name }).catch(() => {});
    this.#hurry();
    await within(this.ended, { timeout: CANCEL_MS });
    this.#hasEnded = true;
    this.calm();
  }
}
