import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deferred } from '../../../base/deferred.ts';
import { within } from '../../../base/within.ts';
import { scancel } from '../../commands/scancel.ts';
import { newMark } from '../../job/mark.ts';
import { isEnd, isWaiting, type JobState } from '../../job/states.ts';
import { ControllerError } from '../../errors.ts';
import { JobFailedError, type JobFacts } from '../errors.ts';
import type { SlurmPlan } from '../link/plan.ts';
import { factsOf, isUnanswered } from './job-facts.ts';
import type { Allocation, Launcher } from './launcher.ts';
import { COMMAND, submit, type Submitted } from './submit.ts';

const MAIN = fileURLToPath(new URL('../manager/manager-main.js', import.meta.url));
/** How often a job is looked at that is about to begin or to end, at first, and at last. */
const LOOK_FIRST_MS = 500;
const LOOK_LAST_MS = 8000;
const LOOK_COMPLETING_MS = 2000;
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
    const { node, cpusPerNode } = this.#plan;
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
    const command = ['srun', '--ntasks-per-node=1', ...cpus, '--kill-on-bad-exit=0', '--wait=0', node, MAIN, this.#runFile, String(number)];
    const exclude = avoid.length === 0 ? [] : [`--exclude=${avoid.join()}`];
    const submitted = await submit(this.#plan, [...options, ...exclude], command, this.jobName).catch((error: unknown) => {
      const isRefused = error instanceof JobFailedError && !(error.cause instanceof ControllerError);
      // There are no others.
      if (isRefused && exclude.length > 0) return submit(this.#plan, options, command, this.jobName);
      throw error;
    });
    return new SlurmAllocation(number, nodes, submitted, this.#directory);
  }
}

class SlurmAllocation implements Allocation {
  readonly number: number;
  readonly nodes: number;
  readonly job: string;
  readonly ended: Promise<JobFacts>;
  isRunning = false;
  waitsFor: string | null = null;
  readonly #submitted: Submitted;
  readonly #log: string;
  readonly #end = deferred<JobFacts>();
  #hasEnded = false;
  #isCalm = false;
  #delay = LOOK_FIRST_MS;
  #timer: NodeJS.Timeout | null = null;
  #completingSince: number | null = null;
  /** Told by the next look that says that the job goes on. */
  readonly #doubts: (() => void)[] = [];

  constructor(number: number, nodes: number, submitted: Submitted, directory: string) {
    this.number = number;
    this.nodes = nodes;
    this.job = submitted.job;
    this.#submitted = submitted;
    this.#log = join(directory, `job-${submitted.job}.log`);
    this.ended = this.#end.promise;
    this.#lookLater();
  }

  /** All its nodes are here: that the connections stand says more than the controller could. */
  calm(): void {
    this.isRunning = true;
    this.waitsFor = null;
    this.#isCalm = true;
    this.#stopTimer();
    this.#goesOn(this.#doubts.length);
  }

  /** A node is lost: the job may have ended. Slurm knows that a job is to end before its processes do: one answer decides. */
  alarm(): Promise<unknown> {
    this.#lookSoon();
    const goesOn = deferred<void>();
    this.#doubts.push(goesOn.resolve);
    return within(Promise.race([goesOn.promise, this.ended]), { timeout: DOUBT_MS });
  }

  #lookSoon(): void {
    this.#isCalm = false;
    this.#delay = LOOK_FIRST_MS;
    this.#stopTimer();
    this.#lookLater();
  }

  /** Tells so many who were in doubt. */
  #goesOn(doubts: number): void {
    for (const tell of this.#doubts.splice(0, doubts)) tell();
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #lookLater(): void {
    if (this.#hasEnded || this.#isCalm || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#look().then(() => this.#lookLater());
    }, this.#delay);
    this.#delay = Math.min(LOOK_LAST_MS, this.#delay * 1.5);
  }

  async #look(): Promise<JobFacts> {
    const doubts = this.#doubts.length;
    const facts = await this.facts();
    const state = facts.state as JobState;
    if (isUnanswered(facts)) return facts;
    this.waitsFor = state === 'PENDING' ? facts.reason : null;
    if (state === 'RUNNING') this.isRunning = true;
    if (state === 'COMPLETING') {
      this.#completingSince ??= performance.now();
      if (performance.now() - this.#completingSince < COMPLETING_MS) {
        this.#delay = Math.min(this.#delay, LOOK_COMPLETING_MS);
        return facts;
      }
    }
    // Somebody has put it back into the queue. What it had is lost, and when it would begin again nobody knows.
    if (this.isRunning && isWaiting(state) && !this.#hasEnded) {
      this.#hasEnded = true;
      this.#end.resolve({ ...facts, state: 'REQUEUED' });
      await scancel(this.job, COMMAND).catch(() => {});
    }
    if ((isEnd(state) || state === 'COMPLETING' || state === 'UNKNOWN') && !this.#hasEnded) {
      this.#hasEnded = true;
      this.#end.resolve(facts);
    }
    this.#goesOn(doubts);
    return facts;
  }

  facts(): Promise<JobFacts> {
    return factsOf(this.#submitted, this.#log);
  }

  async cancel(): Promise<void> {
    await scancel(this.job, COMMAND).catch(() => {});
    this.#lookSoon();
    await within(this.ended, { timeout: CANCEL_MS });
    this.#hasEnded = true;
    this.calm();
  }
}
