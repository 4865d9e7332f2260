import { atExit } from '../../base/at-exit.ts';
import type { Deadline } from '../../base/deadline.ts';
import { onPatrol } from '../../sync/patrol.ts';
import { BrokenExecutorError, shutDown } from '../errors.ts';
import { type AnyFuture, type Future, together } from '../future.ts';
import { FAILED } from '../future-record.ts';
import { NO_TERMS, type Terms } from '../terms.ts';
import type { Values } from '../value-list.ts';
import { BreakOffs } from './break-offs.ts';
import { Crew, type CrewOptions } from './crew.ts';
import { Direct } from './direct.ts';
import { Ending } from './ending.ts';
import { Fates } from './fates.ts';
import { type AnyFunction, FunctionNumbers } from './function-table.ts';
import { Growth } from './growth.ts';
import { HandOver } from './hand-over.ts';
import { BROKEN, Fabric, SHUT, SLOTS } from './layout.ts';
import { Listener } from './listener.ts';
import { Load } from './load.ts';
import { Losses } from './losses.ts';
import { Mail } from './mail.ts';
import { Outbox } from './outbox.ts';
import { dropPacked } from './parked.ts';
import { Pins } from './pins.ts';
import type { PoolThread, ThreadEnd } from './pool-thread.ts';
import { Rebalance } from './rebalance.ts';
import { Results } from './results.ts';
import { Slots } from './slots.ts';
import { StableFunctions } from './stable-functions.ts';
import { SCRATCH } from './ticket.ts';
import { Works } from './works.ts';

export type CoreOptions = CrewOptions;

let isExiting = false;
atExit(() => (isExiting = true));

/** The pools that this thread has made, and that are not over. */
const pools = new Set<PoolCore>();
onPatrol.push(() => {
  let wasAsked = false;
  for (const pool of pools) if (pool.see()) wasAsked = true;
  return wasAsked;
});

/** What a thread pool is for the thread that made it: it hands tasks over, hears of the results, and ends the futures. */
export class PoolCore {
  readonly fabric: Fabric = Fabric.allocate();
  readonly crew: Crew;
  readonly load: Load;
  readonly fates: Fates;
  readonly ending: Ending;
  readonly #options: CoreOptions;
  readonly #functions: FunctionNumbers = new FunctionNumbers(this.fabric);
  readonly #stable: StableFunctions = new StableFunctions(this.#functions);
  readonly #slots: Slots;
  readonly #pins: Pins;
  readonly #rebalance: Rebalance;
  readonly #outbox: Outbox;
  readonly #works: Works;
  readonly #handOver: HandOver;
  readonly #breakOffs: BreakOffs;
  readonly #results: Results;
  readonly #losses: Losses;
  readonly #listener: Listener;
  readonly #growth: Growth;
  readonly #mail: Mail = new Mail(this.fabric);
  #isDraining = false;
  #broken: BrokenExecutorError | null = null;

  constructor(options: CoreOptions) {
    this.#options = options;
    this.load = new Load({
      becomeBusy: () => {
        this.crew.becomeBusy();
        this.#listener.listen();
      },
      becomeIdle: () => this.crew.becomeIdle(),
    });
    this.crew = new Crew(this.fabric, options, (thread, end) => this.#died(thread, end));
    this.#pins = new Pins(
      this.fabric,
      this.crew,
      (thread) => this.#losses.takeLeave(thread),
      () => this.#rebalance.watch(),
    );
    this.#growth = new Growth(
      this.fabric,
      this.crew,
      this.load,
      this.#mail,
      this.#pins,
      options,
      () => this.#breakOffs.keeping,
      () => this.ending.isStopping,
      (error) => this.#break('no thread can be started', error),
    );
    this.#slots = new Slots(this.fabric, this.#pins);
    this.#works = new Works(this.#slots, (future, error) => this.fates.endEarly(future, error));
    this.#breakOffs = new BreakOffs(this.#slots, this.crew, () => this.#growth.forAll());
    this.fates = new Fates(this.#slots, this.#works, this.#breakOffs, this.load, {
      waitSync: (isDone, deadline) => this.waitSync(isDone, deadline),
      missingFor: (future) => this.#results.missingFor(future),
      endStream: (future, error) => this.#results.endStream(future, error),
      runAgain: (work, delay) => this.#handOver.later(work, delay),
    });
    const priorityOf = (future: AnyFuture): number => this.#works.of(future)?.terms.priority ?? 0;
    this.#outbox = new Outbox(this.#slots, this.#pins, this.crew, priorityOf, (future, error) => {
      this.load.outstanding--;
      this.fates.finish(future, FAILED, error);
    });
    this.#rebalance = new Rebalance(this.#slots, this.#pins, this.#outbox);
    this.#handOver = new HandOver(
      this.fates,
      this.#slots,
      this.#pins,
      this.#outbox,
      this.#works,
      this.load,
      new Direct(this.fabric, this.crew),
      {
        drain: () => this.drain(),
        added: () => {
          this.load.becomeBusy();
          this.#growth.forLoad();
        },
        checkUsable: () => this.#checkUsable(),
        retried: () => this.fates.counts.retried++,
        failed: (future, error) => {
          this.fates.finish(future, FAILED, error);
          this.load.becomeIdle();
        },
      },
    );
    this.#results = new Results(this.#slots, {
      name: options.name,
      ended: (future, state, value, isStream) => this.fates.ended(future, state, value, isStream),
      endedLate: () => this.load.becomeIdle(),
      listenerOf: (future) => this.#works.of(future)?.terms.onMessage,
      stopStream: (future, failed) => this.fates.stopStream(future, failed),
    });
    this.#losses = new Losses(this.#slots, this.#pins, this.#outbox, this.#mail, this.crew, this.#results, {
      break: (why, cause) => this.#break(why, cause),
      replace: (lost) => this.#growth.forLoad(lost),
      rest: () => this.#growth.rest(),
    });
    const hasResults = (): boolean => !this.#isDraining && this.#hasResults();
    const works = this.#works;
    this.#listener = new Listener(this.fabric, {
      get hasResults() {
        return hasResults();
      },
      get due() {
        return works.delays.due;
      },
      drain: () => this.drain(),
      lookForMail: () => this.#growth.forInbox(),
    });
    this.ending = new Ending({
      fabric: this.fabric,
      crew: this.crew,
      load: this.load,
      slots: this.#slots,
      outbox: this.#outbox,
      mail: this.#mail,
      functions: this.#functions,
      losses: this.#losses,
      listener: this.#listener,
      waitSync: (isDone, deadline) => this.waitSync(isDone, deadline),
      late: () => this.#results.late,
      whenOver: () => pools.delete(this),
      why: () => this.#broken ?? shutDown(options.name),
    });
    for (let i = 0; i < options.minWorkers; i++) this.crew.start();
    pools.add(this);
  }

  get name(): string {
    return this.#options.name;
  }
  /** How many threads are started as soon as there is work for them. */
  get eagerWorkers(): number {
    return this.#options.eagerWorkers;
  }

  /** Why nothing can be handed over any more, if it is because something broke. */
  get broken(): BrokenExecutorError | null {
    return this.#broken;
  }

  /** How many tasks run at this moment. */
  get running(): number {
    return this.ending.isOver ? 0 : this.#slots.running;
  }

  // ------------------------------------------------------------------ handing over

  /** Hands a task over. Throws `SendError` for what can't travel, and nothing has been handed over then. */
  submit(fn: AnyFunction, args: readonly unknown[], terms: Terms = NO_TERMS, known?: number): Future {
    this.#prepare();
    const number = known ?? this.numberOf(fn);
    return terms === NO_TERMS ? this.#handOver.plain(number, fn, args) : this.#handOver.onTerms(terms, number, fn, args);
  }

  /** The number of a function that is the same each time that it is handed over; 0 for one that has to be sent each time. Throws `SendError`. */
  numberOf(fn: AnyFunction): number {
    return this.#stable.numberOf(fn);
  }

  /** Hands over a chunk of items for a function that has a number, or 0. */
  submitChunk(number: number, fn: AnyFunction, items: Values, isSpread: boolean): Future {
    this.#prepare();
    return this.#handOver.chunk(number, fn, items, isSpread);
  }

  /** Has each of the threads that there are now call a function. */
  submitToAll(fn: AnyFunction, args: readonly unknown[]): Future[] {
    this.#checkUsable();
    return this.#handOver.toEach(this.crew.threads, this.#functions.enter(fn), fn, args);
  }

  /** A number for a function that will be applied often, for as long as it is not left; 0 when it has to be sent each time. Throws `SendError`. */
  enter(fn: AnyFunction): { readonly number: number; readonly leave: () => void } {
    const stable = this.#stable.numberForMany(fn);
    if (stable !== 0) return { number: stable, leave: () => {} };
    const number = this.#functions.enter(fn);
    const leave = (): void => {
      if (number !== 0 && !this.ending.isStopping) this.#functions.leave(number);
    };
    return { number, leave };
  }

  #prepare(): void {
    this.#checkUsable();
    this.#growth.prepare();
    // There may be no thread, and none can be started: nobody would run it.
    if (this.#broken !== null) this.#checkUsable();
  }

  #checkUsable(): void {
    if (this.#broken !== null) throw new BrokenExecutorError(this.#broken.message, { cause: this.#broken.cause });
    if (isExiting) throw new BrokenExecutorError(`cannot hand anything to ${this.name}: the process is ending`);
  }

  // ------------------------------------------------------------------ results

  #hasResults(): boolean {
    for (const thread of this.crew.slots) if (thread?.hasResults === true) return true;
    return false;
  }

  /** Takes the results that have come. */
  drain(): void {
    if (this.#isDraining || this.ending.isOver) return;
    this.#isDraining = true;
    const { backlog } = this.#outbox;
    try {
      for (const thread of this.crew.slots) {
        if (thread === null) continue;
        for (let slot = thread.nextResult(); slot !== 0; slot = thread.nextResult()) {
          this.#results.take(slot, thread);
          if (backlog.length > 0) this.#outbox.refill();
        }
        if (thread.hasLeft) this.#losses.left(thread, this.ending.isStopping);
      }
      if (backlog.length > 0) this.#outbox.refill();
      this.#rebalance.look();
      this.#growth.forInbox();
    } finally {
      this.#isDraining = false;
    }
    this.load.becomeIdle();
  }

  /** Blocks until `isDone`, taking results meanwhile, or until the deadline. */
  waitSync(isDone: () => boolean, deadline: Deadline): void {
    this.#evenWhileDraining(() => this.#listener.waitSync(isDone, deadline));
  }

  /** A callback that blocks, while results are taken, waits for what nobody else would take meanwhile. */
  #evenWhileDraining(act: () => void): void {
    const wasDraining = this.#isDraining;
    this.#isDraining = false;
    try {
      act();
    } finally {
      this.#isDraining = wasDraining;
    }
  }

  /**
   * This thread waits for something else, and its event loop stands still: sees to what the workers, and other threads that have this pool's
   * futures, need of their owner. Says whether there was anything.
   */
  see(): boolean {
    if (this.ending.isOver) return false;
    const { outstanding } = this.load;
    this.#evenWhileDraining(() => {
      this.drain();
      this.#look();
    });
    return this.load.outstanding !== outstanding;
  }

  #look(): void {
    if (this.ending.isOver) return;
    for (const thread of this.crew.threads) {
      const end = thread.lookForEnd();
      if (end !== null) this.#died(thread, end);
    }
    this.#breakOffs.endStubborn();
    this.#works.checkTimes();
    this.#rebalance.look();
    this.#growth.look();
  }

  #died(thread: PoolThread, end: ThreadEnd): void {
    if (this.crew.slots[thread.number] !== thread) return;
    if (thread.hasLeft) this.#losses.left(thread, this.ending.isStopping);
    else this.#losses.died(thread, end);
    // No result comes of what it had, which would send the next ones that wait in order.
    if (this.#outbox.backlog.length > 0) this.#outbox.refill();
    this.load.becomeIdle();
    // It may have died between taking the arming off the bell and ringing it: then nobody else would ring.
    this.#listener.listen();
  }

  /** Nothing can be run any more: everything that waits fails. */
  #break(why: string, cause: unknown): void {
    this.#broken ??= new BrokenExecutorError(`${this.name} is broken: ${why}`, { cause });
    together(() => this.#failAll(this.#broken!));
  }

  #failAll(error: BrokenExecutorError): void {
    if (!this.ending.isOver) Atomics.compareExchange(this.fabric.i32, this.fabric.base + SHUT, 0, BROKEN);
    for (const task of this.#outbox.backlog.takeAll()) {
      dropPacked(task);
      this.fates.endEarly(task.future, error);
    }
    for (const future of this.#works.delays.waiting) this.fates.endEarly(future, error);
    for (let slot = SCRATCH + 1; slot < SLOTS; slot++) {
      const future = this.#slots.futures[slot];
      if (!future || !this.#slots.withdraw(slot, this.fabric.slot(slot))) continue;
      this.load.outstanding--;
      this.fates.finish(future, FAILED, error);
    }
    this.ending.close();
    this.#mail.failAll(error);
    this.load.becomeIdle();
  }

  /** Ends the workers at once. */
  async terminate(): Promise<void> {
    this.#break('its workers were terminated', undefined);
    await this.ending.kill(() => {
      this.#look();
      // Those that have left in good order told of their results by the bell, which may be heard only when they are forgotten.
      this.drain();
    });
  }

  /** Other threads may hand over tasks from now on, also while this one is blocked: somebody has to be there for them. */
  serveOthers(): void {
    if (this.crew.living === 0 && !this.ending.isStopping) this.crew.start();
    this.#listener.listen();
  }
}
