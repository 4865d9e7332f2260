import { hasWorkers } from '../../host/thread/carrier.ts';
import { isLoopEmpty, runReactions } from '../../host/thread/loop.ts';
import { Glance } from '../../sync/glance.ts';
import { sharedHeap } from '../../word/heap.ts';
import type { FutexWord } from '../../word/word.ts';
import { AWAKE, CALLED, type Fabric, HEAD, HELD, LISTENING, PARK, PARKED, SLEEPERS, TAIL } from './layout.ts';

/** Less than a sleep and its wake cost both sides. */
const GLANCE_MS = 0.025;

/** How a worker sleeps when there is nothing to do: itself, or in its event loop when something goes on there. */
export class Parking {
  readonly #fabric: Fabric;
  readonly #park: number;
  readonly #hasWork: () => boolean;
  readonly #woken: () => void;
  readonly #tail: FutexWord;
  /** Where one task follows the other, the next one comes before this worker would be asleep. */
  readonly #glance = new Glance(GLANCE_MS);
  /** Its event loop is known to be empty. Nothing but a task can change that. */
  #isQuiet = false;

  constructor(fabric: Fabric, number: number, hasWork: () => boolean, woken: () => void) {
    this.#fabric = fabric;
    this.#park = fabric.worker(number) + PARK;
    this.#hasWork = hasWork;
    this.#woken = woken;
    this.#tail = sharedHeap().word((fabric.base + TAIL) * 4);
  }

  /** Something has run. */
  disturb(): void {
    this.#isQuiet = false;
  }

  /**
   * What tasks have left in the queues of the event loop has its turn before the thread sleeps. False when that needs the event loop. Throws
   * what it throws. True: it is to look for work once more.
   */
  settleDown(): boolean {
    if (!runReactions()) return false;
    const { i32, base } = this.#fabric;
    Atomics.store(i32, this.#park, CALLED);
    this.#isQuiet = isLoopEmpty() && !hasWorkers();
    if (this.#isQuiet) this.#glance.sees(this.#tail, Atomics.load(i32, base + HEAD));
    this.wakeUp();
    return this.#isQuiet;
  }

  /** Sleeps until it is woken. True: go on. False: it waits in the event loop, and will be called. */
  sleep(): boolean {
    const { i32, base } = this.#fabric;
    const park = this.#park;
    this.#isQuiet ||= isLoopEmpty() && !hasWorkers();
    const state = this.#isQuiet ? PARKED : LISTENING;
    // In this order: one that dies in between leaves a number that is too great, which does no harm.
    Atomics.add(i32, base + SLEEPERS, 1);
    Atomics.store(i32, park, state);
    if (!this.#hasWork()) {
      if (Atomics.load(i32, base + HELD) > 0) this.#fabric.ring();
      if (state === LISTENING) {
        const { async, value } = Atomics.waitAsync(i32, park, state);
        if (async) {
          void value.then(this.#woken);
          return false;
        }
      } else Atomics.wait(i32, park, state);
    }
    this.wakeUp();
    return true;
  }

  /** To be called before it looks for work. */
  wakeUp(): void {
    const { i32, base } = this.#fabric;
    const before = Atomics.exchange(i32, this.#park, AWAKE);
    if (before === PARKED || before === LISTENING) Atomics.sub(i32, base + SLEEPERS, 1);
  }

  /** Others may have relied on this worker to look into the ring, and it does something else. */
  passOn(): void {
    const { i32, base, workers } = this.#fabric;
    if (Atomics.load(i32, base + HEAD) !== Atomics.load(i32, base + TAIL)) this.#fabric.wakeOne(workers);
  }
}
