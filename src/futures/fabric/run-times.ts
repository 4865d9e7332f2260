import { BUSY_MS, type Fabric, RUN_TIMES, TIME_BUCKETS, WAIT_TIMES } from './layout.ts';

/** How long the tasks of a worker take: for the statistics, and for how many it claims at a time. */
export class RunTimes {
  readonly #fabric: Fabric;
  readonly #area: number;
  /** How long a task takes, in microseconds: a moving average. */
  taskUs: number;

  constructor(fabric: Fabric, area: number, taskUs: number) {
    this.#fabric = fabric;
    this.#area = area;
    this.taskUs = taskUs;
  }

  /** So many tasks took so long together. */
  ran(ms: number, count: number): void {
    const us = (ms * 1000) / count;
    this.taskUs = Math.max(0.1, this.taskUs + (us - this.taskUs) * 0.25);
    this.#fabric.i32[this.#area + RUN_TIMES + bucketOf(us)]! += count;
    this.#fabric.f64[(this.#area + BUSY_MS) >> 1]! += ms;
  }

  waited(ms: number): void {
    this.#fabric.i32[this.#area + WAIT_TIMES + bucketOf(ms * 1000)]!++;
  }
}

/** The powers of two of microseconds. */
function bucketOf(us: number): number {
  return Math.max(0, Math.min(TIME_BUCKETS - 1, 32 - Math.clz32(us)));
}
