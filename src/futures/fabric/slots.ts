import type { EncodeOptions } from '../../message/index.ts';
import type { AnyFuture } from '../future.ts';
import type { AnyFunction } from './function-table.ts';
import { type Fabric, FREE, FUNCTION, KIND, NONE, QUEUED, RUNNING, SLOTS, STATE, WITHDRAWN } from './layout.ts';
import type { Pins } from './pins.ts';
import { SCRATCH } from './ticket.ts';
import { dropValue, putMessage, putValue } from './values.ts';

/** Nothing is given away. */
export const NOTHING: readonly never[] = [];

/** The slots of a pool, as its owner keeps them: which of them are free, and whose task lies in each. */
export class Slots {
  readonly fabric: Fabric;
  readonly #pins: Pins;
  /** By slot: the future of its task; `null`: there is none, or nobody wants it any more. */
  readonly futures: (AnyFuture | null)[] = new Array<AnyFuture | null>(SLOTS).fill(null);
  readonly #free: number[] = [];
  /** From here on none has been taken yet. */
  #untouched = SCRATCH + 1;

  constructor(fabric: Fabric, pins: Pins) {
    this.fabric = fabric;
    this.#pins = pins;
  }

  get hasFree(): boolean {
    return this.#free.length > 0 || this.#untouched < SLOTS;
  }

  takeFree(): number | undefined {
    return this.#free.pop() ?? (this.#untouched < SLOTS ? this.#untouched++ : undefined);
  }

  /** For a slot in which nothing has been sent. */
  giveBack(slot: number): void {
    if (slot !== SCRATCH && this.futures[slot] === null) this.#free.push(slot);
  }

  /** The task is done, or gone. */
  release(slot: number, at: number): void {
    this.futures[slot] = null;
    this.#pins.drop(slot);
    Atomics.store(this.fabric.i32, at, FREE);
    this.#free.push(slot);
  }

  /** Takes a task back that has not begun. Its slot comes home through the ring, or by the worker that it was sent to. */
  withdraw(slot: number, at: number): boolean {
    // Nobody reads the arguments of a task that is not QUEUED.
    if (Atomics.compareExchange(this.fabric.i32, at, QUEUED, WITHDRAWN) !== QUEUED) return false;
    dropValue(this.fabric, at);
    this.futures[slot] = null;
    // Nobody else knows of it.
    if (this.#pins.of(slot)?.worker === null) this.release(slot, at);
    return true;
  }

  /** Writes function and arguments into a slot. Gives what has to go by a port; `null` when there is nothing of the kind. Throws `SendError`. */
  write(
    slot: number,
    at: number,
    number: number,
    fn: AnyFunction,
    args: readonly unknown[],
    options: EncodeOptions | undefined,
  ): readonly unknown[] | null {
    const { i32 } = this.fabric;
    i32[at + FUNCTION] = number;
    const room = slot === SCRATCH ? 0 : undefined;
    if (number === 0) return putMessage(i32, at, [fn, ...args], options, room);
    if (args.length === 0) {
      i32[at + KIND] = NONE;
      return null;
    }
    if (args.length === 1) {
      const arg = args[0];
      if (typeof arg === 'number' || arg === null || arg === undefined || typeof arg === 'boolean') return putValue(this.fabric, at, arg);
    }
    return putMessage(i32, at, args, options, room);
  }

  stateOf(slot: number): number {
    return Atomics.load(this.fabric.i32, this.fabric.slot(slot));
  }

  /** The slots that are in this state. */
  inState(state: number): number[] {
    const found: number[] = [];
    for (let slot = SCRATCH + 1; slot < SLOTS; slot++) if (this.stateOf(slot) === state) found.push(slot);
    return found;
  }

  /** How many tasks run at this moment. */
  get running(): number {
    let count = 0;
    for (let slot = SCRATCH + 1; slot < SLOTS; slot++) if (this.futures[slot] !== null && (this.stateOf(slot) & STATE) === RUNNING) count++;
    return count;
  }
}
