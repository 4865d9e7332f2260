import { type Deadline, NEVER, remaining } from '../../base/deadline.ts';
import { Deque } from '../../base/deque.ts';
import { invariant } from '../../base/invariant.ts';
import { drop, MustAwait, take } from '../../message/index.ts';
import { holdLoop, releaseLoop } from '../../word/keep-alive.ts';
import { BrokenExecutorError, BrokenWorkerError } from '../errors.ts';
import { type AnyFuture, type Future, newFuture, peek, recordOf, settleFuture, setTicket, type Source, ticketOf } from '../future.ts';
import { CANCELLED, FAILED as FUTURE_FAILED, moveRecord, PENDING, stateOfRecord, SUCCEEDED } from '../future-record.ts';
import { type AnyFunction, FunctionNumbers } from './function-table.ts';
import {
  BELL,
  BLOCK,
  CHUNK,
  CLOSED,
  DONE,
  DOUBLE,
  Fabric,
  FAILED,
  FLAGS,
  FREE,
  FUNCTION,
  HEAD,
  KIND,
  NONE,
  PARCELS,
  QUEUED,
  RECORD,
  RING,
  RING_MASK,
  RING_SLOTS,
  RUNNING,
  SLEEPERS,
  SLOTS,
  STATE,
  STATE_BITS,
  TAIL,
  WITHDRAWN,
  WORD,
} from './layout.ts';
import { PoolThread, type ThreadEnd, type ThreadOptions } from './pool-thread.ts';
import { StableFunctions } from './stable-functions.ts';
import { dropValue, putMessage, putValue, takeValue } from './values.ts';

export interface CoreOptions extends ThreadOptions {
  readonly name: string;
  readonly maxWorkers: number;
  /** So many are started as soon as there is work; the others when it has to wait. */
  readonly eagerWorkers: number;
}

/** A task that waits for a slot, written down already. */
interface Parked {
  readonly future: AnyFuture;
  readonly fn: number;
  readonly kind: number;
  readonly word: number;
  readonly double: number;
  readonly flags: number;
  readonly parcels: readonly unknown[] | null;
  readonly transfer: readonly unknown[];
}

/** What is put together for a task before it has a slot: a slot that is never given away. */
const SCRATCH = 0;
const BACKLOG = -2;
const NOWHERE = -1;
const LOOK_MS = 50;
const STARVED_MS = 20;
const STILLBORN_MAX = 3;
const NOTHING: readonly never[] = [];

let isExiting = false;
process.once('exit', () => (isExiting = true));

/** What a thread pool is for the thread that made it: it fills the slots, and hears of the results. */
export class PoolCore implements Source {
  readonly fabric: Fabric = Fabric.allocate();
  readonly #options: CoreOptions;
  readonly #functions: FunctionNumbers = new FunctionNumbers(this.fabric);
  readonly #stable: StableFunctions = new StableFunctions(this.#functions);
  readonly #futures: (AnyFuture | null)[] = new Array<AnyFuture | null>(SLOTS).fill(null);
  /** Slots whose task is for one worker alone, and what went with it. */
  readonly #pinned = new Map<number, { readonly worker: PoolThread; readonly parcels: readonly unknown[]; readonly isMoved: boolean }>();
  readonly #free: number[] = [];
  readonly #backlog: Deque<Parked> = new Deque();
  readonly #threads: (PoolThread | null)[] = [];
  #living = 0;
  #started = 0;
  #stillborn = 0;
  #tail = 0;
  /** Tasks whose futures are not done. */
  #outstanding = 0;
  #isListening = false;
  /** Whether it keeps the process alive: as long as something is outstanding. */
  #holdsLoop = false;
  #isDraining = false;
  #isStopping = false;
  #broken: BrokenExecutorError | null = null;
  #hunger: NodeJS.Timeout | null = null;
  readonly #idle: (() => void)[] = [];
  readonly #ended: (() => void)[] = [];

  constructor(options: CoreOptions) {
    this.#options = options;
    for (let slot = SLOTS - 1; slot > SCRATCH; slot--) this.#free.push(slot);
  }

  get name(): string {
    return this.#options.name;
  }
  get outstanding(): number {
    return this.#outstanding;
  }
  get threads(): readonly PoolThread[] {
    return this.#threads.filter((thread) => thread !== null);
  }

  // ------------------------------------------------------------------ handing over

  /** Hands a task over. Throws `SendError` for what can't travel, and nothing has been handed over then. */
  submit(fn: AnyFunction, args: readonly unknown[], transfer: readonly unknown[] = NOTHING): Future {
    this.#checkUsable();
    const number = this.#stable.numberOf(fn);
    const slot = this.#takeSlot();
    const at = this.fabric.slot(slot);
    try {
      return this.#dispatch(slot, at, 0, this.#write(at, slot === SCRATCH, number, fn, args, transfer), transfer);
    } catch (error) {
      this.#giveBack(slot);
      throw error;
    }
  }

  /** Hands over a chunk of items for a function that has a number. */
  submitChunk(number: number, fn: AnyFunction, items: readonly unknown[], isSpread: boolean): Future {
    this.#checkUsable();
    const slot = this.#takeSlot();
    const at = this.fabric.slot(slot);
    const { i32 } = this.fabric;
    i32[at + FUNCTION] = number;
    const args = [items, isSpread];
    try {
      const parcels = putMessage(i32, at, number === 0 ? [fn, args] : args, undefined, slot === SCRATCH ? 0 : undefined);
      return this.#dispatch(slot, at, CHUNK, parcels, NOTHING);
    } catch (error) {
      this.#giveBack(slot);
      throw error;
    }
  }

  /** A free slot, or SCRATCH when the task has to wait for one. */
  #takeSlot(): number {
    if (this.#free.length === 0) this.drain();
    return this.#backlog.length > 0 ? SCRATCH : (this.#free.pop() ?? SCRATCH);
  }

  /** A slot in which nothing has been sent. */
  #giveBack(slot: number): void {
    if (slot !== SCRATCH && this.#futures[slot] === null) this.#free.push(slot);
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

  /** Writes function and arguments into a slot. */
  #write(
    at: number,
    isScratch: boolean,
    number: number,
    fn: AnyFunction,
    args: readonly unknown[],
    transfer: readonly unknown[],
  ): readonly unknown[] | null {
    const { i32 } = this.fabric;
    i32[at + FUNCTION] = number;
    const room = isScratch ? 0 : undefined;
    const options = transfer === NOTHING ? undefined : { transfer };
    if (number === 0) return putMessage(i32, at, [fn, args], options, room);
    if (args.length === 0) {
      i32[at + KIND] = NONE;
      return null;
    }
    if (args.length === 1) {
      const arg = args[0];
      if (typeof arg === 'number' || arg === null || arg === undefined || typeof arg === 'boolean') return putValue(this.fabric, at, arg);
    }
    return putMessage(i32, at, args, options, room);
  }

  #dispatch(slot: number, at: number, flags: number, parcels: readonly unknown[] | null, transfer: readonly unknown[]): Future {
    const { i32, f64 } = this.fabric;
    const future = newFuture<unknown>(this, slot);
    this.#outstanding++;
    if (slot === SCRATCH) {
      setTicket(future, BACKLOG);
      this.#backlog.push({
        future,
        fn: i32[at + FUNCTION]!,
        kind: i32[at + KIND]!,
        word: i32[at + WORD]!,
        double: f64[(at + DOUBLE) >> 1]!,
        flags,
        parcels,
        transfer,
      });
    } else this.#send(slot, at, future, flags, parcels, transfer);
    if (!this.#holdsLoop) this.#becomeBusy();
    if (this.#living < this.#options.maxWorkers && this.#outstanding > this.#living) this.#moreThreads();
    return future;
  }

  /** Puts a slot that has been filled into the ring, or gives it to one worker when parcels go with it. */
  #send(
    slot: number,
    at: number,
    future: AnyFuture,
    flags: number,
    parcels: readonly unknown[] | null,
    transfer: readonly unknown[],
  ): void {
    const { i32 } = this.fabric;
    this.#futures[slot] = future;
    i32[at + FLAGS] = flags;
    i32[at + RECORD] = recordOf(future);
    if (parcels !== null) return this.#pin(slot, at, parcels, transfer);
    Atomics.store(i32, at, QUEUED);
    this.#push(slot);
  }

  #push(slot: number): void {
    const { i32, base } = this.fabric;
    i32[base + RING + (this.#tail & RING_MASK)] = slot;
    this.#tail = (this.#tail + 1) | 0;
    Atomics.store(i32, base + TAIL, this.#tail);
    if (Atomics.load(i32, base + SLEEPERS) > 0) this.fabric.wakeOne(this.#threads.length);
  }

  /** Whether the ring has no room: after a worker has died, a number may lie in it twice. */
  #ringIsFull(): boolean {
    const { i32, base } = this.fabric;
    return ((this.#tail - Atomics.load(i32, base + HEAD)) | 0) >= RING_SLOTS;
  }

  /** Gives a task to the worker that has least of its own to do. */
  #pin(slot: number, at: number, parcels: readonly unknown[], transfer: readonly unknown[]): void {
    if (this.#living === 0) this.#startThread();
    const worker = this.threads.reduce((best, one) => (one.pins < best.pins || (one.pins === best.pins && one.isParked) ? one : best));
    this.#pinned.set(slot, { worker, parcels, isMoved: transfer.length > 0 });
    worker.pins++;
    Atomics.store(this.fabric.i32, at, QUEUED);
    worker.sendParcels(slot, parcels, transfer);
  }

  // ------------------------------------------------------------------ results

  #listen(): void {
    const { i32, base } = this.fabric;
    while (this.#outstanding > 0) {
      Atomics.store(i32, base + BELL, 1);
      if (this.#hasResults() && !this.#isDraining) {
        this.drain();
        continue;
      }
      // A waiter that nobody has woken yet still listens.
      if (this.#isListening) return;
      const { async, value } = Atomics.waitAsync(i32, base + BELL, 1);
      if (!async) continue;
      this.#isListening = true;
      void value.then(this.#heard);
    }
  }

  readonly #heard = (): void => {
    this.#isListening = false;
    this.drain();
    this.#listen();
  };

  #hasResults(): boolean {
    for (const thread of this.#threads) if (thread?.hasResults === true) return true;
    return false;
  }

  /** Takes the results that have come. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      for (const thread of this.#threads) {
        if (thread === null) continue;
        for (let slot = thread.nextResult(); slot >= 0; slot = thread.nextResult()) {
          this.#take(slot, thread);
          if (this.#backlog.length > 0) this.#refill();
        }
        if (thread.failure !== 0) this.#initializerFailed(thread);
      }
    } finally {
      this.#isDraining = false;
    }
    this.#becomeIdle();
  }

  #take(slot: number, thread: PoolThread): void {
    const { fabric } = this;
    const at = fabric.slot(slot);
    // One that was withdrawn.
    if (this.#futures[slot] === null) return this.#release(slot, at);
    const flags = fabric.i32[at + FLAGS]!;
    const parcels = (flags & PARCELS) === 0 ? null : thread.receiveParcels();
    let value: unknown;
    let state: 4 | 5 = (flags & FAILED) === 0 ? SUCCEEDED : FUTURE_FAILED;
    try {
      value = takeValue(fabric, at, parcels);
    } catch (error) {
      if (error instanceof MustAwait) return void this.#takeLater(slot, at, error, state, parcels);
      value = error;
      state = FUTURE_FAILED;
    }
    this.#settle(slot, at, state, value);
  }

  /** A module that the result needs has to be awaited. */
  async #takeLater(slot: number, at: number, missing: MustAwait, state: 4 | 5, parcels: readonly unknown[] | null): Promise<void> {
    for (let wanted = missing; ;) {
      try {
        await wanted.load();
        this.#settle(slot, at, state, takeValue(this.fabric, at, parcels));
        break;
      } catch (error) {
        if (error instanceof MustAwait && error !== wanted) wanted = error;
        else {
          this.#settle(slot, at, FUTURE_FAILED, error);
          break;
        }
      }
    }
    this.#becomeIdle();
  }

  /** Frees the slot, and ends its future. */
  #settle(slot: number, at: number, state: 2 | 4 | 5, value: unknown): void {
    const future = this.#futures[slot];
    invariant(future, `slot ${slot} has no future`);
    this.#release(slot, at);
    this.#outstanding--;
    const record = recordOf(future);
    const isCancelled = record !== 0 && stateOfRecord(record) === CANCELLED;
    settleFuture(future, isCancelled ? CANCELLED : state, isCancelled ? undefined : value);
  }

  #release(slot: number, at: number): void {
    this.#futures[slot] = null;
    if (this.#pinned.size > 0) this.#unpin(slot);
    Atomics.store(this.fabric.i32, at, FREE);
    this.#free.push(slot);
  }

  #unpin(slot: number): void {
    const pin = this.#pinned.get(slot);
    if (pin === undefined) return;
    this.#pinned.delete(slot);
    pin.worker.pins--;
  }

  /** Gives slots to tasks that wait for one. */
  #refill(): void {
    const { fabric } = this;
    while (this.#backlog.length > 0 && this.#free.length > 0 && !this.#ringIsFull()) {
      const { future, fn, kind, word, double, flags, parcels, transfer } = this.#backlog.shift()!;
      if (peek(future) >= CANCELLED) {
        if (kind === BLOCK) drop((word >>> 0) * 16);
        continue;
      }
      const slot = this.#free.pop()!;
      const at = fabric.slot(slot);
      fabric.i32[at + FUNCTION] = fn;
      fabric.i32[at + KIND] = kind;
      fabric.i32[at + WORD] = word;
      fabric.f64[(at + DOUBLE) >> 1] = double;
      setTicket(future, slot);
      this.#send(slot, at, future, flags, parcels, transfer);
    }
  }

  #becomeBusy(): void {
    holdLoop();
    this.#holdsLoop = true;
    this.#listen();
  }

  #becomeIdle(): void {
    if (this.#outstanding > 0) return;
    Atomics.store(this.fabric.i32, this.fabric.base + BELL, 0);
    if (this.#holdsLoop) releaseLoop();
    this.#holdsLoop = false;
    if (this.#hunger !== null) clearTimeout(this.#hunger);
    this.#hunger = null;
    for (const tell of this.#idle.splice(0)) tell();
  }

  // ------------------------------------------------------------------ what futures ask

  isRunning(future: AnyFuture): boolean {
    const slot = ticketOf(future);
    if (slot < 0) return false;
    const state = Atomics.load(this.fabric.i32, this.fabric.slot(slot)) & STATE;
    return state === RUNNING || state === DONE;
  }

  cancel(future: AnyFuture, _running: boolean): boolean {
    const record = recordOf(future);
    const slot = ticketOf(future);
    if (slot === BACKLOG) {
      // Its place in the backlog is passed over later.
      setTicket(future, NOWHERE);
      this.#outstanding--;
      if (record !== 0) moveRecord(record, PENDING, CANCELLED);
    } else {
      const { fabric } = this;
      const at = fabric.slot(slot);
      if (!this.#withdraw(slot, at)) return false;
      setTicket(future, NOWHERE);
      this.#outstanding--;
    }
    this.#becomeIdle();
    return true;
  }

  /** Takes a task back that has not begun. Its slot comes home through the ring. */
  #withdraw(slot: number, at: number): boolean {
    const { fabric } = this;
    // Nobody reads the arguments of a task that is not QUEUED.
    if (Atomics.compareExchange(fabric.i32, at, QUEUED, WITHDRAWN) !== QUEUED) return false;
    dropValue(fabric, at);
    this.#futures[slot] = null;
    return true;
  }

  share(future: AnyFuture, record: number): void {
    const slot = ticketOf(future);
    if (slot < 0) return;
    const at = this.fabric.slot(slot);
    Atomics.store(this.fabric.i32, at + RECORD, record | 0);
  }

  waitSync(future: AnyFuture, deadline: Deadline): void {
    const { i32, base } = this.fabric;
    const bell = base + BELL;
    for (;;) {
      this.drain();
      if (peek(future) >= CANCELLED || remaining(deadline) === 0) break;
      Atomics.store(i32, bell, 2);
      if (this.#hasResults()) continue;
      const left = deadline === NEVER ? LOOK_MS : Math.min(LOOK_MS, remaining(deadline));
      if (Atomics.wait(i32, bell, 2, left) === 'timed-out') this.#lookForDeaths();
    }
    this.#listen();
  }

  // ------------------------------------------------------------------ threads

  #moreThreads(): void {
    if (this.#living < this.#options.eagerWorkers) this.#startThread();
    else this.#hunger ??= setTimeout(this.#starved, STARVED_MS).unref();
  }

  /** Tasks have waited for some time, and nobody has come to take them: the workers may be blocked. */
  readonly #starved = (): void => {
    this.#hunger = null;
    if (this.#outstanding > this.#living && this.#living < this.#options.maxWorkers) {
      this.#startThread();
      this.#hunger = setTimeout(this.#starved, STARVED_MS).unref();
    }
  };

  #startThread(): void {
    let number = this.#threads.indexOf(null);
    if (number < 0) number = this.#threads.length;
    const thread = new PoolThread(this.fabric, number, `${this.#options.name}_${this.#started}`, this.#options, (end) =>
      this.#died(thread, end),
    );
    this.#threads[number] = thread;
    this.#living++;
    this.#started++;
    thread.start();
  }

  #lookForDeaths(): void {
    for (const thread of this.threads) {
      const end = thread.lookForEnd();
      if (end !== null) this.#died(thread, end);
    }
  }

  /** A worker has died: what it ran fails, what it had only claimed goes to the others, and another one takes its place. */
  #died(thread: PoolThread, end: ThreadEnd): void {
    if (this.#threads[thread.number] !== thread) return;
    const { fabric } = this;
    for (let slot = thread.nextResult(); slot >= 0; slot = thread.nextResult()) this.#take(slot, thread);
    this.#threads[thread.number] = null;
    this.#living--;
    this.#stillborn = thread.isReady ? 0 : this.#stillborn + 1;
    const mark = thread.number << STATE_BITS;
    const queued: number[] = [];
    for (let slot = SCRATCH + 1; slot < SLOTS; slot++) {
      const at = fabric.slot(slot);
      const state = Atomics.load(fabric.i32, at);
      if (state === FREE) continue;
      if (state === (RUNNING | mark)) this.#settle(slot, at, FUTURE_FAILED, this.#workerError(thread, end));
      else if (state === (DONE | mark)) this.#take(slot, thread);
      else if (state === QUEUED || state === WITHDRAWN) queued.push(slot);
    }
    thread.release();
    if (this.#stillborn >= STILLBORN_MAX)
      return this.#break(`its workers die before they can begin (${end.how}, exit code ${end.exitCode})`, end.error);
    this.#requeue(queued, thread, end);
    if (this.#outstanding > this.#living && !this.#isStopping) this.#startThread();
    this.#becomeIdle();
    if (this.#living === 0) for (const tell of this.#ended.splice(0)) tell();
  }

  #workerError(thread: PoolThread, end: ThreadEnd): BrokenWorkerError {
    const cause = end.error ?? thread.lastWord();
    return new BrokenWorkerError(
      { reason: end.how, exitCode: end.exitCode, worker: thread.name },
      cause === undefined ? undefined : { cause },
    );
  }

  /** Puts tasks into the ring again that are in nobody's hands any more. Numbers that are in there already do no harm. */
  #requeue(queued: readonly number[], dead: PoolThread, end: ThreadEnd): void {
    const { i32, base } = this.fabric;
    const inRing = new Set<number>();
    for (let at = Atomics.load(i32, base + HEAD); at !== this.#tail; at = (at + 1) | 0) inRing.add(i32[base + RING + (at & RING_MASK)]!);
    for (const slot of queued) {
      const pin = this.#pinned.get(slot);
      if (pin === undefined) {
        if (!inRing.has(slot) && !this.#ringIsFull()) this.#push(slot);
        continue;
      }
      if (pin.worker !== dead) continue;
      this.#unpin(slot);
      const at = this.fabric.slot(slot);
      if (this.#futures[slot] === null) this.#release(slot, at);
      else if (pin.isMoved) {
        dropValue(this.fabric, at);
        this.#settle(slot, at, FUTURE_FAILED, this.#workerError(dead, end));
      } else this.#pin(slot, at, pin.parcels, NOTHING);
    }
  }

  #initializerFailed(thread: PoolThread): void {
    const error = take(thread.takeFailure());
    this.#break('its initializer failed', error);
  }

  /** Nothing can be run any more: everything that waits fails. */
  #break(why: string, cause: unknown): void {
    this.#broken ??= new BrokenExecutorError(`${this.name} is broken: ${why}`, { cause });
    const error = this.#broken;
    for (const { future, kind, word } of this.#takeBacklog()) {
      if (kind === BLOCK) drop((word >>> 0) * 16);
      if (peek(future) >= CANCELLED) continue;
      this.#outstanding--;
      settleFuture(future, FUTURE_FAILED, error);
    }
    for (let slot = SCRATCH + 1; slot < SLOTS; slot++) {
      if (this.#futures[slot] === null) continue;
      const at = this.fabric.slot(slot);
      const future = this.#futures[slot]!;
      if (!this.#withdraw(slot, at)) continue;
      this.#outstanding--;
      settleFuture(future, FUTURE_FAILED, error);
    }
    this.#close();
    this.#becomeIdle();
  }

  #takeBacklog(): Parked[] {
    const all = [...this.#backlog];
    this.#backlog.clear();
    return all;
  }

  // ------------------------------------------------------------------ the end

  /** Takes back everything that has not begun. */
  cancelQueued(): void {
    for (const { future } of this.#takeBacklog()) future.cancel();
    for (let slot = SCRATCH + 1; slot < SLOTS; slot++) this.#futures[slot]?.cancel();
  }

  /** Ends the workers once everything has run. Resolves then. */
  async stop(): Promise<void> {
    if (this.#outstanding > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    await this.#end();
  }

  /** The same, blocking. */
  stopSync(): void {
    for (let slot = SCRATCH + 1; slot < SLOTS || this.#outstanding > 0; slot = slot >= SLOTS ? SCRATCH + 1 : slot + 1) {
      const future = this.#futures[slot];
      if (future) this.waitSync(future, NEVER);
    }
    this.#close();
    for (const thread of this.threads) thread.joinSync();
    this.#free.length = 0;
  }

  /** Ends the workers at once. */
  async terminate(): Promise<void> {
    this.#break('its workers were terminated', undefined);
    const { threads } = this;
    const ends = threads.map((thread) => thread.join());
    for (const thread of threads) thread.kill();
    await Promise.all(ends);
    this.#lookForDeaths();
  }

  async #end(): Promise<void> {
    this.#close();
    await Promise.all(this.threads.map((thread) => thread.join()));
    if (this.#isStopping && this.#living >= 0) this.#threads.length = 0;
  }

  #close(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    const { i32, base } = this.fabric;
    Atomics.store(i32, base + CLOSED, 1);
    for (const thread of this.threads) this.fabric.wake(thread.number);
  }
}
