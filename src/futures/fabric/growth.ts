import type { Crew, CrewOptions } from './crew.ts';
import { Hunger } from './hunger.ts';
import { type Fabric, SLEEPERS } from './layout.ts';
import type { Load } from './load.ts';
import type { Mail } from './mail.ts';

/** So long it makes do with the threads that it has, when others could not begin: what they lacked may be there again. */
const REST_MS = 1000;

/** When a pool asks for more threads. */
export class Growth {
  readonly #fabric: Fabric;
  readonly #crew: Crew;
  readonly #load: Load;
  readonly #mail: Mail;
  readonly #options: CrewOptions;
  readonly #keptByBroken: () => number;
  readonly #isStopping: () => boolean;
  readonly #fail: (error: unknown) => void;
  readonly #hunger: Hunger;
  #isResting = false;

  constructor(
    fabric: Fabric,
    crew: Crew,
    load: Load,
    mail: Mail,
    pins: { readonly isAnyWaiting: boolean },
    options: CrewOptions,
    /** How many threads are kept by tasks that have been broken off. */
    keptByBroken: () => number,
    isStopping: () => boolean,
    /** There is no thread, and none can be started. */
    fail: (error: unknown) => void,
  ) {
    this.#fabric = fabric;
    this.#crew = crew;
    this.#load = load;
    this.#mail = mail;
    this.#options = options;
    this.#keptByBroken = keptByBroken;
    this.#isStopping = isStopping;
    this.#fail = fail;
    this.#hunger = new Hunger(fabric, crew, options.eagerWorkers, {
      isWanted: () => this.#mayGrow && (load.outstanding > crew.living - keptByBroken() || mail.isWaiting),
      hasBeside: () => mail.isWaiting || pins.isAnyWaiting,
      feed: () => this.#start(),
    });
  }

  /** Something is about to be handed over. The first function takes long to be packed: meanwhile the first thread starts. */
  prepare(): void {
    if (this.#crew.living === 0) this.#grow();
  }

  /** There may be more to do than there are threads. So many of the tasks are lost, and only not told of yet. */
  forLoad(lost = 0): void {
    const { living } = this.#crew;
    const tasks = this.#load.outstanding - lost;
    if (tasks > living) this.#grow();
    // As a rule they are free again in less time than another one takes to start: it is waited a moment.
    else if (tasks > living - this.#keptByBroken() && this.#mayGrow) this.#hunger.begin();
  }

  /** Other threads may have handed over tasks that nobody has taken. */
  forInbox(): void {
    if (!this.#mayGrow || !this.#mail.isWaiting) return;
    const { i32, base } = this.#fabric;
    if (Atomics.load(i32, base + SLEEPERS) === 0) this.#grow();
    else this.#hunger.begin();
  }

  /** A place has become free, whoever handed the tasks over that there may be for it. */
  forAll(): void {
    this.forLoad();
    this.forInbox();
  }

  /** Threads could not begin, and there are some that have. */
  rest(): void {
    if (this.#isResting) return;
    this.#isResting = true;
    setTimeout(() => {
      this.#isResting = false;
      this.forAll();
    }, REST_MS).unref();
  }

  /** The event loop stands still, and its timers do not ring. */
  look(): void {
    this.#hunger.look();
  }

  get #mayGrow(): boolean {
    const { living } = this.#crew;
    return living < this.#options.maxWorkers && !(this.#isResting && living > 0) && !this.#isStopping();
  }

  #grow(): void {
    if (!this.#mayGrow) return;
    if (this.#crew.living < this.#options.eagerWorkers) this.#start();
    // Nobody tells when all of them are blocked.
    if (this.#options.eagerWorkers < this.#options.maxWorkers) this.#hunger.begin();
  }

  #start(): void {
    try {
      this.#crew.start();
    } catch (error) {
      // With fewer threads than there may be, it takes longer.
      if (this.#crew.living === 0) this.#fail(error);
    }
  }
}
