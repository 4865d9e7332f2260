import { takeOver } from '../../host/thread/port.ts';
import type { Crew } from './crew.ts';
import { type Fabric, FREE, HELD, QUEUED } from './layout.ts';
import type { PoolThread } from './pool-thread.ts';
import { NOTHING } from './slots.ts';

export interface Pin {
  /** Whom it has been sent to; `null`: it is held until a worker has nothing to do. */
  readonly worker: PoolThread | null;
  readonly parcels: readonly unknown[];
  /** What of the parcels is to be given away; nothing once it has been. */
  readonly transfer: readonly unknown[];
  /** Something has been given away: there is nothing left to send once more. */
  readonly isMoved: boolean;
  /** No other worker may run it. */
  readonly isFixed: boolean;
}

/**
 * The slots whose task goes to one worker, since parcels go with it by a port, and what went with it.
 *
 *   sent   the worker has the parcels. Another one can be sent them too, as long as the task has not begun, unless something has been given away
 *   held   something is to be given away, and no worker was idle: it is in our hands, so that it never waits behind a task that does not end
 */
export class Pins {
  readonly #fabric: Fabric;
  readonly #crew: Crew;
  /** Takes what a worker that is leaving has done, and lets it go. */
  readonly #bidFarewell: (worker: PoolThread) => void;
  /** A task has been sent or is held, and may have to go elsewhere. */
  readonly #watch: () => void;
  readonly #pins = new Map<number, Pin>();
  #held = 0;

  constructor(fabric: Fabric, crew: Crew, bidFarewell: (worker: PoolThread) => void, watch: () => void) {
    this.#fabric = fabric;
    this.#crew = crew;
    this.#bidFarewell = bidFarewell;
    this.#watch = watch;
  }

  get size(): number {
    return this.#pins.size;
  }
  of(slot: number): Pin | undefined {
    return this.#pins.size === 0 ? undefined : this.#pins.get(slot);
  }
  /** Whether there are some whose task has not begun. */
  get isAnyWaiting(): boolean {
    const { i32 } = this.#fabric;
    for (const slot of this.#pins.keys()) if (Atomics.load(i32, this.#fabric.slot(slot)) === QUEUED) return true;
    return false;
  }
  /** In the order in which they came. */
  list(): readonly (readonly [number, Pin])[] {
    return [...this.#pins];
  }

  /** A worker that looks for a task, and has none of its own. */
  idle(): PoolThread | undefined {
    return this.#crew.slots.find(
      (thread) => thread !== null && thread.pins === 0 && thread.isReady && thread.isIdle && !thread.isKnownToLeave,
    )!;
  }

  /**
   * Gives a task to one worker: `only` that one if it is named and still there, or one that is idle; else what can be sent once more to the one that has
   * least of its own to do.
   */
  give(
    slot: number,
    parcels: readonly unknown[],
    isMoved: boolean,
    transfer: readonly unknown[],
    only?: PoolThread,
    isFixed = false,
  ): void {
    const crew = this.#crew;
    const at = this.#fabric.slot(slot);
    for (let wanted = only; ; wanted = undefined) {
      if (crew.living === 0) crew.start();
      wanted ??= this.idle();
      if (wanted === undefined && transfer.length > 0) return this.#hold(slot, at, parcels, transfer);
      const worker = wanted ?? crew.usable.reduce((best, one) => (one.pins < best.pins ? one : best));
      this.#pins.set(slot, { worker, parcels, transfer: NOTHING, isMoved, isFixed });
      worker.pins++;
      Atomics.store(this.#fabric.i32, at, QUEUED);
      if (worker.sendParcels(slot, parcels, transfer)) return this.#watch();
      // It is leaving: nothing has been sent.
      Atomics.store(this.#fabric.i32, at, FREE);
      this.drop(slot);
      this.#bidFarewell(worker);
    }
  }

  #hold(slot: number, at: number, parcels: readonly unknown[], transfer: readonly unknown[]): void {
    const ours = takeOver(parcels, transfer);
    this.#pins.set(slot, { worker: null, ...ours, isMoved: false, isFixed: false });
    this.#setHeld(1);
    Atomics.store(this.#fabric.i32, at, QUEUED);
    this.#watch();
  }

  /** Gives a task away that was held. */
  sendHeld(slot: number, { parcels, transfer }: Pin): void {
    this.drop(slot);
    this.give(slot, parcels, true, transfer);
  }

  drop(slot: number): void {
    const pin = this.of(slot);
    if (pin === undefined) return;
    this.#pins.delete(slot);
    if (pin.worker === null) this.#setHeld(-1);
    else pin.worker.pins--;
  }

  #setHeld(change: 1 | -1): void {
    this.#held += change;
    // Workers say when they are about to sleep as long as there are some.
    Atomics.store(this.#fabric.i32, this.#fabric.base + HELD, this.#held);
  }
}
