import type { AsyncCalls } from './raw-profile.ts';

interface Tally {
  calls: number;
  wall: number;
  onCpu: number;
  atOnce: number;
  atOnceMax: number;
}

/** Calls of async functions, by whatever names a function: how many, how long in milliseconds, and how many at once. */
export class AsyncTallies<K> {
  readonly #tallies = new Map<K, Tally>();

  begin(key: K): void {
    let tally = this.#tallies.get(key);
    if (tally === undefined) this.#tallies.set(key, (tally = { calls: 0, wall: 0, onCpu: 0, atOnce: 0, atOnceMax: 0 }));
    tally.calls++;
    tally.atOnceMax = Math.max(tally.atOnceMax, ++tally.atOnce);
  }

  end(key: K, wall: number, onCpu: number): void {
    const tally = this.#tallies.get(key);
    if (tally === undefined) return;
    tally.atOnce--;
    tally.wall += wall;
    tally.onCpu += onCpu;
  }

  /** What was entered since the last time. Calls that are under way then are in the next one with their time. */
  take(): [K, AsyncCalls][] {
    const taken = [...this.#tallies].map(([key, { calls, wall, onCpu, atOnceMax }]): [K, AsyncCalls] => [
      key,
      { calls, wall, onCpu, atOnceMax },
    ]);
    for (const [key, tally] of this.#tallies) {
      if (tally.atOnce === 0) this.#tallies.delete(key);
      else Object.assign(tally, { calls: 0, wall: 0, onCpu: 0, atOnceMax: tally.atOnce });
    }
    return taken;
  }
}
