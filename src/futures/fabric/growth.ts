import type { Crew } from './crew.ts';
import { Inbox } from './inbox.ts';
import { type Fabric, INBOX, SLEEPERS } from './layout.ts';
import type { Load } from './load.ts';

/** When a pool asks for more threads. */
export class Growth {
  readonly #fabric: Fabric;
  readonly #crew: Crew;
  readonly #load: Load;
  readonly #maxWorkers: number;
  readonly #isStopping: () => boolean;
  readonly #fail: (error: unknown) => void;
  #inbox: Inbox | null = null;

  constructor(
    fabric: Fabric,
    crew: Crew,
    load: Load,
    maxWorkers: number,
    isStopping: () => boolean,
    /** There is no thread, and none can be started. */
    fail: (error: unknown) => void,
  ) {
    this.#fabric = fabric;
    this.#crew = crew;
    this.#load = load;
    this.#maxWorkers = maxWorkers;
    this.#isStopping = isStopping;
    this.#fail = fail;
  }

  /** Something is about to be handed over. The first function takes long to be packed: meanwhile the first thread starts. */
  prepare(): void {
    if (this.#crew.living === 0) this.#grow();
  }

  /** There may be more to do than there are threads. */
  forLoad(): void {
    if (this.#load.outstanding > this.#crew.living) this.#grow();
  }

  /** Other threads may have handed over tasks that nobody has taken. */
  forInbox(): void {
    const { i32, base } = this.#fabric;
    if (this.#crew.living >= this.#maxWorkers || Atomics.load(i32, base + INBOX) === 0) return;
    const waiting = (this.#inbox ??= Inbox.find(this.#fabric)!).size;
    if (waiting > 0 && Atomics.load(i32, base + SLEEPERS) === 0) this.#grow();
  }

  #grow(): void {
    if (this.#crew.living >= this.#maxWorkers || this.#isStopping()) return;
    try {
      this.#crew.grow();
    } catch (error) {
      // With fewer threads than there may be, it takes longer.
      if (this.#crew.living === 0) this.#fail(error);
    }
  }
}
