import type { Crew } from './crew.ts';
import { type Fabric, FREE, QUEUED } from './layout.ts';
import type { PoolThread } from './pool-thread.ts';

export interface Pin {
  readonly worker: PoolThread;
  readonly parcels: readonly unknown[];
  /** Something has been given away: there is nothing left to send once more. */
  readonly isMoved: boolean;
}

/** The slots whose task is for one worker alone, and what went with it. */
export class Pins {
  readonly #fabric: Fabric;
  readonly #crew: Crew;
  /** Takes what a worker that is leaving has done, and lets it go. */
  readonly #bidFarewell: (worker: PoolThread) => void;
  readonly #pins = new Map<number, Pin>();

  constructor(fabric: Fabric, crew: Crew, bidFarewell: (worker: PoolThread) => void) {
    this.#fabric = fabric;
    this.#crew = crew;
    this.#bidFarewell = bidFarewell;
  }

  of(slot: number): Pin | undefined {
    return this.#pins.size === 0 ? undefined : this.#pins.get(slot);
  }

  /** Gives a task to one worker, if none is named to the one that has least of its own to do. */
  give(slot: number, parcels: readonly unknown[], isMoved: boolean, transfer: readonly unknown[], only?: PoolThread): void {
    const crew = this.#crew;
    const at = this.#fabric.slot(slot);
    for (let wanted = only; ; wanted = undefined) {
      if (crew.living === 0) crew.start();
      const worker =
        wanted ?? crew.threads.reduce((best, one) => (one.pins < best.pins || (one.pins === best.pins && one.isParked) ? one : best));
      this.#pins.set(slot, { worker, parcels, isMoved });
      worker.pins++;
      Atomics.store(this.#fabric.i32, at, QUEUED);
      if (worker.sendParcels(slot, parcels, transfer)) return;
      // It is leaving: nothing has been sent.
      Atomics.store(this.#fabric.i32, at, FREE);
      this.drop(slot);
      this.#bidFarewell(worker);
    }
  }

  drop(slot: number): void {
    const pin = this.of(slot);
    if (pin === undefined) return;
    this.#pins.delete(slot);
    pin.worker.pins--;
  }
}
