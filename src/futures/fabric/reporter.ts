import { drop, post } from '../../message/index.ts';
import { DONE_HEAD, DONE_RING, DONE_TAIL, doneRing, type Fabric, RING_MASK, SLOTS } from './layout.ts';

/** How a worker tells the pool's owner what is done: by its ring of results. */
export class Reporter {
  readonly #fabric: Fabric;
  readonly #area: number;
  readonly #ring: Int32Array;
  #tail: number;

  constructor(fabric: Fabric, area: number) {
    this.#fabric = fabric;
    this.#area = area;
    this.#ring = doneRing((fabric.i32[area + DONE_RING]! >>> 0) * 16);
    this.#tail = fabric.i32[area + DONE_TAIL]!;
  }

  /** Tells that a slot is done, or that there is a message: its block / -16. */
  report(number: number): void {
    this.#ring[this.#tail & RING_MASK] = number;
    this.#tail = (this.#tail + 1) | 0;
    Atomics.store(this.#fabric.i32, this.#area + DONE_TAIL, this.#tail);
    this.#fabric.ring();
  }

  /** Sends something out of a task before it is done. Waits when the owner is far behind. Throws `SendError`. */
  send(number: number, kind: number, value: unknown): void {
    const { offset, parcels } = post([number, kind, value]);
    if (parcels !== null) {
      drop(offset);
      throw new TypeError("a MessagePort or a SharedArrayBuffer can't be sent out of a task that goes on: use a SharedArray");
    }
    const { i32 } = this.#fabric;
    const head = this.#area + DONE_HEAD;
    // Messages take no place that a slot may need.
    while (((this.#tail - Atomics.load(i32, head)) | 0) >= SLOTS) {
      this.#fabric.ring();
      Atomics.wait(i32, head, Atomics.load(i32, head), 1);
    }
    this.report(offset / -16);
  }
}
