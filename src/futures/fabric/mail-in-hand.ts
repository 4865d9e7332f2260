import { sharedHeap } from '../../word/heap.ts';
import { LAST, NEXT, RECORD_BYTES } from './inbox.ts';
import { type Fabric, MAIL } from './layout.ts';

/**
 * The tasks from the inbox that a worker has in hand: a list through their records, which the worker alone writes. Who follows `NEXT` from its
 * head finds it whole at every moment, so also when the worker has died.
 */
export class MailInHand {
  readonly #fabric: Fabric;
  readonly #head: number;

  constructor(fabric: Fabric, worker: number) {
    this.#fabric = fabric;
    this.#head = fabric.worker(worker) + MAIL;
  }

  add(record: number): void {
    const i32 = reach(record);
    const at = record / 4;
    const first = i32[this.#head]!;
    i32[at + NEXT] = first;
    i32[at + LAST] = 0;
    if (first !== 0) i32[first * 4 + LAST] = record / 16;
    Atomics.store(i32, this.#head, record / 16);
  }

  remove(record: number): void {
    const i32 = reach(record);
    const [next, last] = [i32[record / 4 + NEXT]!, i32[record / 4 + LAST]!];
    if (next !== 0) i32[next * 4 + LAST] = last;
    Atomics.store(i32, last === 0 ? this.#head : last * 4 + NEXT, next);
  }

  get all(): number[] {
    const records: number[] = [];
    for (let unit = Atomics.load(this.#fabric.i32, this.#head); unit !== 0; unit = reach(unit * 16)[unit * 4 + NEXT]!)
      records.push(unit * 16);
    return records;
  }
}

/** The shared memory, seen at least as far as this record. */
function reach(record: number): Int32Array {
  const heap = sharedHeap();
  heap.reach(record + RECORD_BYTES - 1);
  return heap.i32;
}
