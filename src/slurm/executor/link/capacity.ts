import { within } from '../../../base/within.ts';
import { JobFailedError, type JobFacts } from '../errors.ts';
import type { Allocation, Launcher } from '../launch/launcher.ts';

export interface CapacityOptions {
  readonly nodes: number;
  readonly startTimeout: number;
  /** How long a job may wait for nodes; `null`: for as long as it takes. */
  readonly queueTimeout: number | null;
  /** A job has waited for so many milliseconds, and why, in Slurm's words. Told once for each reason. */
  readonly onWaiting: (job: string, ms: number, reason: string) => void;
  /** How many nodes are connected, and of one allocation. */
  readonly connected: () => number;
  readonly connectedOf: (allocation: number) => number;
  /** Whether there is anything to run. */
  readonly hasWork: () => boolean;
  /** No nodes will come. */
  readonly onFailure: (error: JobFailedError) => void;
  readonly onJobs: (jobs: readonly string[]) => void;
}

/** So many allocations in a row may end without a single node having come; and where nodes have come before, so that what is asked for is right. */
const FAILURES_MAX = 2;
const FAILURES_MAX_LATER = 6;
/** More nodes than these are asked for together: each job is a call on the controller. */
const SINGLY_MAX = 16;
/** Ends that say nothing about what was asked for. */
const BAD_LUCK: ReadonlySet<string> = new Set(['NODE_FAIL', 'PREEMPTED', 'BOOT_FAIL', 'REQUEUED']);
/** How often is looked whether nodes that should be there are missing. */
const LOOK_MS = 500;
/** So long a node is avoided that was lost while its job goes on: Slurm takes minutes until it sees that a machine is dead, and gives it out again. */
const AVOIDED_MS = 300_000;
/** A job that has waited for so long is told of, and again when it waits for another reason. */
const TOLD_MS = 30_000;

interface Watched {
  readonly allocation: Allocation;
  /** Its managers have all been here, or were waited for in vain. */
  hasCome: boolean;
  /** One of its managers has been here. */
  hadNode: boolean;
  /** How many of its nodes were lost of which it is not known yet whether it has ended with them, and how. */
  doubts: number;
  /** Since when it has nodes. */
  runningSince: number | null;
  readonly askedAt: number;
  /** The reason that has been told why it waits. */
  told: string | null;
}

/**
 * Has as many nodes as are wanted. That nodes are lost is the normal course of things: their jobs reach their time limit, are pre-empted, fail.
 * Others are asked for, unless somebody has cancelled the job by hand, or job after job ends without having sent a node.
 */
export class Capacity {
  readonly #askFor: Launcher['launch'];
  readonly #options: CapacityOptions;
  readonly #watched = new Map<number, Watched>();
  /** Nodes to avoid, until when. */
  readonly #avoided = new Map<string, number>();
  #launching = 0;
  #made = 0;
  #failures = 0;
  #hasHadNode = false;
  #timer: NodeJS.Timeout | null = null;
  #isOver = false;
  #hasFailed = false;

  constructor(askFor: Launcher['launch'], options: CapacityOptions) {
    this.#askFor = askFor;
    this.#options = options;
  }

  /** The allocation with this number, also one that has ended. */
  allocation(number: number): Allocation | undefined {
    return this.#known.get(number);
  }
  readonly #known = new Map<number, Allocation>();

  /** Asks for what is missing. */
  ensure(): void {
    if (this.#isOver || this.#hasFailed) return;
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
    let expected = this.#launching;
    for (const [number, watched] of this.#watched) {
      // Somebody may have cancelled it: then no other is wanted.
      if (watched.doubts > 0) return;
      if (!watched.hasCome) expected += Math.max(0, watched.allocation.nodes - this.#options.connectedOf(number));
    }
    const missing = this.#options.nodes - this.#options.connected() - expected;
    if (missing <= 0) return;
    // Those that are to take the place of others are asked for one by one: what is left of a cluster in trouble is had, and not waited for.
    if (this.#made > 0 && missing <= SINGLY_MAX) for (let i = 0; i < missing; i++) void this.#launch(1);
    else void this.#launch(missing);
  }

  /** A node has come. */
  nodeCame(number: number, host: string): void {
    this.#failures = 0;
    this.#hasHadNode = true;
    this.#avoided.delete(host);
    const watched = this.#watched.get(number);
    if (watched === undefined) return;
    watched.hadNode = true;
    if (this.#options.connectedOf(number) < watched.allocation.nodes) return;
    watched.hasCome = true;
    watched.allocation.calm();
  }

  /** A node is lost, or about to leave: then `host` is left out. */
  nodeLost(number: number, host?: string): void {
    const watched = this.#watched.get(number);
    if (watched === undefined) return;
    watched.doubts++;
    void watched.allocation.alarm().then(() => {
      watched.doubts--;
      const isBack = this.#options.connectedOf(number) >= watched.allocation.nodes;
      if (host !== undefined && !isBack && this.#watched.has(number)) this.#avoided.set(host, performance.now() + AVOIDED_MS);
      if (this.#options.hasWork()) this.ensure();
    });
  }

  async #launch(nodes: number): Promise<void> {
    this.#launching += nodes;
    const number = this.#made++;
    try {
      const allocation = await this.#askFor(number, nodes, this.#toAvoid());
      this.#watch(allocation);
      if (this.#isOver) await allocation.cancel();
    } catch (error) {
      this.#fail(error instanceof JobFailedError ? error : refused(error));
    } finally {
      this.#launching -= nodes;
    }
  }

  /** Looks after nodes that an earlier program has asked for. */
  adopt(allocation: Allocation): void {
    this.#watch(allocation);
  }

  /** Counts on from there. */
  countFrom(number: number): void {
    this.#made = Math.max(this.#made, number);
  }

  #watch(allocation: Allocation): void {
    const { number } = allocation;
    this.#known.set(number, allocation);
    const askedAt = performance.now();
    this.#watched.set(number, { allocation, hasCome: false, hadNode: false, doubts: 0, runningSince: null, askedAt, told: null });
    this.#tellJobs();
    void allocation.ended.then((facts) => this.#ended(number, facts));
  }

  #toAvoid(): string[] {
    for (const [host, until] of this.#avoided) if (until < performance.now()) this.#avoided.delete(host);
    return [...this.#avoided.keys()];
  }

  #ended(number: number, facts: JobFacts): void {
    const watched = this.#watched.get(number);
    if (watched === undefined) return;
    this.#watched.delete(number);
    this.#tellJobs();
    if (this.#isOver || this.#hasFailed) return;
    if (facts.state === 'CANCELLED') return this.#fail(new JobFailedError('the job was cancelled, and no other is asked for', facts));
    if (!watched.hadNode && !BAD_LUCK.has(facts.state) && ++this.#failures >= (this.#hasHadNode ? FAILURES_MAX_LATER : FAILURES_MAX))
      return this.#fail(new JobFailedError(`${this.#failures} times in a row a job has ended before one of its nodes had come`, facts));
    if (this.#options.hasWork()) this.ensure();
  }

  #look(): void {
    for (const watched of this.#watched.values()) {
      const { allocation } = watched;
      if (watched.hasCome) continue;
      if (allocation.waitsFor !== null) this.#waits(watched, allocation.waitsFor);
      if (!allocation.isRunning) continue;
      watched.runningSince ??= performance.now();
      if (performance.now() - watched.runningSince < this.#options.startTimeout) continue;
      watched.hasCome = true;
      if (this.#options.connectedOf(allocation.number) > 0) continue;
      void this.#neverCame(allocation);
    }
    if (this.#options.hasWork()) this.ensure();
  }

  /** A job has no nodes yet. Queues are long where clusters are: it is told, and bounded only if that is wished. */
  #waits(watched: Watched, reason: string): void {
    const { allocation, askedAt } = watched;
    const { queueTimeout, onWaiting } = this.#options;
    const ms = performance.now() - askedAt;
    if (queueTimeout !== null && ms > queueTimeout) return void this.#neverBegan(allocation, queueTimeout);
    if (ms < Math.min(TOLD_MS, (queueTimeout ?? Infinity) / 2) || watched.told === reason || allocation.job === null) return;
    watched.told = reason;
    onWaiting(allocation.job, ms, reason);
  }

  async #neverBegan(allocation: Allocation, limit: number): Promise<void> {
    if (this.#hasFailed || this.#options.connected() > 0) return;
    const facts = await allocation.facts();
    this.#fail(new JobFailedError(`the job has waited for nodes for more than ${limit} ms (queueTimeout)`, facts));
    await allocation.cancel();
  }

  async #neverCame(allocation: Allocation): Promise<void> {
    const facts = await allocation.facts();
    this.#fail(new JobFailedError(`none of the job's nodes has come within ${this.#options.startTimeout} ms of its start`, facts));
    await allocation.cancel();
  }

  #fail(error: JobFailedError): void {
    if (this.#isOver || this.#hasFailed) return;
    this.#hasFailed = true;
    this.#options.onFailure(error);
  }

  #tellJobs(): void {
    this.#options.onJobs([...this.#watched.values()].flatMap(({ allocation }) => allocation.job ?? []));
  }

  /** Asks for nothing more, and resolves when all allocations have ended; those that have not after a while are cancelled. */
  async end(patience: number): Promise<void> {
    this.#isOver = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await Promise.all(
      [...this.#watched.values()].map(async ({ allocation }) => {
        let hasEnded = false;
        const ended = allocation.ended.then(() => void (hasEnded = true));
        if (patience > 0) await within(ended, { timeout: patience });
        if (!hasEnded) await allocation.cancel();
      }),
    );
  }
}

function refused(error: unknown): JobFailedError {
  const reason = error instanceof Error ? error.message : String(error);
  const facts: JobFacts = { job: null, node: '', state: 'REFUSED', reason: '', exitCode: null, log: '', hint: '' };
  return new JobFailedError(`the job could not be submitted: ${reason}`, facts, { cause: error });
}
