import { monotonic } from '../../base/monotonic.ts';
import type { EncodeOptions } from '../../message/index.ts';
import type { Crew } from './crew.ts';
import { type Fabric, HEAD, QUEUED, TAIL } from './layout.ts';
import type { PoolThread } from './pool-thread.ts';

/**
 * From so many bytes on it costs more to copy binary data into the shared memory and out of it than to give a copy away. What is most dear is memory
 * that was never touched: the C library gives a worker's back to the system as soon as the garbage collector has freed some of it.
 */
const DIRECT_FROM = 1 << 22;

const PATIENCE_MS = 1;
/** So often it looks before it sleeps. */
const LOOKS = 100;
/** After it was in vain, so many tasks go the other way. */
const SKIPPED = 16;

/** Those of the parcels that are copies: they can be given away. */
export function copiesIn(parcels: readonly unknown[]): readonly unknown[] {
  return parcels.filter((parcel) => parcel instanceof ArrayBuffer);
}

/**
 * Large arguments of a task, given as a copy to a worker that sleeps, or is about to look for one.
 *
 * What has been given away is gone when the worker dies, and what the copy was made of may be changed by the program as soon as the hand-over
 * returns. So the hand-over waits until the worker has begun the task; if that takes too long, it takes the task back and writes the
 * arguments into the shared memory, from where any worker can take them.
 */
export class Direct {
  readonly #fabric: Fabric;
  readonly #crew: Crew;
  #worker: PoolThread | null = null;
  #since = 0;
  #skip = 0;
  readonly #options: EncodeOptions = { besideFrom: DIRECT_FROM, besideIf: () => this.#find() };

  constructor(fabric: Fabric, crew: Crew) {
    this.#fabric = fabric;
    this.#crew = crew;
  }

  /** How arguments are written that may go this way. */
  get options(): EncodeOptions {
    this.#worker = null;
    return this.#options;
  }

  #find(): boolean {
    if (this.#skip > 0) {
      this.#skip--;
      return false;
    }
    this.#since = monotonic();
    const { slots } = this.#crew;
    const { i32, base } = this.#fabric;
    // One that looks out for its next task is as good, unless it finds another one.
    const isNothingElse = Atomics.load(i32, base + HEAD) === Atomics.load(i32, base + TAIL);
    const lookout = isNothingElse ? slots.find((thread) => thread?.isCalled === true) : undefined;
    this.#worker = lookout ?? slots.find((thread) => thread?.isParked === true) ?? null;
    return this.#worker !== null;
  }

  /** The worker that the arguments which have just been written are for; `null`: they have no copies among their parcels. */
  get worker(): PoolThread | null {
    return this.#worker;
  }

  /** Whether a worker has begun the task in a slot. Waits for that, for about as long as the copy took. */
  hasBegun(at: number): boolean {
    const { i32 } = this.#fabric;
    const now = monotonic();
    const end = now + (now - this.#since) + PATIENCE_MS;
    for (let i = 0; i < LOOKS; i++) if (Atomics.load(i32, at) !== QUEUED) return true;
    while (Atomics.load(i32, at) === QUEUED) {
      const left = end - monotonic();
      if (left <= 0) {
        this.#skip = SKIPPED;
        return false;
      }
      Atomics.wait(i32, at, QUEUED, left);
    }
    return true;
  }
}
