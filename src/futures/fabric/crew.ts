import { type Fabric, WORKERS } from './layout.ts';
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

/** The threads of a pool. */
export class Crew {
  readonly #fabric: Fabric;
  readonly #options: CrewOptions;
  readonly #onEnd: (thread: PoolThread, end: ThreadEnd) => void;
  /** By their numbers; `null` where there was one. */
  readonly slots: (PoolThread | null)[] = [];
  /** How many there are, without those that are given up. */
  living = 0;
  /** They have been told to end, and native code keeps them. */
  readonly #givenUp = new Set<PoolThread>();
  #started = 0;
  #boredom: NodeJS.Timeout | null = null;
  /** What those that have left had done. */
  #busyMs = 0;

  constructor(fabric: Fabric, options: CrewOptions, onEnd: (thread: PoolThread, end: ThreadEnd) => void) {
    this.#fabric = fabric;
    this.#options = options;
    this.#onEnd = onEnd;
  }

  get threads(): readonly PoolThread[] {
    return this.slots.filter((thread) => thread !== null);
  }
  /** Those that tasks can be given to. */
  get usable(): readonly PoolThread[] {
    return this.#givenUp.size === 0 ? this.threads : this.threads.filter((thread) => !this.#givenUp.has(thread));
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

  /** Counts one no more that has been told to end. False when there are so many of these that no other one may take its place before. */
  giveUp(thread: PoolThread): boolean {
    if (this.#givenUp.size >= Math.min(this.#options.maxWorkers, WORKERS - this.#options.maxWorkers)) return false;
    this.#givenUp.add(thread);
    this.living--;
    return true;
  }

  /** It has ended. */
  remove(thread: PoolThread): void {
    this.#busyMs += thread.busyMs;
    this.slots[thread.number] = null;
    if (!this.#givenUp.delete(thread)) this.living--;
    thread.release();
  }

  /** There is nothing to do any more. */
  becomeIdle(): void {
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
