import { type Deadline, NEVER } from '../../base/deadline.ts';
import { Delays } from '../delays.ts';
import type { Job } from './job.ts';

/** How often is looked whether a task with a time limit has begun: the system tells nobody. */
const LOOK_MS = 5;

interface Limit {
  readonly ms: number;
  readonly isRunning: () => boolean;
  readonly end: () => void;
  /** When it was first seen to run. */
  begun: number;
}

/** What happens to jobs because time has passed: the next try of one that has failed, and the end of one that runs for too long. */
export class Clocks {
  readonly delays = new Delays<Job>();
  readonly #limits = new Map<Job, Limit>();
  #timer: NodeJS.Timeout | null = null;

  /** Calls `end` when the job has run for so many milliseconds on end; until it is told to forget the job. */
  limit(job: Job, ms: number, isRunning: () => boolean, end: () => void): void {
    this.#limits.set(job, { ms, isRunning, end, begun: 0 });
    this.#timer ??= setInterval(() => this.#lookAtLimits(), LOOK_MS);
  }

  forget(job: Job): void {
    if (!this.#limits.delete(job) || this.#limits.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #lookAtLimits(): void {
    for (const limit of this.#limits.values()) {
      if (!limit.isRunning()) limit.begun = 0;
      else if (limit.begun === 0) limit.begun = performance.now();
      else if (performance.now() - limit.begun >= limit.ms) limit.end();
    }
  }

  /** For who blocks, while no timer rings. */
  look(): void {
    this.delays.look();
    this.#lookAtLimits();
  }

  /** When somebody who blocks should look again. */
  get due(): Deadline {
    return Math.min(this.delays.due, this.#limits.size > 0 ? performance.now() + LOOK_MS : NEVER);
  }
}
