import { monotonic } from '../../base/monotonic.ts';
import { takeOver } from '../../host/thread/port.ts';
import { type AnyFuture, peek, recordOf, setTicket } from '../future.ts';
import { CANCELLED } from '../future-record.ts';
import { Backlog } from './backlog.ts';
import type { Crew } from './crew.ts';
import {
  BEGAN,
  CALLED,
  FLAGS,
  FREE,
  HEAD,
  QUEUED,
  RECORD,
  RING,
  RING_MASK,
  RING_SLOTS,
  SENT_AT,
  SLEEPERS,
  SLOTS,
  STAMPED,
  TAIL,
  TIMED,
  WITHDRAWN,
} from './layout.ts';
import { dropPacked, packUp, type Parked, unpack } from './parked.ts';
import type { Pin, Pins } from './pins.ts';
import type { PoolThread } from './pool-thread.ts';
import { NOTHING, type Slots } from './slots.ts';
import { BACKLOG, SCRATCH } from './ticket.ts';
import { dropValue } from './values.ts';

/** The way of tasks to the workers: the ring, and the backlog of those that wait for a slot. */
export class Outbox {
  readonly #slots: Slots;
  readonly #pins: Pins;
  readonly #crew: Crew;
  readonly #priorityOf: (future: AnyFuture) => number;
  /** A task that waited for a slot can't be sent after all. */
  readonly #fail: (future: AnyFuture, error: unknown) => void;
  readonly backlog = new Backlog();
  #tail = 0;
  /** The worker that was woken last. */
  #called = -1;

  constructor(
    slots: Slots,
    pins: Pins,
    crew: Crew,
    priorityOf: (future: AnyFuture) => number,
    fail: (future: AnyFuture, error: unknown) => void,
  ) {
    this.#slots = slots;
    this.#pins = pins;
    this.#crew = crew;
    this.#priorityOf = priorityOf;
    this.#fail = fail;
  }

  /** A free slot, or SCRATCH when the task has to wait for one. */
  takeSlot(): number {
    return this.backlog.length > 0 || this.backlog.isOrdered ? SCRATCH : (this.#slots.takeFree() ?? SCRATCH);
  }

  /** Sends a task that has been written into a slot, or keeps it when it has to wait for one. Parcels go to `only` one worker, if it is named and still there. */
  put(
    future: AnyFuture,
    slot: number,
    at: number,
    flags: number,
    priority: number,
    parcels: readonly unknown[] | null,
    transfer: readonly unknown[],
    only?: PoolThread,
  ): void {
    if (slot !== SCRATCH) return this.#send(slot, at, future, flags, parcels, transfer, only);
    const ours = this.#takeOver(at, parcels, transfer);
    setTicket(future, BACKLOG);
    this.backlog.push(future, packUp(this.#slots.fabric, at, ours.parcels), flags, priority, ours.transfer);
    if (this.backlog.isOrdered) this.refill();
  }

  /** What is to be given away is the program's no more, though it is kept here. */
  #takeOver(at: number, parcels: readonly unknown[] | null, transfer: readonly unknown[]): Pick<Parked, 'parcels' | 'transfer'> {
    if (parcels === null || transfer.length === 0) return { parcels, transfer };
    try {
      return takeOver(parcels, transfer);
    } catch (error) {
      dropValue(this.#slots.fabric, at);
      throw error;
    }
  }

  /** Puts a slot that has been filled into the ring, or gives it to one worker when parcels go with it. */
  #send(
    slot: number,
    at: number,
    future: AnyFuture,
    flags: number,
    parcels: readonly unknown[] | null,
    transfer: readonly unknown[],
    only?: PoolThread,
  ): void {
    const { i32, f64 } = this.#slots.fabric;
    this.#slots.futures[slot] = future;
    const isStamped = (this.#tail & 15) === 0;
    i32[at + FLAGS] = isStamped ? flags | STAMPED : flags;
    if (isStamped) f64[(at + SENT_AT) >> 1] = monotonic();
    // Who sees the task run before its worker has written when it began must not take the time of the last task for it.
    if ((flags & TIMED) !== 0) f64[(at + BEGAN) >> 1] = 0;
    i32[at + RECORD] = recordOf(future);
    if (parcels !== null) return this.#give(slot, at, parcels, transfer, only);
    Atomics.store(i32, at, QUEUED);
    this.#push(slot);
  }

  #give(slot: number, at: number, parcels: readonly unknown[], transfer: readonly unknown[], only?: PoolThread): void {
    try {
      this.#pins.give(slot, parcels, transfer.length > 0, transfer, only);
    } catch (error) {
      // What is to be given away has been given away already. The caller still has the slot.
      const { fabric, futures } = this.#slots;
      this.#pins.drop(slot);
      dropValue(fabric, at);
      Atomics.store(fabric.i32, at, FREE);
      futures[slot] = null;
      throw error;
    }
  }

  #push(slot: number): void {
    const { fabric } = this.#slots;
    const { i32, base } = fabric;
    i32[base + RING + (this.#tail & RING_MASK)] = slot;
    this.#tail = (this.#tail + 1) | 0;
    Atomics.store(i32, base + TAIL, this.#tail);
    if (Atomics.load(i32, base + SLEEPERS) > 0) this.#call();
  }

  /** Has somebody look into the ring: whoever has been called, and has not looked yet, will. To wake one costs more than a tiny task. */
  #call(): void {
    const { fabric } = this.#slots;
    if (this.#called >= 0 && fabric.parkOf(this.#called) === CALLED) return;
    this.#called = fabric.wakeOne(this.#crew.slots.length);
  }

  /** From now on tasks are sent by priority: those that have not begun, and come after this one, are taken out of the ring again. */
  recall(priority: number): void {
    if (!this.backlog.isOrdered) this.backlog.order();
    const { fabric, futures } = this.#slots;
    for (let slot = SCRATCH + 1; slot < SLOTS; slot++) {
      const future = futures[slot];
      if (!future || this.#pins.of(slot) !== undefined) continue;
      const itsPriority = this.#priorityOf(future);
      if (itsPriority >= priority && priority > 0) continue;
      const at = fabric.slot(slot);
      if (Atomics.compareExchange(fabric.i32, at, QUEUED, WITHDRAWN) !== QUEUED) continue;
      const flags = fabric.i32[at + FLAGS]! & ~STAMPED;
      const packed = packUp(fabric, at, null);
      futures[slot] = null;
      setTicket(future, BACKLOG);
      this.backlog.push(future, packed, flags, itsPriority, NOTHING);
    }
  }

  /** Sends a task to a worker that is idle, which waits for another one to come to it. False when it has begun meanwhile. */
  move(slot: number, { parcels }: Pin, idle: PoolThread): boolean {
    const { fabric, futures } = this.#slots;
    const future = futures[slot];
    // That one finds that there is nothing to do, and the slot comes home.
    const other = future ? this.#slots.takeFree() : undefined;
    if (other === undefined) return false;
    const at = fabric.slot(slot);
    if (Atomics.compareExchange(fabric.i32, at, QUEUED, WITHDRAWN) !== QUEUED) {
      this.#slots.giveBack(other);
      return false;
    }
    const flags = fabric.i32[at + FLAGS]! & ~STAMPED;
    const task = packUp(fabric, at, parcels);
    futures[slot] = null;
    this.#pins.drop(slot);
    unpack(fabric, fabric.slot(other), task);
    setTicket(future!, other);
    this.#send(other, fabric.slot(other), future!, flags, parcels, NOTHING, idle);
    return true;
  }

  /** Gives slots to tasks that wait for one. */
  refill(): void {
    const slots = this.#slots;
    while (this.backlog.length > 0 && slots.hasFree && !this.#isFull()) {
      // Where order matters, no more are sent than can begin soon.
      if (this.backlog.isOrdered && this.#waiting() >= Math.max(1, this.#crew.living)) return;
      const task = this.backlog.shift()!;
      const { future, flags, parcels, transfer } = task;
      if (peek(future) >= CANCELLED) {
        dropPacked(task);
        continue;
      }
      const slot = slots.takeFree()!;
      const at = slots.fabric.slot(slot);
      unpack(slots.fabric, at, task);
      setTicket(future, slot);
      try {
        this.#send(slot, at, future, flags, parcels, transfer);
      } catch (error) {
        slots.giveBack(slot);
        this.#fail(future, error);
      }
    }
  }

  /** Puts slots into the ring again that are in nobody's hands any more. Those that are in there already stay where they are. */
  putAgain(queued: readonly number[]): void {
    const { i32, base } = this.#slots.fabric;
    const inRing = new Set<number>();
    for (let at = Atomics.load(i32, base + HEAD); at !== this.#tail; at = (at + 1) | 0) inRing.add(i32[base + RING + (at & RING_MASK)]!);
    for (const slot of queued) if (!inRing.has(slot) && !this.#isFull()) this.#push(slot);
    // It was perhaps the one that had been called for them.
    if (this.#waiting() > 0) this.#called = this.#slots.fabric.wakeOne(this.#crew.slots.length);
  }

  #waiting(): number {
    const { i32, base } = this.#slots.fabric;
    return (this.#tail - Atomics.load(i32, base + HEAD)) | 0;
  }

  /** After a worker has died, a number may lie in the ring twice. */
  #isFull(): boolean {
    return this.#waiting() >= RING_SLOTS;
  }
}
