import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { beginning } from '../../../host/beginning.ts';
import { describeExit } from '../../../host/process/exit.ts';
import { Popen, STDOUT } from '../../../subprocess/index.ts';
import { scancel } from '../../commands/scancel.ts';
import { squeue } from '../../commands/squeue.ts';
import { SlurmError } from '../../errors.ts';
import { tailOf } from '../../job/log.ts';
import type { JobInfo } from '../../job/info.ts';
import { isEnd } from '../../job/states.ts';
import { rewatch, unwatch, watch, type Watched } from '../../job/watcher.ts';
import type { JobFacts } from '../errors.ts';
import { hintFor } from '../launch/hint.ts';
import { factsOf } from '../launch/job-facts.ts';
import { COMMAND, nameFor, submit } from '../launch/submit.ts';
import type { SlurmPlan } from '../link/plan.ts';
import type { Attempt, Manifest } from './manifest.ts';

/** How often is looked which elements are still there; on a cluster, as often as the budget of calls allows. */
const LOCAL_LOOK_MS = 300;
const LOOK_MS = 8000;
/** So soon is looked again when elements that have left no results are about to end. */
const ENDING_MS = 2000;
const MAIN = new URL('./array-main.js', import.meta.url);

/** How the elements of an array are run, and how it is found out what has become of them. */
export interface ElementLauncher {
  /** Starts an attempt at these elements. Rejects when it is refused. */
  launch(folder: string, number: number, elements: readonly number[]): Promise<Attempt>;
  /** Of the elements of an attempt, those that wait or run; `null` when nobody can say at the moment. */
  underWay(attempt: Attempt): Promise<ReadonlySet<number> | null>;
  /** Tells `observer` now and then which elements of an attempt wait or run, until that says false, or the watch is ended. */
  watch(attempt: Attempt, observer: Observer): Watch;
  /** Why an element has ended without its results. */
  facts(folder: string, number: number, attempt: Attempt, element: number): Promise<JobFacts>;
  cancel(attempt: Attempt): Promise<void>;
}

export interface Observer {
  /** These elements wait, run, or are being cleaned up. False: there is nothing left to look after. */
  looked(underWay: ReadonlySet<number>): boolean;
  /** Whether something is missing of the results of an element. */
  misses(element: number): boolean;
}

export interface Watch {
  /** It keeps the program alive no longer. */
  release(): void;
  end(): void;
}

export const newElementLauncher = ({ launch, parallel }: Pick<Manifest, 'launch' | 'parallel'>): ElementLauncher =>
  launch.kind === 'slurm' ? new SlurmElements(launch, parallel) : new LocalElements(launch.node, parallel);

export const logOf = (folder: string, element: number, number: number): string => join(folder, 'log', `${element}-${number}`);

class LocalElements implements ElementLauncher {
  readonly #node: string;
  readonly #waiting = new Set<number>();
  readonly #running = new Map<number, Popen>();
  readonly #codes = new Map<number, number>();

  readonly #parallel: number;

  constructor(node: string, parallel: number | null) {
    this.#node = node;
    this.#parallel = Math.min(parallel ?? Infinity, availableParallelism());
  }

  launch(folder: string, number: number, elements: readonly number[]): Promise<Attempt> {
    for (const element of elements) this.#waiting.add(element);
    for (let i = 0; i < this.#parallel; i++) this.#next(folder, number);
    return Promise.resolve({ job: null, mark: randomUUID(), elements });
  }

  #next(folder: string, number: number): void {
    const [element] = this.#waiting;
    if (element === undefined) return;
    this.#waiting.delete(element);
    const log = openSync(logOf(folder, element, number), 'a', 0o600);
    try {
      const command = [this.#node, beginning(MAIN), folder, String(number), String(element)];
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

  #underWay(): ReadonlySet<number> {
    return new Set([...this.#waiting, ...this.#running.keys()]);
  }

  underWay(): Promise<ReadonlySet<number>> {
    return Promise.resolve(this.#underWay());
  }

  watch(_attempt: Attempt, observer: Observer): Watch {
    const timer = setInterval(() => {
      if (!observer.looked(this.#underWay())) clearInterval(timer);
    }, LOCAL_LOOK_MS);
    return { release: () => void timer.unref(), end: () => clearInterval(timer) };
  }

  async facts(folder: string, number: number, _attempt: Attempt, element: number): Promise<JobFacts> {
    const exitCode = this.#codes.get(element) ?? null;
    const log = await tailOf(logOf(folder, element, number));
    const reason = exitCode === null ? 'the program that ran it has ended' : describeExit(exitCode);
    return {
      job: null,
      node: hostname(),
      state: exitCode === null ? 'UNKNOWN' : 'FAILED',
      reason,
      exitCode,
      log,
      hint: hintFor('', '', log),
    };
  }

  async cancel(): Promise<void> {
    this.#waiting.clear();
    const processes = [...this.#running.values()];
    for (const process of processes) process.kill();
    await Promise.all(processes.map((process) => process.wait()));
  }
}

type Is = (row: JobInfo) => boolean;

const elementsIn = (rows: readonly JobInfo[], mark: string, is: Is): ReadonlySet<number> =>
  new Set(rows.filter((row) => row.mark === mark && is(row)).flatMap(({ elements }) => elements));

/** Those that wait, run, or are being cleaned up. */
const isUnderWay: Is = ({ state }) => state !== 'UNKNOWN' && !isEnd(state);
/** Those whose time is over or that were cancelled, and all others for a moment: their processes are being ended. */
const isEnding: Is = ({ state }) => state === 'COMPLETING';

/**
 * One array among the jobs that this process watches. Slurm's time of an element's end is when that begins, and what comes of it is known only when
 * its last process is gone: from then on it is looked often. Once for each element, for a patient cluster gives it minutes; and not for those
 * that have left their results, for of a large array some end all the time.
 */
class ArrayWatch implements Watched, Watch {
  readonly id: string;
  readonly longest: number = LOOK_MS;
  isHeld = true;
  readonly #mark: string;
  readonly #observer: Observer;
  #ending: ReadonlySet<number> = new Set();
  #timer: NodeJS.Timeout | null = null;

  constructor({ job, mark }: Attempt, observer: Observer) {
    this.id = job!;
    this.#mark = mark;
    this.#observer = observer;
    watch(this);
  }

  get first(): number {
    return this.#ending.size > 0 ? ENDING_MS : LOOK_MS;
  }

  seen(rows: readonly JobInfo[]): boolean {
    const before = this.#ending;
    this.#ending = new Set([...elementsIn(rows, this.#mark, isEnding)].filter((element) => this.#observer.misses(element)));
    if ([...this.#ending].some((element) => !before.has(element))) watch(this, { hurry: true });
    return this.#observer.looked(elementsIn(rows, this.#mark, isUnderWay));
  }

  /** Something is amiss here: when that was a moment's weakness, it is looked at again. */
  failed(): void {
    this.#timer = setTimeout(() => watch(this), LOOK_MS);
    if (!this.isHeld) this.#timer.unref();
  }

  release(): void {
    this.isHeld = false;
    this.#timer?.unref();
    rewatch();
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    unwatch(this);
  }
}

class SlurmElements implements ElementLauncher {
  readonly #plan: SlurmPlan;

  readonly #parallel: number | null;

  constructor(plan: SlurmPlan, parallel: number | null) {
    this.#plan = plan;
    this.#parallel = parallel;
  }

  async launch(folder: string, number: number, elements: readonly number[]): Promise<Attempt> {
    const atOnce = this.#parallel === null ? '' : `%${this.#parallel}`;
    const options = [`--array=${rangesOf(elements)}${atOnce}`, `--output=${join(folder, 'log', `%a-${number}`)}`, '--requeue'];
    const submitted = await submit(this.#plan, options, ['exec', this.#plan.node, beginning(MAIN), folder, String(number)]);
    return { ...submitted, elements };
  }

  async underWay({ job, mark }: Attempt): Promise<ReadonlySet<number> | null> {
    try {
      return elementsIn(await squeue({ jobs: job!, states: 'all', ...COMMAND }), mark, isUnderWay);
    } catch (error) {
      if (error instanceof SlurmError) return null;
      throw error;
    }
  }

  watch(attempt: Attempt, observer: Observer): Watch {
    return new ArrayWatch(attempt, observer);
  }

  facts(folder: string, number: number, { job, mark }: Attempt, element: number): Promise<JobFacts> {
    return factsOf({ job: `${job!}_${element}`, mark }, logOf(folder, element, number));
  }

  /** By its name as well: its number may be another job's by now. */
  async cancel({ job, mark }: Attempt): Promise<void> {
    await scancel(job!, { ...COMMAND, name: nameFor(mark) }).catch(() => {});
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
