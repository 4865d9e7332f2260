import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeExit } from '../../../host/process/exit.ts';
import { Popen, STDOUT } from '../../../subprocess/index.ts';
import type { JobFacts } from '../errors.ts';
import { hintFor } from '../launch/hint.ts';
import { tailOf } from '../launch/launcher.ts';
import { quote, refused, slurm } from '../launch/slurm.ts';
import type { LaunchPlan, SlurmPlan } from '../link/plan.ts';
import type { Attempt } from './manifest.ts';

const MAIN = fileURLToPath(new URL('./array-main.js', import.meta.url));

/** How the elements of an array are run, and how it is found out what has become of them. */
export interface ElementLauncher {
  /** Starts an attempt at these elements. Rejects when it is refused. */
  launch(folder: string, number: number, elements: readonly number[]): Promise<Attempt>;
  /** Of the elements of an attempt, those that wait or run; `null` when nobody can say at the moment. */
  underWay(attempt: Attempt): Promise<ReadonlySet<number> | null>;
  /** Why an element has ended without its results. */
  facts(folder: string, number: number, attempt: Attempt, element: number): Promise<JobFacts>;
  cancel(attempt: Attempt): Promise<void>;
}

export const newElementLauncher = (plan: LaunchPlan): ElementLauncher =>
  plan.kind === 'slurm' ? new SlurmElements(plan) : new LocalElements(plan.node);

const logOf = (folder: string, element: number, number: number): string => join(folder, 'log', `${element}-${number}`);

function readLog(path: string): string {
  try {
    return tailOf(readFileSync(path, 'utf8'));
  } catch {
    return '';
  }
}

class LocalElements implements ElementLauncher {
  readonly #node: string;
  readonly #waiting = new Set<number>();
  readonly #running = new Map<number, Popen>();
  readonly #codes = new Map<number, number>();

  constructor(node: string) {
    this.#node = node;
  }

  launch(folder: string, number: number, elements: readonly number[]): Promise<Attempt> {
    for (const element of elements) this.#waiting.add(element);
    for (let i = 0; i < availableParallelism(); i++) this.#next(folder, number);
    return Promise.resolve({ job: null, mark: randomUUID(), elements });
  }

  #next(folder: string, number: number): void {
    const [element] = this.#waiting;
    if (element === undefined) return;
    this.#waiting.delete(element);
    const log = openSync(logOf(folder, element, number), 'a', 0o600);
    try {
      const command = [this.#node, MAIN, folder, String(number), String(element)];
      const process = new Popen(command, { stdout: log, stderr: STDOUT, startNewSession: true });
      this.#running.set(element, process);
      process.whenEnded(() => {
        this.#running.delete(element);
        this.#codes.set(element, process.returnCode ?? 0);
        this.#next(folder, number);
      });
    } finally {
      closeSync(log);
    }
  }

  underWay(): Promise<ReadonlySet<number>> {
    return Promise.resolve(new Set([...this.#waiting, ...this.#running.keys()]));
  }

  facts(folder: string, number: number, _attempt: Attempt, element: number): Promise<JobFacts> {
    const exitCode = this.#codes.get(element) ?? null;
    const log = readLog(logOf(folder, element, number));
    const reason = exitCode === null ? 'the program that ran it has ended' : describeExit(exitCode);
    return Promise.resolve({
      job: null,
      state: exitCode === null ? 'UNKNOWN' : 'FAILED',
      reason,
      exitCode,
      log,
      hint: hintFor('', '', log),
    });
  }

  async cancel(): Promise<void> {
    this.#waiting.clear();
    const processes = [...this.#running.values()];
    for (const process of processes) process.kill();
    await Promise.all(processes.map((process) => process.wait()));
  }
}

class SlurmElements implements ElementLauncher {
  readonly #plan: SlurmPlan;

  constructor(plan: SlurmPlan) {
    this.#plan = plan;
  }

  async launch(folder: string, number: number, elements: readonly number[]): Promise<Attempt> {
    const mark = randomUUID();
    const { directives, setup, node } = this.#plan;
    const asked = [
      `--job-name=manycore-${mark.slice(0, 8)}`,
      `--comment=manycore=${mark}`,
      `--array=${rangesOf(elements)}`,
      `--output=${join(folder, 'log', `%a-${number}`)}`,
      '--open-mode=append',
      '--requeue',
      ...directives,
    ];
    const lines = [
      ...asked.map((line) => `#SBATCH ${line}`),
      ...setup,
      `exec ${[node, MAIN, folder, String(number)].map(quote).join(' ')}`,
    ];
    const { exitCode, stdout, stderr } = await slurm(['sbatch', '--parsable'], ['#!/bin/bash', ...lines, ''].join('\n'));
    const job = /^\d+/.exec(stdout.trim())?.[0];
    if (exitCode !== 0 || job === undefined) throw refused(stderr);
    return { job, mark, elements };
  }

  async underWay({ job, mark }: Attempt): Promise<ReadonlySet<number> | null> {
    const states = 'PD,CF,R,CG,S,ST,RQ,RS,SI,SO';
    const { exitCode, stdout, stderr } = await slurm(['squeue', '-h', '-r', '-j', job!, '-t', states, '-o', '%K|%k']);
    if (exitCode !== 0) return /Invalid job id/i.test(stderr) ? new Set() : null;
    const rows = stdout.split('\n').filter((line) => line.endsWith(mark));
    return new Set(rows.map((line) => Number(line.split('|')[0])));
  }

  async facts(folder: string, number: number, { job, mark }: Attempt, element: number): Promise<JobFacts> {
    const { exitCode, stdout } = await slurm(['scontrol', 'show', 'job', '-o', `${job!}_${element}`]);
    const log = readLog(logOf(folder, element, number));
    const of = (key: string): string => new RegExp(`(?:^| )${key}=(\\S*)`).exec(stdout)?.[1] ?? '';
    const isKnown = exitCode === 0 && stdout.includes(mark);
    const state = isKnown ? of('JobState') : 'UNKNOWN';
    const reason = isKnown ? of('Reason').replace(/^None$/, '') : 'Slurm knows it no longer';
    const [code = 0, signal = 0] = of('ExitCode').split(':').map(Number);
    return {
      job: `${job!}_${element}`,
      state,
      reason,
      exitCode: isKnown ? (code === 0 && signal > 0 ? -signal : code) : null,
      log,
      hint: hintFor(state, reason, log),
    };
  }

  async cancel({ job }: Attempt): Promise<void> {
    await slurm(['scancel', job!]);
  }
}

/** `0-3,7` for 0, 1, 2, 3, 7. */
export function rangesOf(elements: readonly number[]): string {
  const ranges: string[] = [];
  for (let at = 0; at < elements.length;) {
    let end = at;
    while (elements[end + 1] === elements[end]! + 1) end++;
    ranges.push(end === at ? `${elements[at]!}` : `${elements[at]!}-${elements[end]!}`);
    at = end + 1;
  }
  return ranges.join(',');
}
