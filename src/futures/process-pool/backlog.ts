import { Deque } from '../../base/deque.ts';
import { BinaryHeap } from '../../base/heap.ts';
import type { Job } from './job.ts';

const byPriority = (a: Job, b: Job): number => b.priority - a.priority || a.number - b.number;

/** Jobs that wait for a slot: in the order in which they came, or by priority once there are any. */
export class Backlog {
  #fifo = new Deque<Job>();
  #heap: BinaryHeap<Job> | null = null;
  /** How many of them are settled already: they are passed over. */
  #stale = 0;

  get length(): number {
    return (this.#heap?.size ?? this.#fifo.length) - this.#stale;
  }
  get hasPriorities(): boolean {
    return this.#heap !== null;
  }

  push(job: Job): void {
    if (job.priority !== 0 && this.#heap === null) {
      this.#heap = new BinaryHeap(byPriority);
      for (const waiting of this.#fifo) this.#heap.push(waiting);
      this.#fifo.clear();
    }
    if (this.#heap !== null) this.#heap.push(job);
    else this.#fifo.push(job);
  }

  /** The next job; `undefined` when there is none. */
  shift(isSettled: (job: Job) => boolean): Job | undefined {
    for (;;) {
      const job = this.#heap === null ? this.#fifo.shift() : this.#heap.pop();
      if (job === undefined || !isSettled(job)) return job;
      this.#stale--;
    }
  }

  /** Puts a job back in front: there was no room for it. */
  unshift(job: Job): void {
    if (this.#heap !== null) this.#heap.push(job);
    else this.#fifo.unshift(job);
  }

  /** Says that one of them has been settled. */
  markStale(): void {
    this.#stale++;
  }
}
