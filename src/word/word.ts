import type { Deadline } from '../base/deadline.ts';

/** Why a sleeping thread runs again. `woken` may be spurious: callers re-check their condition. */
export type WakeReason = 'woken' | 'changed' | 'timed-out' | 'cancelled';

/**
 * One 32-bit word that several threads, or several processes, can see.
 *
 * Every operation is sequentially consistent. `sleep` re-reads the word and goes to sleep in one atomic
 * step: a `wake` that follows a change of the word can therefore never be lost.
 */
export interface FutexWord {
  load(): number;
  store(value: number): void;
  /** A plain store, in no order with anything but what the calling thread does: for words that a lock guards. Much quicker. */
  put(value: number): void;
  exchange(value: number): number;
  compareExchange(expected: number, replacement: number): number;
  /** Adds and returns the value before. */
  add(delta: number): number;
  /** Blocks this thread while the word holds `expected`. */
  sleep(expected: number, deadline: Deadline): WakeReason;
  /** The same without blocking; `cancel` receives a function that ends the sleep early. */
  sleepAsync(expected: number, deadline: Deadline, cancel?: Cancel): Promise<WakeReason>;
  /** Wakes at most `count` sleepers and returns how many. */
  wake(count: number): number;
  /** Who the caller is, as locks write it: a small positive number, unique among the living. */
  readonly self: number;
  /** Whether the thread of this number has died without an orderly end: what it held is abandoned. */
  isDead(id: number): boolean;
}

/** Receives the function that ends a pending `sleepAsync` with `cancelled`. */
export interface Cancel {
  set(end: () => void): void;
}
