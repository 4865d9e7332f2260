import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deferred } from '../../../base/deferred.ts';
import { within } from '../../../base/within.ts';
import { run } from '../../../subprocess/run.ts';
import { cleanEnvironment } from '../../commands/call.ts';
import { JobFailedError, type JobFacts } from '../errors.ts';
import type { SlurmPlan } from '../link/plan.ts';
import { hintFor } from './hint.ts';
import { type Allocation, type Launcher, tailOf } from './launcher.ts';

const MAIN = fileURLToPath(new URL('../manager/manager-main.js', import.meta.url));
/** A command gets no answer for so long when the controller is away; it gives up by itself after some seconds. */
const COMMAND_MS = 30_000;
/** How often a job is looked at that is about to begin or to end, at first, and at last. */
const LOOK_FIRST_MS = 500;
const LOOK_LAST_MS = 15_000;
/** How long a job may be in the course of ending before its state is taken as it is. */
const COMPLETING_MS = 10_000;
/** How long it is tried to submit to a controller that does not answer. */
const SUBMIT_MS = 60_000;
const CANCEL_MS = 10_000;
const NOT_ENDED = /^(PENDING|CONFIGURING|RUNNING|SUSPENDED|STOPPED|RESIZING|SIGNALING|STAGE_OUT|REQUEUE\w*|SPECIAL_EXIT|RESV_DEL_HOLD)/;
const AWAY = /timed out|Unable to contact|Connection refused|Communication connection failure|Zero Bytes/i;

export const quote = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Nodes that Slurm gives: each allocation is one job, with one manager on each of its nodes. */
export class SlurmLauncher implements Launcher {
  readonly #directory: string;
  readonly #runFile: string;
  readonly #plan: SlurmPlan;

  constructor(directory: string, runFile: string, plan: SlurmPlan) {
    this.#directory = directory;
    this.#runFile = runFile;
    this.#plan = plan;
  }

  async launch(number: number, nodes: number): Promise<Allocation> {
    const mark = randomUUID();
    const name = `manycore-${mark.slice(0, 8)}`;
    const script = this.#script(number, nodes, name, mark);
    const end = performance.now() + SUBMIT_MS;
    for (;;) {
      const { exitCode, stdout, stderr } = await slurm(['sbatch', '--parsable'], script);
      const id = /^\d+/.exec(stdout.trim())?.[0];
      if (exitCode === 0 && id !== undefined) return new SlurmAllocation(number, nodes, id, mark, this.#directory);
      // The controller may have taken the job, and its answer been lost.
      if (!AWAY.test(stderr) || performance.now() > end) throw refused(stderr);
      await pause(1000);
      const found = await slurm(['squeue', '-h', `--name=${name}`, '-o', '%i']);
      const taken = /^\d+/.exec(found.stdout.trim())?.[0];
      if (taken !== undefined) return new SlurmAllocation(number, nodes, taken, mark, this.#directory);
    }
  }

  #script(number: number, nodes: number, name: string, mark: string): string {
    const { directives, setup, node, cpusPerNode } = this.#plan;
    const cpus = cpusPerNode === null ? [] : [`--cpus-per-task=${cpusPerNode}`];
    const lines = [
      `--job-name=${name}`,
      `--comment=manycore=${mark}`,
      `--nodes=${nodes}`,
      '--ntasks-per-node=1',
      ...cpus,
      `--output=${join(this.#directory, 'job-%j.log')}`,
      '--open-mode=append',
      // A job that is put back waits for minutes, and its nodes are replaced by then.
      '--no-requeue',
      // A minute before its time is up it gives back what has not begun.
      '--signal=USR2@60',
      ...directives,
    ];
    const command = ['srun', '--ntasks-per-node=1', ...cpus, '--kill-on-bad-exit=0', '--wait=0', node, MAIN, this.#runFile, String(number)];
    return ['#!/bin/bash', ...lines.map((line) => `#SBATCH ${line}`), ...setup, command.map(quote).join(' '), ''].join('\n');
  }
}

export function refused(stderr: string): JobFailedError {
  const reason = stderr.trim().replace(/^sbatch: (error: )?/gm, '');
  const facts: JobFacts = { job: null, state: 'REFUSED', reason: '', exitCode: null, log: '', hint: hintFor('REFUSED', reason, '') };
  return new JobFailedError(`sbatch refuses the job: ${reason}`, facts);
}

class SlurmAllocation implements Allocation {
  readonly number: number;
  readonly nodes: number;
  readonly job: string;
  readonly ended: Promise<JobFacts>;
  isRunning = false;
  readonly #mark: string;
  readonly #log: string;
  readonly #end = deferred<JobFacts>();
  #hasEnded = false;
  #isCalm = false;
  #delay = LOOK_FIRST_MS;
  #timer: NodeJS.Timeout | null = null;
  #completingSince: number | null = null;

  constructor(number: number, nodes: number, job: string, mark: string, directory: string) {
    this.number = number;
    this.nodes = nodes;
    this.job = job;
    this.#mark = mark;
    this.#log = join(directory, `job-${job}.log`);
    this.ended = this.#end.promise;
    this.#lookLater();
  }

  /** All its nodes are here: that the connections stand says more than the controller could. */
  calm(): void {
    this.#isCalm = true;
    this.#stopTimer();
  }

  /** A node is lost: the job may have ended. */
  alarm(): void {
    this.#isCalm = false;
    this.#delay = LOOK_FIRST_MS;
    this.#stopTimer();
    this.#lookLater();
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
    const facts = await this.facts();
    const { state } = facts;
    if (state === 'UNKNOWN' && facts.reason.startsWith('no answer')) return facts;
    if (state === 'RUNNING') this.isRunning = true;
    if (state === 'COMPLETING') {
      this.#completingSince ??= performance.now();
      if (performance.now() - this.#completingSince < COMPLETING_MS) {
        this.#delay = LOOK_FIRST_MS;
        return facts;
      }
    }
    if (!NOT_ENDED.test(state) && !this.#hasEnded) {
      this.#hasEnded = true;
      this.#end.resolve(facts);
    }
    return facts;
  }

  async facts(): Promise<JobFacts> {
    const { exitCode, stdout, stderr } = await slurm(['scontrol', 'show', 'job', '-o', this.job]);
    const of = (key: string): string => new RegExp(`(?:^| )${key}=(\\S*)`).exec(stdout)?.[1] ?? '';
    const log = this.#readLog();
    const fact = (state: string, reason: string, code: number | null): JobFacts => ({
      job: this.job,
      state,
      reason,
      exitCode: code,
      log,
      hint: hintFor(state, reason, log),
    });
    if (exitCode !== 0)
      return fact(
        'UNKNOWN',
        /Invalid job id/i.test(stderr) ? 'Slurm knows it no longer' : `no answer from the controller: ${stderr.trim()}`,
        null,
      );
    if (!stdout.includes(this.#mark)) return fact('UNKNOWN', 'Slurm has forgotten it, and given its number to another job', null);
    const [code, signal] = of('ExitCode').split(':').map(Number);
    const reason = of('Reason').replace(/^None$/, '');
    return fact(
      of('JobState'),
      reason,
      NOT_ENDED.test(of('JobState')) ? null : (signal ?? 0) > 0 && code === 0 ? -signal! : (code ?? null),
    );
  }

  #readLog(): string {
    try {
      return tailOf(readFileSync(this.#log, 'utf8'));
    } catch {
      return ''; // It has not begun.
    }
  }

  async cancel(): Promise<void> {
    await slurm(['scancel', this.job]);
    this.alarm();
    await within(this.ended, { timeout: CANCEL_MS });
    this.#hasEnded = true;
    this.calm();
  }
}

/** Runs a command of Slurm's. What describes a job that we are in ourselves is no business of it. */
export async function slurm(command: readonly string[], input = ''): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const env = cleanEnvironment();
  try {
    const { returnCode, stdout, stderr } = await run(command, { captureOutput: true, encoding: 'utf8', timeout: COMMAND_MS, input, env });
    return { exitCode: returnCode, stdout, stderr };
  } catch (error) {
    return { exitCode: -1, stdout: '', stderr: (error as Error).message };
  }
}
