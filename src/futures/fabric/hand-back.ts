import type { Ports } from '../../host/thread/port.ts';
import { drop, post } from '../../message/index.ts';
import { orDescribed } from '../describe-thrown.ts';
import { type ChunkResult, sendablePart } from './chunk.ts';
import { copiesIn } from './direct.ts';
import {
  CANCELLING,
  CHUNK,
  DONE,
  type Fabric,
  FAILED,
  FLAGS,
  KIND,
  NONE,
  PARCEL,
  PARCELS,
  PARK,
  RECORD,
  RETRIED,
  RUNNING,
} from './layout.ts';
import { settle } from './mail-runner.ts';
import type { Reporter } from './reporter.ts';
import { taskHere } from './task.ts';
import { dropValue, putValue } from './values.ts';

/** From here on it costs more to copy a result into the shared memory and out of it than to send a copy by a port. */
const RESULT = { besideFrom: 1 << 18 };

/** Throws what keeps a value from being sent. */
function trySending(value: unknown): void {
  drop(post(value).offset);
}

/** What goes with a result beside its message. */
export interface NumberedParcels {
  readonly number: number;
  readonly parcels: readonly unknown[];
}

/** How a worker hands back what becomes of the tasks that lie in slots. */
export class HandBack {
  readonly #fabric: Fabric;
  readonly #area: number;
  /** What this worker writes into the state of a slot beside the state. */
  readonly #mark: number;
  readonly #ports: Ports;
  readonly #reporter: Reporter;
  #parcels = 0;

  constructor(fabric: Fabric, area: number, mark: number, ports: Ports, reporter: Reporter) {
    this.#fabric = fabric;
    this.#area = area;
    this.#mark = mark;
    this.#ports = ports;
    this.#reporter = reporter;
  }

  /** Hands the result over. */
  finish(number: number, slot: number, value: unknown, flags: number, isAsync: boolean): void {
    const { i32 } = this.#fabric;
    taskHere.current = null;
    const tells = (i32[slot + FLAGS]! & RETRIED) === 0;
    const record = Atomics.load(i32, slot + RECORD) >>> 0;
    if (record !== 0 && tells) settle(record, value, flags === FAILED);
    const what = flags | this.#putResult(slot, value, flags);
    // Before the state says so: who finds it DONE when this worker is dead takes the result for what it is.
    if (what !== 0) Atomics.or(i32, slot + FLAGS, what);
    if (Atomics.compareExchange(i32, slot, RUNNING | this.#mark, DONE | this.#mark) !== (RUNNING | this.#mark)) {
      dropValue(this.#fabric, slot);
      // It was broken off when it had just ended. The interrupt is on its way, and must not hit the next one.
      if (!isAsync) this.standStill();
      this.giveUp(number, slot);
      return;
    }
    // The future has come to other threads since: whichever of us sees that tells them.
    if (record === 0 && tells && Atomics.load(i32, slot + RECORD) !== 0)
      settle(Atomics.load(i32, slot + RECORD) >>> 0, value, flags === FAILED);
    this.#reporter.report(number);
  }

  /** Gives the slot of a task back that is being broken off; false when it is no such task. */
  giveUp(number: number, slot: number): boolean {
    const from = CANCELLING | this.#mark;
    if (Atomics.compareExchange(this.#fabric.i32, slot, from, DONE | this.#mark) !== from) return false;
    this.#reporter.report(number);
    return true;
  }

  /** Gives more flags. What can't be sent makes this task fail, and no other. */
  #putResult(slot: number, value: unknown, flags: number): number {
    if ((flags & FAILED) !== 0) return this.#putError(slot, value);
    try {
      return this.#put(slot, value);
    } catch (error) {
      const { i32 } = this.#fabric;
      i32[slot + KIND] = NONE;
      if ((i32[slot + FLAGS]! & CHUNK) !== 0) return this.#put(slot, sendablePart(value as ChunkResult, trySending));
      return FAILED | this.#putError(slot, error);
    }
  }

  #putError(slot: number, error: unknown): number {
    return orDescribed(error, (one) => {
      this.#fabric.i32[slot + KIND] = NONE;
      return this.#put(slot, one);
    });
  }

  #put(slot: number, value: unknown): number {
    const parcels = putValue(this.#fabric, slot, value, RESULT);
    if (parcels === null) return 0;
    // Those of a task that was broken off meanwhile are never asked for: so each has a number.
    this.#fabric.i32[slot + PARCEL] = this.#parcels = (this.#parcels + 1) | 0;
    this.#ports.sendParcels({ number: this.#parcels, parcels } satisfies NumberedParcels, copiesIn(parcels));
    return PARCELS;
  }

  /** Waits to be interrupted. */
  standStill(): never {
    for (;;) Atomics.wait(this.#fabric.i32, this.#area + PARK, 0);
  }
}
