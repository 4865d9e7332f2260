import { type Deadline, remaining } from '../base/deadline.ts';
import { holdLoop, releaseLoop } from './keep-alive.ts';
import { self } from './self.ts';
import type { Cancel, FutexWord, WakeReason } from './word.ts';

const REASON = { ok: 'woken', 'not-equal': 'changed', 'timed-out': 'timed-out' } as const;

/** A word of a `SharedArrayBuffer`: seen by every thread of this process. */
export class SharedWord implements FutexWord {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  get self(): number {
    return self.id;
  }
  isDead(id: number): boolean {
    return self.isDead(id);
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
    return REASON[Atomics.wait(this.#view, this.#index, expected, remaining(deadline))];
  }
  sleepAsync(expected: number, deadline: Deadline, cancel?: Cancel): Promise<WakeReason> {
    const outcome = Atomics.waitAsync(this.#view, this.#index, expected, remaining(deadline));
    if (!outcome.async) return Promise.resolve(REASON[outcome.value]);
    holdLoop();
    return new Promise((resolve) => {
      let pending = true;
      const end = (reason: WakeReason): void => {
        if (!pending) return;
        pending = false;
        releaseLoop();
        resolve(reason);
      };
      void outcome.value.then((result) => {
        // The engine has no way to take a waiter back. One that was cancelled may eat a wake that was
        // meant for somebody else, so it passes that wake on.
        if (!pending && result === 'ok') this.wake(1);
        end(REASON[result]);
      });
      cancel?.set(() => end('cancelled'));
    });
  }
  wake(count: number): number {
    return Atomics.notify(this.#view, this.#index, count);
  }
}
