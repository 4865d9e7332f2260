import { monotonic } from '../../base/monotonic.ts';
import type { InHand } from './in-hand.ts';
import { BATCH, BATCH_SIZE, BATCH_SLOTS, type Fabric, HEAD, QUEUED, RING, RING_MASK, STATE, TAIL } from './layout.ts';
import type { RunTimes } from './run-times.ts';

/** A claim holds about so much work, as far as one can tell: more would unbalance the workers. */
export const CLAIM_US = 30;

interface Runner {
  /** Runs the task in a slot if it is still to be run: 1, or 0. */
  run(slot: number): number;
  readonly ran: number;
}

/** How a worker comes to its tasks: it takes some at a time out of the ring, and shows those that it has not begun. */
export class Claims {
  readonly #fabric: Fabric;
  readonly #number: number;
  readonly #area: number;
  readonly #runner: Runner;
  readonly #inHand: InHand;
  readonly #times: RunTimes;
  /** It leaves after so many tasks; 0: never. */
  readonly #maxTasks: number;

  constructor(fabric: Fabric, number: number, runner: Runner, inHand: InHand, times: RunTimes, maxTasks: number) {
    this.#fabric = fabric;
    this.#number = number;
    this.#area = fabric.worker(number);
    this.#runner = runner;
    this.#inHand = inHand;
    this.#times = times;
    this.#maxTasks = maxTasks;
  }

  get hasLeftOver(): boolean {
    return this.#fabric.i32[this.#area + BATCH_SIZE] !== 0;
  }

  /** Takes tasks from the ring and runs them; false when there is none. */
  run(): boolean {
    if (this.hasLeftOver) return this.#runLeftOver();
    const { i32, base } = this.#fabric;
    const batch = this.#area + BATCH_SLOTS;
    for (;;) {
      const head = Atomics.load(i32, base + HEAD);
      const available = (Atomics.load(i32, base + TAIL) - head) | 0;
      if (available <= 0) return false;
      // A share that gets smaller as the queue does, so that the workers end together.
      const count = Math.max(1, Math.min(this.#batchMax(), available >> 2, (CLAIM_US / this.#times.taskUs) | 0));
      for (let i = 0; i < count; i++) i32[batch + i] = i32[base + RING + ((head + i) & RING_MASK)]!;
      if (Atomics.compareExchange(i32, base + HEAD, head, (head + count) | 0) !== head) continue;
      if (count > 1) Atomics.store(i32, this.#area + BATCH_SIZE, count);
      if (available > count) this.#fabric.wakeOne(this.#fabric.workers);
      const start = monotonic();
      let ran = 0;
      for (let i = 0; i < count; i++) if (this.#inHand.mayBegin) ran += this.#runner.run(i32[batch + i]!);
      // What is left of the batch while a task awaits is for the others, or for later: it is still QUEUED, and shown.
      if (this.#inHand.mayBegin) {
        if (count > 1) Atomics.store(i32, this.#area + BATCH_SIZE, 0);
        if (ran > 0) this.#times.ran(monotonic() - start, ran);
      } else if (count > 1) this.#fabric.wakeOne(this.#fabric.workers);
      return true;
    }
  }

  #batchMax(): number {
    return this.#maxTasks === 0 ? BATCH : Math.min(BATCH, this.#maxTasks - this.#runner.ran);
  }

  /** What was left of a batch when a task began to await: still QUEUED, if no other worker has taken it since. */
  #runLeftOver(): boolean {
    const { i32 } = this.#fabric;
    const size = i32[this.#area + BATCH_SIZE]!;
    for (let i = 0; i < size; i++) {
      this.#runner.run(i32[this.#area + BATCH_SLOTS + i]!);
      if (!this.#inHand.mayBegin) return true;
    }
    Atomics.store(i32, this.#area + BATCH_SIZE, 0);
    return true;
  }

  /** Looks into the batches of the other workers for what nobody has begun. */
  steal(): boolean {
    const { i32, workers } = this.#fabric;
    for (let other = 0; other < workers; other++) {
      if (other === this.#number) continue;
      const area = this.#fabric.worker(other);
      const size = Atomics.load(i32, area + BATCH_SIZE);
      for (let i = 0; i < size; i++) {
        const slot = i32[area + BATCH_SLOTS + i]!;
        if ((Atomics.load(i32, this.#fabric.slot(slot)) & STATE) === QUEUED && this.#runner.run(slot) === 1) return true;
      }
    }
    return false;
  }
}
