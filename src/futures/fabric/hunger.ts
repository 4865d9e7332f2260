import { monotonic } from '../../base/monotonic.ts';
import { coreTimes, isInLine, tellsCoreTimes } from '../../system/core-time.ts';
import * as roster from '../../word/roster.ts';
import { BATCH_SIZE, BATCH_SLOTS, type Fabric, HEAD, TAIL } from './layout.ts';
import type { PoolThread } from './pool-thread.ts';

const LOOK_MS = 50;
/** As long as the threads want a smaller share of the cores than this, one more is of use. */
const USED_SHARE = 0.5;
/** The same where only the time is known that the whole process got. */
const IDLE_SHARE = 0.3;

interface Need {
  /** Whether there may be one more, and there is something to do for it. */
  isWanted(): boolean;
  /** Whether tasks wait that are not in the ring: those that other threads have handed over, and those that go to one worker. */
  hasBeside(): boolean;
  /** Starts one more. */
  feed(): void;
}

interface Seen {
  readonly at: number;
  readonly tail: number;
  readonly hasBeside: boolean;
  /** What each thread was at: the first of the tasks that it had taken at once, as the number of a slot; 0: it had not. */
  readonly plates: ReadonlyMap<PoolThread, number>;
  /** How much each thread of the process had wanted a core; `null` where only is told how much they all had, `used`. */
  readonly wanted: ReadonlyMap<number, number> | null;
  readonly used: NodeJS.CpuUsage;
}

/**
 * Starts one thread more when tasks have waited for some time, and the threads did not even want the cores: they are blocked. Where they compute
 * it would only be in their way, also where other programs leave them little of the processor.
 *
 *   the tasks   have waited since the last look: some lie where they lay then
 *   the threads are all at work: none is about to look for a task, or still begins
 *   the cores   were wanted less than USED_SHARE, by the threads and by those of V8 that they may be waiting for: what they ran, and what they
 *               stood in line for it
 */
export class Hunger {
  readonly #fabric: Fabric;
  readonly #crew: { readonly threads: readonly PoolThread[] };
  /** How many can compute at the same time. */
  readonly #cores: number;
  readonly #need: Need;
  #timer: NodeJS.Timeout | null = null;
  #seen: Seen | null = null;

  constructor(fabric: Fabric, crew: { readonly threads: readonly PoolThread[] }, cores: number, need: Need) {
    this.#fabric = fabric;
    this.#crew = crew;
    this.#cores = cores;
    this.#need = need;
  }

  /** There are more tasks than threads. */
  begin(): void {
    if (this.#timer !== null) return;
    this.#seen = this.#see();
    this.#lookLater();
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.look();
      if (this.#seen !== null) this.#lookLater();
    }, LOOK_MS).unref();
  }

  /** Also for when the event loop stands still, and with it the timer. Two looks in a row would not see anything move. */
  look(): void {
    if (this.#seen !== null && monotonic() - this.#seen.at > LOOK_MS / 2) this.#look(this.#seen);
  }

  #look(before: Seen): void {
    if (!this.#need.isWanted()) {
      this.#seen = null;
      return;
    }
    const now = (this.#seen = this.#see());
    const isBusy = this.#crew.threads.every((thread) => thread.isReady && !thread.isIdle);
    if (isBusy && this.#haveWaited(before, now) && (now.plates.size < this.#cores || this.#areBlocked(before, now))) this.#need.feed();
  }

  #see(): Seen {
    const { i32, base } = this.#fabric;
    return {
      at: monotonic(),
      tail: Atomics.load(i32, base + TAIL),
      hasBeside: this.#need.hasBeside(),
      plates: new Map(this.#crew.threads.map((thread) => [thread, this.#plateOf(thread)])),
      wanted: tellsCoreTimes() ? coreTimes() : null,
      used: process.cpuUsage(),
    };
  }

  #plateOf({ number }: PoolThread): number {
    const { i32 } = this.#fabric;
    const area = this.#fabric.worker(number);
    return Atomics.load(i32, area + BATCH_SIZE) === 0 ? 0 : i32[area + BATCH_SLOTS]!;
  }

  /** Whether something has not been begun that had been handed over at the last look. */
  #haveWaited(before: Seen, now: Seen): boolean {
    const { i32, base } = this.#fabric;
    if (((before.tail - Atomics.load(i32, base + HEAD)) | 0) > 0 || (before.hasBeside && now.hasBeside)) return true;
    for (const [thread, batch] of now.plates) if (batch !== 0 && batch === before.plates.get(thread)) return true;
    return false;
  }

  /** Whether the threads leave a good part of the cores to others, and would not have it otherwise. */
  #areBlocked(before: Seen, now: Seen): boolean {
    const { threads } = this.#crew;
    // One that has just come will take a task.
    if (threads.some((thread) => !before.plates.has(thread))) return false;
    const passed = now.at - before.at;
    if (now.wanted === null || before.wanted === null) {
      const busy = now.used.user + now.used.system - before.used.user - before.used.system;
      return busy / 1000 < passed * Math.min(threads.length, this.#cores) * IDLE_SHARE;
    }
    const ours = new Set(threads.map(({ nativeId }) => nativeId));
    const strangers = new Set(roster.list().map(({ nativeId }) => nativeId));
    let share = 0;
    for (const [native, wanted] of now.wanted) {
      if (strangers.has(native) && !ours.has(native)) continue;
      if (isInLine(native)) share++;
      else share += Math.min(1, (wanted - (before.wanted.get(native) ?? wanted)) / passed);
    }
    return share < this.#cores * USED_SHARE;
  }
}
