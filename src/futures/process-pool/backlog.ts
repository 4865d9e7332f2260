import { Deque } from '../../base/deque.ts';
import { BinaryHeap } from '../../base/heap.ts';

interface Waiting {
  /** Counts them in the order in which they came. */
  readonly number: number;
  /** The greater, the sooner. */
  readonly priority: number;
}

const byPriority = (a: Waiting, b: Waiting): number => b.priority - a.priority || a.number - b.number;

/** Jobs that wait for their turn: in the order in which they came, or by priority once there are any. */
export class Backlog<Job extends Waiting> {
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
      this.#heap = new BinaryHeap<Job>(byPriority);
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
