import type { Fabric } from './layout.ts';
import { PoolThread, type ThreadEnd, type ThreadOptions } from './pool-thread.ts';

export interface CrewOptions extends ThreadOptions {
  readonly name: string;
  readonly maxWorkers: number;
  readonly minWorkers: number;
  /** So many are started as soon as there is work; the others when it has to wait. */
  readonly eagerWorkers: number;
  /** Threads beyond the least number end when there was nothing to do for so many milliseconds. */
  readonly idleTimeout: number;
}

const STARVED_MS = 50;
const IDLE_SHARE = 0.3;

/** The threads of a pool. */
export class Crew {
  readonly #fabric: Fabric;
  readonly #options: CrewOptions;
  readonly #isHungry: () => boolean;
  readonly #onEnd: (thread: PoolThread, end: ThreadEnd) => void;
  /** By their numbers; `null` where there was one. */
  readonly slots: (PoolThread | null)[] = [];
  living = 0;
  #started = 0;
  #hunger: NodeJS.Timeout | null = null;
  #boredom: NodeJS.Timeout | null = null;
  /** What those that have left had done. */
  #busyMs = 0;

  constructor(
    fabric: Fabric,
    options: CrewOptions,
    onEnd: (thread: PoolThread, end: ThreadEnd) => void,
    /** Whether there is more to do than there are threads. */
    isHungry: () => boolean,
  ) {
    this.#isHungry = isHungry;
    this.#fabric = fabric;
    this.#options = options;
    this.#onEnd = onEnd;
  }

  get threads(): readonly PoolThread[] {
    return this.slots.filter((thread) => thread !== null);
  }
  get busyMs(): number {
    return this.threads.reduce((sum, { busyMs }) => sum + busyMs, this.#busyMs);
  }

  start(): PoolThread {
    let number = this.slots.indexOf(null);
    if (number < 0) number = this.slots.length;
    const thread = new PoolThread(this.#fabric, number, `${this.#options.name}_${this.#started}`, this.#options, (end) =>
      this.#onEnd(thread, end),
    );
    thread.start();
    this.slots[number] = thread;
    this.living++;
    this.#started++;
    return thread;
  }

  /** It has ended. */
  remove(thread: PoolThread): void {
    this.#busyMs += thread.busyMs;
    this.slots[thread.number] = null;
    this.living--;
    thread.release();
  }

  /** There are more tasks than threads. */
  grow(): void {
    if (this.living < this.#options.eagerWorkers) this.start();
    else if (this.living < this.#options.maxWorkers) this.#waitForHunger();
  }

  /**
   * Tasks have waited for some time while the threads used little of the processor: they are blocked, and one more helps. Where they
   * compute, it would only be in their way.
   */
  #waitForHunger(): void {
    if (this.#hunger !== null) return;
    const before = process.cpuUsage();
    const begin = performance.now();
    this.#hunger = setTimeout(() => {
      this.#hunger = null;
      if (!this.#isHungry() || this.living >= this.#options.maxWorkers) return;
      const { user, system } = process.cpuUsage(before);
      const coresBusy = (user + system) / 1000 / (performance.now() - begin);
      if (coresBusy < Math.min(this.living, this.#options.eagerWorkers) * IDLE_SHARE) this.start();
      this.#waitForHunger();
    }, STARVED_MS).unref();
  }

  /** There is nothing to do any more. */
  becomeIdle(): void {
    if (this.#hunger !== null) clearTimeout(this.#hunger);
    this.#hunger = null;
    const { idleTimeout, minWorkers } = this.#options;
    if (idleTimeout === Infinity || this.living <= minWorkers) return;
    this.#boredom ??= setTimeout(() => {
      this.#boredom = null;
      for (const thread of this.threads.slice(minWorkers)) thread.askToQuit();
    }, idleTimeout).unref();
  }

  becomeBusy(): void {
    if (this.#boredom !== null) clearTimeout(this.#boredom);
    this.#boredom = null;
  }
}
