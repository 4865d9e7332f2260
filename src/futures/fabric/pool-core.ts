import { type Deadline, NEVER } from '../../base/deadline.ts';
import { sharedHeap } from '../../word/heap.ts';
import { BrokenExecutorError } from '../errors.ts';
import { type AnyFuture, type Future, peek, recordOf, settleFuture, setTicket, type Source, ticketOf } from '../future.ts';
import { CANCELLED, FAILED, moveRecord, PENDING, SUCCEEDED } from '../future-record.ts';
import { NO_TERMS, type Terms } from '../terms.ts';
import type { Values } from '../value-list.ts';
import { BreakOffs } from './break-offs.ts';
import { Crew, type CrewOptions } from './crew.ts';
import { Direct } from './direct.ts';
import { type AnyFunction, FunctionNumbers } from './function-table.ts';
import { HandOver } from './hand-over.ts';
import { Inbox } from './inbox.ts';
import { CLOSED, DONE, Fabric, INBOX, RECORD, RUNNING, SHUT, SLEEPERS, SLOTS, STATE } from './layout.ts';
import { Listener } from './listener.ts';
import { Load } from './load.ts';
import { Losses } from './losses.ts';
import { Outbox } from './outbox.ts';
import { dropPacked } from './parked.ts';
import { Pins } from './pins.ts';
import type { PoolThread, ThreadEnd } from './pool-thread.ts';
import { Results } from './results.ts';
import { Slots } from './slots.ts';
import { StableFunctions } from './stable-functions.ts';
import { BACKLOG, BETWEEN, NOWHERE, SCRATCH } from './ticket.ts';
import { delayBeforeRetry } from './work.ts';
import { Works } from './works.ts';

export type CoreOptions = CrewOptions;

let isExiting = false;
process.once('exit', () => (isExiting = true));

export interface Counts {
  completed: number;
  failed: number;
  cancelled: number;
  retried: number;
}

/** What a thread pool is for the thread that made it: it hands tasks over, hears of the results, and ends the futures. */
export class PoolCore implements Source {
  readonly fabric: Fabric = Fabric.allocate();
  readonly counts: Counts = { completed: 0, failed: 0, cancelled: 0, retried: 0 };
  readonly crew: Crew;
  readonly load: Load;
  readonly #options: CoreOptions;
  readonly #functions: FunctionNumbers = new FunctionNumbers(this.fabric);
  readonly #stable: StableFunctions = new StableFunctions(this.#functions);
  readonly #slots: Slots;
  readonly #pins: Pins;
  readonly #outbox: Outbox;
  readonly #works: Works;
  readonly #handOver: HandOver;
  readonly #breakOffs: BreakOffs;
  readonly #results: Results;
  readonly #losses: Losses;
  readonly #listener: Listener;
  #inbox: Inbox | null = null;
  #isDraining = false;
  #isStopping = false;
  /** Its threads are gone, and its memory is given back. */
  #isOver = false;
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
    this.crew = new Crew(
      this.fabric,
      options,
      (thread, end) => this.#died(thread, end),
      () => this.load.outstanding > this.crew.living,
    );
    this.#pins = new Pins(this.fabric, this.crew, (thread) => this.#losses.takeLeave(thread));
    this.#slots = new Slots(this.fabric, this.#pins);
    this.#works = new Works(this.#slots, (future, error) => this.#endEarly(future, error));
    const priorityOf = (future: AnyFuture): number => this.#works.of(future)?.terms.priority ?? 0;
    this.#outbox = new Outbox(this.#slots, this.#pins, this.crew, priorityOf, (future, error) => {
      this.load.outstanding--;
      this.#finish(future, FAILED, error);
    });
    this.#handOver = new HandOver(this, this.#slots, this.#pins, this.#outbox, this.#works, this.load, new Direct(this.fabric, this.crew), {
      drain: () => this.drain(),
      added: () => this.#added(),
      checkUsable: () => this.#checkUsable(),
      retried: () => this.counts.retried++,
      failed: (future, error) => {
        this.#finish(future, FAILED, error);
        this.load.becomeIdle();
      },
    });
    this.#breakOffs = new BreakOffs(this.#slots, this.crew);
    this.#results = new Results(this.#slots, {
      name: options.name,
      ended: (future, state, value, isStream) => this.#ended(future, state, value, isStream),
      endedLate: () => this.load.becomeIdle(),
      listenerOf: (future) => this.#works.of(future)?.terms.onMessage,
      stopStream: (slot, at) => this.#stopStream(slot, at),
    });
    this.#losses = new Losses(this.#slots, this.#pins, this.#outbox, this.crew, this.#results, {
      break: (why, cause) => this.#break(why, cause),
      replace: () => {
        if (this.load.outstanding > this.crew.living && !this.#isStopping) this.#grow();
      },
    });
    const hasResults = (): boolean => !this.#isDraining && this.#hasResults();
    this.#listener = new Listener(this.fabric, {
      get hasResults() {
        return hasResults();
      },
      drain: () => this.drain(),
      look: () => this.#look(),
    });
    for (let i = 0; i < options.minWorkers; i++) this.crew.start();
  }

  get name(): string {
    return this.#options.name;
  }
  /** How many threads are started as soon as there is work for them. */
  get eagerWorkers(): number {
    return this.#options.eagerWorkers;
  }

  /** How many tasks run at this moment. */
  get running(): number {
    return this.#isOver ? 0 : this.#slots.running;
  }

  // ------------------------------------------------------------------ handing over

  /** Hands a task over. Throws `SendError` for what can't travel, and nothing has been handed over then. */
  submit(fn: AnyFunction, args: readonly unknown[], terms: Terms = NO_TERMS, known?: number): Future {
    this.#makeReady();
    const number = known ?? this.#stable.numberOf(fn);
    return terms === NO_TERMS ? this.#handOver.plain(number, fn, args) : this.#handOver.onTerms(terms, number, fn, args);
  }

  /** Hands over a chunk of items for a function that has a number. */
  submitChunk(number: number, fn: AnyFunction, items: Values, isSpread: boolean): Future {
    this.#makeReady();
    return this.#handOver.chunk(number, fn, items, isSpread);
  }

  /** Has each of the threads that there are now call a function. */
  submitToAll(fn: AnyFunction, args: readonly unknown[]): Future[] {
    this.#checkUsable();
    return this.#handOver.toEach(this.crew.threads, this.#functions.enter(fn), fn, args);
  }

  /** A number for a function that will be applied often; 0 when it has to be sent each time. */
  enter(fn: AnyFunction): number {
    return this.#functions.enter(fn);
  }
  leave(number: number): void {
    if (number !== 0 && !this.#isStopping) this.#functions.leave(number);
  }

  #checkUsable(): void {
    if (this.#broken !== null) throw new BrokenExecutorError(this.#broken.message, { cause: this.#broken.cause });
    if (isExiting) throw new BrokenExecutorError(`cannot hand anything to ${this.name}: the process is ending`);
  }

  #makeReady(): void {
    this.#checkUsable();
    // The first function takes long to be packed: meanwhile the first thread starts.
    if (this.crew.living === 0 && !this.#isStopping) this.#grow();
  }

  /** More is outstanding: there may have to be more threads. */
  #added(): void {
    const { load, crew } = this;
    load.becomeBusy();
    if (load.outstanding > crew.living && crew.living < this.#options.maxWorkers && !this.#isStopping) this.#grow();
  }

  #grow(): void {
    try {
      this.crew.grow();
    } catch (error) {
      // With fewer threads than there may be, it takes longer.
      if (this.crew.living === 0) this.#break('no thread can be started', error);
    }
  }

  // ------------------------------------------------------------------ results

  #hasResults(): boolean {
    for (const thread of this.crew.slots) if (thread?.hasResults === true) return true;
    return false;
  }

  /** Takes the results that have come. */
  drain(): void {
    if (this.#isDraining || this.#isOver) return;
    this.#isDraining = true;
    const { backlog } = this.#outbox;
    try {
      for (const thread of this.crew.slots) {
        if (thread === null) continue;
        for (let slot = thread.nextResult(); slot !== 0; slot = thread.nextResult()) {
          this.#results.take(slot, thread);
          if (backlog.length > 0) this.#outbox.refill();
        }
        if (thread.hasLeft) this.#losses.left(thread, this.#isStopping);
      }
      if (backlog.length > 0) this.#outbox.refill();
      if (this.crew.living < this.#options.maxWorkers) this.#growForInbox();
    } finally {
      this.#isDraining = false;
    }
    this.load.becomeIdle();
  }

  /** Other threads have handed over tasks that nobody has taken. */
  #growForInbox(): void {
    const { i32, base } = this.fabric;
    if (Atomics.load(i32, base + INBOX) === 0 || this.#isStopping) return;
    const waiting = (this.#inbox ??= Inbox.find(this.fabric)!).size;
    if (waiting > 0 && Atomics.load(i32, base + SLEEPERS) === 0) this.#grow();
  }

  /** A task has ended, and its slot is free: ends its future, or tries once more. */
  #ended(future: AnyFuture, state: 2 | 4 | 5, value: unknown, isStream: boolean): void {
    this.load.outstanding--;
    if (state === FAILED && !isStream) {
      const work = this.#works.of(future);
      const delay = work === undefined ? null : delayBeforeRetry(work, value);
      if (delay !== null) return this.#handOver.later(work!, delay);
    }
    this.#finish(future, state, value);
  }

  #finish(future: AnyFuture, state: 2 | 4 | 5, value: unknown): void {
    setTicket(future, NOWHERE);
    if (state === SUCCEEDED) this.counts.completed++;
    else if (state === FAILED) this.counts.failed++;
    else this.counts.cancelled++;
    this.#works.forget(future);
    settleFuture(future, state, value);
    this.load.makeRoom();
  }

  #stopStream(slot: number, at: number): boolean {
    if (!this.#breakOffs.begin(slot, at)) return false;
    this.load.outstanding--;
    this.load.becomeIdle();
    return true;
  }

  // ------------------------------------------------------------------ what futures ask

  isRunning(future: AnyFuture): boolean {
    const slot = ticketOf(future);
    if (slot < 0) return false;
    const state = this.#slots.stateOf(slot) & STATE;
    return state === RUNNING || state === DONE;
  }

  cancel(future: AnyFuture, running: boolean): boolean {
    if (!this.#takeBack(future, running)) return false;
    this.counts.cancelled++;
    const record = recordOf(future);
    if (record !== 0) moveRecord(record, PENDING, CANCELLED);
    return true;
  }

  /** Takes a task back, with `running` also one that runs; its future is left to the caller. */
  #takeBack(future: AnyFuture, running: boolean): boolean {
    const slot = ticketOf(future);
    if (slot >= 0) {
      const at = this.fabric.slot(slot);
      if (!this.#slots.withdraw(slot, at) && !(running && this.#breakOffs.begin(slot, at))) return false;
      this.load.outstanding--;
    } else if (slot === BACKLOG || slot === BETWEEN) this.load.outstanding--;
    setTicket(future, NOWHERE);
    this.#works.forget(future);
    this.load.becomeIdle();
    return true;
  }

  /** Ends the future of a task with an error, whatever the task does. */
  #endEarly(future: AnyFuture, error: unknown): void {
    if (peek(future) >= CANCELLED || !this.#takeBack(future, true)) return;
    this.counts.failed++;
    settleFuture(future, FAILED, error);
  }

  share(future: AnyFuture, record: number): void {
    const slot = ticketOf(future);
    if (slot >= 0) Atomics.store(this.fabric.i32, this.fabric.slot(slot) + RECORD, record | 0);
  }

  waitSync(future: AnyFuture, deadline: Deadline): void {
    this.#listener.waitSync(() => peek(future) >= CANCELLED, deadline);
  }

  #look(): void {
    for (const thread of this.crew.threads) {
      const end = thread.lookForEnd();
      if (end !== null) this.#died(thread, end);
    }
    this.#breakOffs.endStubborn();
    this.#works.checkTimes();
  }

  #died(thread: PoolThread, end: ThreadEnd): void {
    if (this.crew.slots[thread.number] !== thread) return;
    if (thread.hasLeft) return this.#losses.left(thread, this.#isStopping);
    this.#losses.died(thread, end);
    this.load.becomeIdle();
  }

  /** Nothing can be run any more: everything that waits fails. */
  #break(why: string, cause: unknown): void {
    this.#broken ??= new BrokenExecutorError(`${this.name} is broken: ${why}`, { cause });
    const error = this.#broken;
    for (const task of this.#outbox.backlog.takeAll()) {
      dropPacked(task);
      this.#endEarly(task.future, error);
    }
    for (const future of this.#works.between) this.#endEarly(future, error);
    for (let slot = SCRATCH + 1; slot < SLOTS; slot++) {
      const future = this.#slots.futures[slot];
      if (!future || !this.#slots.withdraw(slot, this.fabric.slot(slot))) continue;
      this.load.outstanding--;
      this.#finish(future, FAILED, error);
    }
    this.#close();
    this.load.becomeIdle();
  }

  // ------------------------------------------------------------------ the end

  /** Other threads may hand over tasks from now on, also while this one is blocked: somebody has to be there for them. */
  serveOthers(): void {
    if (this.crew.living === 0 && !this.#isStopping) this.crew.start();
    this.#listener.listen();
  }

  /** Takes no more, from nobody. */
  shut(): void {
    if (!this.#isOver) Atomics.store(this.fabric.i32, this.fabric.base + SHUT, 1);
  }

  /** Takes back everything that has not begun. */
  cancelQueued(): void {
    for (const task of this.#outbox.backlog.takeAll()) {
      task.future.cancel();
      dropPacked(task);
    }
    for (let slot = SCRATCH + 1; slot < SLOTS; slot++) this.#slots.futures[slot]?.cancel();
  }

  /** Ends the workers once everything has run. Resolves then. */
  async stop(): Promise<void> {
    await this.load.whenIdle();
    this.#close();
    await Promise.all(this.crew.threads.map((thread) => thread.join()));
    await this.#giveBackMemory();
  }

  /** The same, blocking. */
  stopSync(): void {
    const isInSlots = (): boolean => this.#slots.futures.some((future) => future !== null);
    while (this.load.outstanding > 0) {
      const waits = this.#works.between;
      // Only tries that wait for their time are left, and no timer will ring.
      if (!isInSlots() && waits.length > 0) for (const future of waits) future.cancel();
      else this.#listener.waitSync(() => this.load.outstanding === 0 || !isInSlots(), NEVER);
    }
    this.#close();
    for (const thread of this.crew.threads) thread.joinSync();
    void this.#giveBackMemory();
  }

  /** Ends the workers at once. */
  async terminate(): Promise<void> {
    this.#break('its workers were terminated', undefined);
    const { threads } = this.crew;
    const ends = threads.map((thread) => thread.join());
    for (const thread of threads) thread.kill();
    await Promise.all(ends);
    this.#look();
    await this.#giveBackMemory();
  }

  async #giveBackMemory(): Promise<void> {
    await this.#losses.whenLeft();
    for (const thread of this.crew.threads) this.crew.remove(thread);
    if (this.#isOver || this.load.outstanding > 0) return;
    this.#isOver = true;
    this.#functions.clear();
    this.#listener.end();
    sharedHeap().release(this.fabric.block);
  }

  #close(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    Atomics.store(this.fabric.i32, this.fabric.base + CLOSED, 1);
    for (const thread of this.crew.threads) this.fabric.wake(thread.number);
  }
}
