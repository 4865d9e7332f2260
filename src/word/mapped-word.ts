import { type Deadline, NEVER, remaining } from '../base/deadline.ts';
import { futexWait, futexWake } from '../system/memory.ts';
import type { Doorbell } from './doorbell.ts';
import type { Cancel, FutexWord, WakeReason } from './word.ts';

/** What a word needs of the heap that it lies in. */
export interface MappedGround {
  readonly i32: Int32Array;
  /** Where the heap lies in this process. */
  readonly address: number;
  readonly self: { id: number };
  isDead(id: number): boolean;
  readonly doorbell: Doorbell;
}

/** A word of mapped memory: seen by every process that maps it, and by every thread of those. */
export class MappedWord implements FutexWord {
  readonly #view: Int32Array;
  readonly #index: number;
  readonly #ground: MappedGround;

  constructor(ground: MappedGround, index: number) {
    this.#view = ground.i32;
    this.#index = index;
    this.#ground = ground;
  }

  get self(): number {
    return this.#ground.self.id;
  }
  isDead(id: number): boolean {
    return this.#ground.isDead(id);
  }
  load(): number {
    return Atomics.load(this.#view, this.#index);
  }
  store(value: number): void {
    Atomics.store(this.#view, this.#index, value);
  }
  put(value: number): void {
    this.#view[this.#index] = value;
  }
  exchange(value: number): number {
    return Atomics.exchange(this.#view, this.#index, value);
  }
  compareExchange(expected: number, replacement: number): number {
    return Atomics.compareExchange(this.#view, this.#index, expected, replacement);
  }
  add(delta: number): number {
    return Atomics.add(this.#view, this.#index, delta);
  }
  sleep(expected: number, deadline: Deadline): WakeReason {
    if (this.load() !== expected) return 'changed';
    const timeout = deadline === NEVER ? Infinity : remaining(deadline);
    return futexWait(this.#ground.address + this.#index * 4, expected, timeout);
  }
  sleepAsync(expected: number, deadline: Deadline, cancel?: Cancel): Promise<WakeReason> {
    return this.#ground.doorbell.sleep(this, this.#index, expected, deadline, cancel);
  }
  wake(count: number): number {
    const woken = futexWake(this.#ground.address + this.#index * 4, count);
    return woken < count ? woken + this.#ground.doorbell.ring(this.#index, count - woken) : woken;
  }
}
