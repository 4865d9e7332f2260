import { inspect } from 'node:util';
import { writeAll } from '../../host/thread/output.ts';
import { type Deadline, LONGEST_TIMER_MS, NEVER, remaining } from '../../base/deadline.ts';
import { TimeoutError } from '../../base/errors.ts';
import { invariant } from '../../base/invariant.ts';
import { MustAwait, take } from '../../message/index.ts';
import { sharedHeap } from '../../word/heap.ts';
import { holdLoop, releaseLoop } from '../../word/keep-alive.ts';
import { BrokenExecutorError, BrokenWorkerError } from '../errors.ts';
import { type AnyFuture, type Future, newFuture, peek, recordOf, settleFuture, setTicket, type Source, ticketOf } from '../future.ts';
import { CANCELLED, FAILED as FUTURE_FAILED, moveRecord, PENDING, settleRecord, stateOfRecord, SUCCEEDED } from '../future-record.ts';
import { TaskStream } from '../task-stream.ts';
import { NO_TERMS, type Terms } from '../terms.ts';
import { Crew, type CrewOptions } from './crew.ts';
import { type AnyFunction, FunctionNumbers } from './function-table.ts';
import {
  AWAITS,
  BEGAN,
  BELL,
  CANCELLING,
  CHUNK,
  CLOSED,
  DONE,
  Fabric,
  FAILED,
  FLAGS,
  FREE,
  FUNCTION,
  HEAD,
  INBOX,
  INTERRUPTING,
  LISTENED,
  KIND,
  NONE,
  PARCELS,
  QUEUED,
  RECORD,
  RING,
  RING_MASK,
  RING_SLOTS,
  RUNNING,
  SENT_AT,
  SHUT,
  SLEEPERS,
  SLOTS,
  STAMPED,
  STATE,
  STATE_BITS,
  STREAM_BEGINS,
  TAIL,
  TAKEN,
  YIELDED,
  TIMED,
  WITHDRAWN,
} from './layout.ts';
import { Inbox } from './inbox.ts';
import { Backlog, dropParked, park, unpark } from './parked.ts';
import type { PoolThread, ThreadEnd } from './pool-thread.ts';
import { StableFunctions } from './stable-functions.ts';
import { dropValue, putMessage, putValue, takeValue } from './values.ts';
import { delayBeforeRetry, retryPlan, type Work } from './work.ts';

export type CoreOptions = CrewOptions;

/** Where a task is put together that has to wait for a slot. */
const SCRATCH = 0;
/** Tickets of futures whose tasks have no slot: in the backlog, before the next try, and nowhere any more. */
const BACKLOG = -2;
const BETWEEN = -3;
const NOWHERE = -1;
const LOOK_MS = 50;
/** A task that is not broken off by then runs native code: its worker is ended. */
const GRACE_MS = 1000;
const STILLBORN_MAX = 3;
const NOTHING: readonly never[] = [];

let isExiting = false;
process.once('exit', () => (isExiting = true));

interface Pin {
  readonly worker: PoolThread;
  readonly parcels: readonly unknown[];
  readonly isMoved: boolean;
}

export interface Counts {
  completed: number;
  failed: number;
  cancelled: number;
  retried: number;
}

/** What a thread pool is for the thread that made it: it fills the slots, and hears of the results. */
export class PoolCore implements Source {
  readonly fabric: Fabric = Fabric.allocate();
  readonly crew: Crew;
  readonly counts: Counts = { completed: 0, failed: 0, cancelled: 0, retried: 0 };
  readonly #options: CoreOptions;
  readonly #functions: FunctionNumbers = new FunctionNumbers(this.fabric);
  readonly #stable: StableFunctions = new StableFunctions(this.#functions);
  readonly #futures: (AnyFuture | null)[] = new Array<AnyFuture | null>(SLOTS).fill(null);
  /** Slots whose task is for one worker alone, and what went with it. */
  readonly #pinned = new Map<number, Pin>();
  /** Tasks on terms. */
  readonly #works = new Map<AnyFuture, Work>();
  readonly #streams = new Map<number, TaskStream>();
  /** Tasks that are being broken off, and when their worker is ended if that has not helped. */
  readonly #ends = new Set<{ readonly isUnderWay: () => boolean; readonly thread: PoolThread; readonly due: number }>();
  readonly #free: number[] = [];
  readonly #backlog = new Backlog();
  #stillborn = 0;
  #tail = 0;
  /** Tasks whose futures are not done. */
  #outstanding = 0;
  #isListening = false;
  /** Whether it keeps the process alive: as long as something is outstanding. */
  #holdsLoop = false;
  #isDraining = false;
  #isStopping = false;
  /** Its threads are gone, and its memory is given back. */
  #isOver = false;
  #inbox: Inbox | null = null;
  #broken: BrokenExecutorError | null = null;
  /** Threads that are about to end, and still look into the pool's memory. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #idle: (() => void)[] = [];
  readonly #room: (() => void)[] = [];

  constructor(options: CoreOptions) {
    this.#options = options;
    this.crew = new Crew(
      this.fabric,
      options,
      (thread, end) => this.#died(thread, end),
      () => this.#outstanding > this.crew.living,
    );
    for (let slot = SLOTS - 1; slot > SCRATCH; slot--) this.#free.push(slot);
    for (let i = 0; i < options.minWorkers; i++) this.crew.start();
  }

  get name(): string {
    return this.#options.name;
  }
  /** How many threads are started as soon as there is work for them. */
  get eagerWorkers(): number {
    return this.#options.eagerWorkers;
  }
  get outstanding(): number {
    return this.#outstanding;
  }

  /** How many tasks run at this moment. */
  get running(): number {
    let count = 0;
    if (this.#isOver) return 0;
    for (let slot = SCRATCH + 1; slot < SLOTS; slot++) {
      if (this.#futures[slot] !== null && (Atomics.load(this.fabric.i32, this.fabric.slot(slot)) & STATE) === RUNNING) count++;
    }
    return count;
  }

  // ------------------------------------------------------------------ handing over

  /** Hands a task over. Throws `SendError` for what can't travel, and nothing has been handed over then. */
  submit(fn: AnyFunction, args: readonly unknown[], terms: Terms = NO_TERMS, known?: number): Future {
    this.#checkUsable();
    const number = known ?? this.#stable.numberOf(fn);
    if (terms !== NO_TERMS) return this.#submitOn(terms, number, fn, args);
    const slot = this.#takeSlot();
    const at = this.fabric.slot(slot);
    try {
      const parcels = this.#write(at, slot === SCRATCH, number, fn, args, NOTHING);
      return this.#dispatch(newFuture<unknown>(this, slot), slot, at, 0, 0, parcels, NOTHING);
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
      return this.#dispatch(newFuture<unknown>(this, slot), slot, at, CHUNK, 0, parcels, NOTHING);
    } catch (error) {
      this.#giveBack(slot);
      throw error;
    }
  }

  /** Has each of the threads that there are now call a function. */
  submitToAll(fn: AnyFunction, args: readonly unknown[]): Future[] {
    this.#checkUsable();
    const number = this.#functions.enter(fn);
    return this.crew.threads.map((thread) => {
      const slot = this.#free.pop();
      if (slot === undefined) throw new BrokenExecutorError(`${this.name} has too many tasks under way to address each thread`);
      const at = this.fabric.slot(slot);
      const parcels = this.#write(at, false, number, fn, args, NOTHING) ?? NOTHING;
      const future = newFuture<unknown>(this, slot);
      this.#outstanding++;
      this.#futures[slot] = future;
      this.fabric.i32[at + FLAGS] = 0;
      this.fabric.i32[at + RECORD] = 0;
      this.#pin(slot, at, parcels, false, NOTHING, thread);
      if (!this.#holdsLoop) this.#becomeBusy();
      return future;
    });
  }

  #submitOn(terms: Terms, number: number, fn: AnyFunction, args: readonly unknown[]): Future {
    const { signal, timeout, retries, priority = 0 } = terms;
    const future = newFuture<unknown>(this, NOWHERE);
    if (signal?.aborted === true) {
      settleFuture(future, FUTURE_FAILED, signal.reason);
      return future;
    }
    const work: Work = {
      future,
      fn,
      number,
      args,
      terms,
      retry: retryPlan(retries),
      attempts: 0,
      timer: null,
      retryTimer: null,
      unsubscribe: null,
    };
    if (priority > 0) this.#recall(priority);
    else if (priority < 0 && !this.#backlog.isOrdered) this.#recall(priority);
    // Before it is sent: the result may be there before the call returns.
    if (signal !== undefined || timeout !== undefined || work.retry !== null || terms.onMessage !== undefined)
      this.#works.set(future, work);
    try {
      this.#sendWork(work);
    } catch (error) {
      this.#works.delete(future);
      throw error;
    }
    if (peek(future) >= CANCELLED) return future;
    if (signal !== undefined) {
      const onAbort = (): void => this.#endEarly(future, signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      work.unsubscribe = () => signal.removeEventListener('abort', onAbort);
    }
    if (timeout !== undefined) work.timer = setTimeout(() => this.#checkTime(work), Math.min(timeout, LONGEST_TIMER_MS)).unref();
    return future;
  }

  /** Hands a task on terms over: for the first time, or again. */
  #sendWork(work: Work): void {
    const { future, fn, number, args, terms } = work;
    const { transfer = NOTHING, priority = 0, timeout } = terms;
    const slot = this.#takeSlot();
    const at = this.fabric.slot(slot);
    work.attempts++;
    try {
      const parcels = this.#write(at, slot === SCRATCH, number, fn, args, transfer);
      setTicket(future, slot);
      this.#dispatch(
        future,
        slot,
        at,
        (timeout === undefined ? 0 : TIMED) | (terms.onMessage === undefined ? 0 : LISTENED),
        priority,
        parcels,
        transfer,
      );
    } catch (error) {
      this.#giveBack(slot);
      throw error;
    }
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

  /** A free slot, or SCRATCH when the task has to wait for one. */
  #takeSlot(): number {
    if (this.#free.length === 0) this.drain();
    return this.#backlog.length > 0 || this.#backlog.isOrdered ? SCRATCH : (this.#free.pop() ?? SCRATCH);
  }

  /** A slot in which nothing has been sent. */
  #giveBack(slot: number): void {
    if (slot !== SCRATCH && this.#futures[slot] === null) this.#free.push(slot);
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

  #dispatch(
    future: Future,
    slot: number,
    at: number,
    flags: number,
    priority: number,
    parcels: readonly unknown[] | null,
    transfer: readonly unknown[],
  ): Future {
    this.#outstanding++;
    if (slot === SCRATCH) {
      setTicket(future, BACKLOG);
      this.#backlog.push(park(this.fabric, at, { future, flags, priority, parcels, transfer }));
      if (this.#backlog.isOrdered) this.#refill();
    } else this.#send(slot, at, future, flags, parcels, transfer);
    if (!this.#holdsLoop) this.#becomeBusy();
    if (this.#outstanding > this.crew.living && this.crew.living < this.#options.maxWorkers && !this.#isStopping) this.#grow();
    return future;
  }

  #grow(): void {
    try {
      this.crew.grow();
    } catch (error) {
      // With fewer threads than there may be, it takes longer.
      if (this.crew.living === 0) this.#break('no thread can be started', error);
    }
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
    const { i32, f64 } = this.fabric;
    this.#futures[slot] = future;
    const isStamped = (this.#tail & 15) === 0;
    i32[at + FLAGS] = isStamped ? flags | STAMPED : flags;
    if (isStamped) f64[(at + SENT_AT) >> 1] = performance.timeOrigin + performance.now();
    i32[at + RECORD] = recordOf(future);
    if (parcels !== null) return this.#pin(slot, at, parcels, transfer.length > 0, transfer);
    Atomics.store(i32, at, QUEUED);
    this.#push(slot);
  }

  #push(slot: number): void {
    const { i32, base } = this.fabric;
    i32[base + RING + (this.#tail & RING_MASK)] = slot;
    this.#tail = (this.#tail + 1) | 0;
    Atomics.store(i32, base + TAIL, this.#tail);
    if (Atomics.load(i32, base + SLEEPERS) > 0) this.fabric.wakeOne(this.crew.slots.length);
  }

  /** Gives a task to one worker, if none is named to the one that has least of its own to do. */
  #pin(slot: number, at: number, parcels: readonly unknown[], isMoved: boolean, transfer: readonly unknown[], only?: PoolThread): void {
    Atomics.store(this.fabric.i32, at, QUEUED);
    for (;;) {
      if (this.crew.living === 0) this.crew.start();
      const worker =
        only ?? this.crew.threads.reduce((best, one) => (one.pins < best.pins || (one.pins === best.pins && one.isParked) ? one : best));
      this.#pinned.set(slot, { worker, parcels, isMoved });
      worker.pins++;
      if (worker.sendParcels(slot, parcels, transfer)) return;
      // It is leaving: nothing has been sent.
      this.#unpin(slot);
      this.crew.remove(worker);
    }
  }

  // ------------------------------------------------------------------ order

  /** Takes tasks that have not begun out of the ring again, where they come in the order in which they were sent. */
  #recall(priority: number): void {
    if (!this.#backlog.isOrdered) this.#backlog.order();
    const { fabric } = this;
    for (let slot = SCRATCH + 1; slot < SLOTS; slot++) {
      const future = this.#futures[slot];
      if (!future || this.#pinned.has(slot)) continue;
      const work = this.#works.get(future);
      if ((work?.terms.priority ?? 0) >= priority && priority > 0) continue;
      const at = fabric.slot(slot);
      if (Atomics.compareExchange(fabric.i32, at, QUEUED, WITHDRAWN) !== QUEUED) continue;
      const flags = fabric.i32[at + FLAGS]! & ~STAMPED;
      const task = park(fabric, at, { future, flags, priority: work?.terms.priority ?? 0, parcels: null, transfer: NOTHING });
      this.#futures[slot] = null;
      setTicket(future, BACKLOG);
      this.#backlog.push(task);
    }
  }

  /** Gives slots to tasks that wait for one. */
  #refill(): void {
    const { fabric } = this;
    while (this.#backlog.length > 0 && this.#free.length > 0 && !this.#ringIsFull()) {
      // Where order matters, no more are sent than can begin soon.
      if (this.#backlog.isOrdered && this.#waitingInRing() >= Math.max(1, this.crew.living)) return;
      const task = this.#backlog.shift()!;
      const { future, flags, parcels, transfer } = task;
      if (peek(future) >= CANCELLED) {
        dropParked(task);
        continue;
      }
      const slot = this.#free.pop()!;
      const at = fabric.slot(slot);
      unpark(fabric, at, task);
      setTicket(future, slot);
      this.#send(slot, at, future, flags, parcels, transfer);
    }
  }

  #waitingInRing(): number {
    const { i32, base } = this.fabric;
    return (this.#tail - Atomics.load(i32, base + HEAD)) | 0;
  }

  /** Whether the ring has no room: after a worker has died, a number may lie in it twice. */
  #ringIsFull(): boolean {
    return this.#waitingInRing() >= RING_SLOTS;
  }

  // ------------------------------------------------------------------ results

  #listen(): void {
    const { i32, base } = this.fabric;
    // Also when nothing is outstanding: threads leave when they have nothing to do. It keeps nothing alive.
    while (!this.#isOver) {
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
    if (this.#isOver) return;
    this.drain();
    this.#listen();
  };

  #hasResults(): boolean {
    for (const thread of this.crew.slots) if (thread?.hasResults === true) return true;
    return false;
  }

  /** Takes the results that have come. */
  drain(): void {
    if (this.#isDraining || this.#isOver) return;
    this.#isDraining = true;
    try {
      for (const thread of this.crew.slots) {
        if (thread === null) continue;
        for (let slot = thread.nextResult(); slot !== 0; slot = thread.nextResult()) {
          this.#take(slot, thread);
          if (this.#backlog.length > 0) this.#refill();
        }
        if (thread.hasLeft) this.#left(thread);
      }
      if (this.#backlog.length > 0) this.#refill();
      if (this.crew.living < this.#options.maxWorkers) this.#growForInbox();
    } finally {
      this.#isDraining = false;
    }
    this.#becomeIdle();
  }

  /** Other threads have handed over tasks that nobody has taken. */
  #growForInbox(): void {
    if (Atomics.load(this.fabric.i32, this.fabric.base + INBOX) === 0 || this.#isStopping) return;
    const waiting = (this.#inbox ??= Inbox.find(this.fabric)!).size;
    if (waiting > 0 && Atomics.load(this.fabric.i32, this.fabric.base + SLEEPERS) === 0) this.#grow();
  }

  /** Something that a task has sent before its end. */
  #hear(message: number, thread: PoolThread): void {
    let slot: number;
    let kind: number;
    let value: unknown;
    try {
      [slot, kind, value] = take(message) as [number, number, unknown];
    } catch (error) {
      writeAll(2, Buffer.from(`a message of a task of ${this.name} can't be read: ${inspect(error)}\n`));
      return;
    }
    const future = this.#futures[slot];
    if (!future) return;
    if (kind === YIELDED) return this.#streams.get(slot)?.push(value);
    if (kind === STREAM_BEGINS) return this.#beginStream(slot, future, thread);
    try {
      this.#works.get(future)?.terms.onMessage?.(value as never);
    } catch (error) {
      writeAll(2, Buffer.from(`onMessage of a task of ${this.name} failed: ${inspect(error)}\n`));
    }
  }

  /** The future of a task that yields gives the stream; the task goes on. */
  #beginStream(slot: number, future: AnyFuture, thread: PoolThread): void {
    const { i32 } = this.fabric;
    const at = this.fabric.slot(slot);
    const stream = new TaskStream({
      taken: () => {
        if (this.#futures[slot] !== future) return;
        Atomics.add(i32, at + TAKEN, 1);
        Atomics.notify(i32, at + TAKEN);
      },
      stop: () => {
        if (this.#futures[slot] !== future || this.crew.slots[thread.number] !== thread || !this.#breakOff(slot, at)) return;
        this.#streams.delete(slot);
        this.#outstanding--;
        this.#becomeIdle();
      },
    });
    this.#streams.set(slot, stream);
    settleFuture(future, SUCCEEDED, stream);
  }

  #take(slot: number, thread: PoolThread): void {
    if (slot < 0) return this.#hear(slot * -16, thread);
    const { fabric } = this;
    const at = fabric.slot(slot);
    const flags = fabric.i32[at + FLAGS]!;
    // One that was taken back.
    if (this.#futures[slot] === null) return this.#release(slot, at);
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

  /** Frees the slot, and ends its future, or tries once more. */
  #settle(slot: number, at: number, state: 4 | 5, value: unknown): void {
    const future = this.#futures[slot];
    invariant(future, `slot ${slot} has no future`);
    this.#release(slot, at);
    this.#outstanding--;
    const stream = this.#streams.size > 0 ? this.#streams.get(slot) : undefined;
    if (stream !== undefined) {
      this.#streams.delete(slot);
      stream.finish(state === FUTURE_FAILED, value);
      return this.#finish(future, state, value);
    }
    const record = recordOf(future);
    if (record !== 0 && stateOfRecord(record) === CANCELLED) return this.#finish(future, CANCELLED, undefined);
    if (state === FUTURE_FAILED && this.#works.size > 0) {
      const work = this.#works.get(future);
      const delay = work === undefined ? null : delayBeforeRetry(work, value);
      if (delay !== null) return this.#tryAgain(work!, delay);
    }
    this.#finish(future, state, value);
  }

  #finish(future: AnyFuture, state: 2 | 4 | 5, value: unknown): void {
    setTicket(future, NOWHERE);
    if (state === SUCCEEDED) this.counts.completed++;
    else if (state === FUTURE_FAILED) this.counts.failed++;
    else this.counts.cancelled++;
    if (this.#works.size > 0) this.#forgetWork(future);
    settleFuture(future, state, value);
    if (this.#room.length > 0) for (const tell of this.#room.splice(0)) tell();
  }

  #forgetWork(future: AnyFuture): void {
    const work = this.#works.get(future);
    if (work === undefined) return;
    this.#works.delete(future);
    if (work.timer !== null) clearTimeout(work.timer);
    if (work.retryTimer !== null) clearTimeout(work.retryTimer);
    work.unsubscribe?.();
  }

  #tryAgain(work: Work, delay: number): void {
    this.counts.retried++;
    this.#outstanding++;
    setTicket(work.future, BETWEEN);
    const send = (): void => {
      this.#outstanding--;
      work.retryTimer = null;
      try {
        this.#checkUsable();
        this.#sendWork(work);
      } catch (error) {
        this.#finish(work.future, FUTURE_FAILED, error);
        this.#becomeIdle();
      }
    };
    work.retryTimer = setTimeout(send, delay);
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

  #becomeBusy(): void {
    holdLoop();
    this.#holdsLoop = true;
    this.crew.becomeBusy();
    this.#listen();
  }

  #becomeIdle(): void {
    if (this.#outstanding > 0 || !this.#holdsLoop) return;
    releaseLoop();
    this.#holdsLoop = false;
    this.crew.becomeIdle();
    for (const tell of this.#idle.splice(0)) tell();
  }

  /** Resolves when a task has ended. */
  whenRoom(): Promise<void> {
    return new Promise((resolve) => this.#room.push(resolve));
  }

  // ------------------------------------------------------------------ what futures ask

  isRunning(future: AnyFuture): boolean {
    const slot = ticketOf(future);
    if (slot < 0) return false;
    const state = Atomics.load(this.fabric.i32, this.fabric.slot(slot)) & STATE;
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
      if (!this.#withdraw(slot, at) && !(running && this.#breakOff(slot, at))) return false;
      this.#outstanding--;
    } else if (slot === BACKLOG || slot === BETWEEN) this.#outstanding--;
    setTicket(future, NOWHERE);
    this.#forgetWork(future);
    this.#becomeIdle();
    return true;
  }

  /** Ends the future of a task with an error, whatever the task does. */
  #endEarly(future: AnyFuture, error: unknown): void {
    if (peek(future) >= CANCELLED || !this.#takeBack(future, true)) return;
    this.counts.failed++;
    settleFuture(future, FUTURE_FAILED, error);
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

  /** Breaks off a task that runs. The worker lives on, unless the task runs native code for too long. */
  #breakOff(slot: number, at: number): boolean {
    const { i32 } = this.fabric;
    const state = Atomics.load(i32, at);
    const mark = state & ~STATE;
    if ((state & STATE) !== RUNNING || Atomics.compareExchange(i32, at, state, CANCELLING | mark) !== state) return false;
    this.#futures[slot] = null;
    const thread = this.crew.slots[mark >> STATE_BITS];
    if (!thread) return true;
    const isCall = (Atomics.or(i32, at + FLAGS, INTERRUPTING) & AWAITS) === 0;
    thread.breakOff(slot, isCall);
    const end = { isUnderWay: () => Atomics.load(i32, at) === (CANCELLING | mark), thread, due: performance.now() + GRACE_MS };
    this.#ends.add(end);
    setTimeout(() => this.#endStubborn(), GRACE_MS + 1).unref();
    return true;
  }

  /** Ends the workers whose tasks could not be broken off in time. */
  #endStubborn(): void {
    for (const end of this.#ends) {
      const isStubborn = end.isUnderWay() && this.crew.slots[end.thread.number] === end.thread;
      if (isStubborn && performance.now() < end.due) continue;
      this.#ends.delete(end);
      if (isStubborn) end.thread.kill();
    }
  }

  /** Ends a task whose time is up, or looks again when it could be. */
  #checkTime(work: Work): void {
    const { future } = work;
    const timeout = work.terms.timeout!;
    const slot = ticketOf(future);
    const at = slot >= 0 ? this.fabric.slot(slot) : 0;
    let left = timeout;
    if (slot >= 0 && (Atomics.load(this.fabric.i32, at) & STATE) === RUNNING) {
      const began = this.fabric.f64[(at + BEGAN) >> 1]!;
      left = began + timeout - (performance.timeOrigin + performance.now());
      // Timers ring a little early.
      if (left < 1) return this.#endEarly(future, new TimeoutError(`the task did not end within ${timeout} ms from its start`));
    }
    work.timer = setTimeout(() => this.#checkTime(work), Math.min(left, LONGEST_TIMER_MS)).unref();
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
      if (Atomics.wait(i32, bell, 2, left) === 'timed-out') this.#look();
    }
    this.#listen();
  }

  /** While the event loop stands still: what it would tell. */
  #look(): void {
    for (const thread of this.crew.threads) {
      const end = thread.lookForEnd();
      if (end !== null) this.#died(thread, end);
    }
    if (this.#ends.size > 0) this.#endStubborn();
    for (const work of this.#works.values()) if (work.timer !== null && work.terms.timeout !== undefined) this.#checkTimeNow(work);
  }

  #checkTimeNow(work: Work): void {
    clearTimeout(work.timer!);
    this.#checkTime(work);
  }

  // ------------------------------------------------------------------ threads

  /** A worker has left in good order: its initializer has failed, or it has done its share. */
  #left(thread: PoolThread): void {
    if (this.crew.slots[thread.number] !== thread || thread.isKnownToLeave) return;
    thread.isKnownToLeave = true;
    const gone = thread.join();
    this.#leaving.add(gone);
    void gone.then(() => this.#leaving.delete(gone));
    if (thread.failure !== 0) {
      const error = take(thread.takeFailure());
      this.crew.remove(thread);
      return this.#break('its initializer failed', error);
    }
    if (this.#isStopping) return;
    this.crew.remove(thread);
    this.#requeue(this.#slotsIn(QUEUED), thread, null);
    if (this.#outstanding > this.crew.living) this.#grow();
  }

  #slotsIn(state: number): number[] {
    const found: number[] = [];
    for (let slot = SCRATCH + 1; slot < SLOTS; slot++)
      if (Atomics.load(this.fabric.i32, this.fabric.slot(slot)) === state) found.push(slot);
    return found;
  }

  /** A worker has died: what it ran fails, what it had only claimed goes to the others, and another one takes its place. */
  #died(thread: PoolThread, end: ThreadEnd): void {
    if (this.crew.slots[thread.number] !== thread) return;
    if (thread.hasLeft) return this.#left(thread);
    const { fabric } = this;
    for (let slot = thread.nextResult(); slot !== 0; slot = thread.nextResult()) this.#take(slot, thread);
    this.#stillborn = thread.isReady ? 0 : this.#stillborn + 1;
    const mark = thread.number << STATE_BITS;
    const error = this.#workerError(thread, end);
    for (const record of thread.begunMail) {
      settleRecord(record, FUTURE_FAILED, error);
      sharedHeap().release(record);
    }
    const queued: number[] = [];
    for (let slot = SCRATCH + 1; slot < SLOTS; slot++) {
      const at = fabric.slot(slot);
      const state = Atomics.load(fabric.i32, at);
      if (state === (RUNNING | mark)) this.#settle(slot, at, FUTURE_FAILED, error);
      else if (state === (CANCELLING | mark)) this.#release(slot, at);
      else if (state === (DONE | mark)) this.#take(slot, thread);
      else if (state === QUEUED || state === WITHDRAWN) queued.push(slot);
    }
    this.crew.remove(thread);
    if (this.#stillborn >= STILLBORN_MAX)
      return this.#break(`its workers die before they can begin (${end.how}, exit code ${end.exitCode})`, end.error ?? error.cause);
    this.#requeue(queued, thread, error);
    if (this.#outstanding > this.crew.living && !this.#isStopping) this.#grow();
    this.#becomeIdle();
  }

  #workerError(thread: PoolThread, end: ThreadEnd): BrokenWorkerError {
    const cause = end.error ?? thread.lastWord();
    return new BrokenWorkerError(
      { reason: end.how, exitCode: end.exitCode, worker: thread.name, output: thread.output },
      cause === undefined ? undefined : { cause },
    );
  }

  /** Puts tasks into the ring again that are in nobody's hands any more. Numbers that are in there already do no harm. */
  #requeue(queued: readonly number[], gone: PoolThread, error: BrokenWorkerError | null): void {
    const { i32, base } = this.fabric;
    const inRing = new Set<number>();
    for (let at = Atomics.load(i32, base + HEAD); at !== this.#tail; at = (at + 1) | 0) inRing.add(i32[base + RING + (at & RING_MASK)]!);
    for (const slot of queued) {
      const pin = this.#pinned.get(slot);
      if (pin === undefined) {
        if (!inRing.has(slot) && !this.#ringIsFull()) this.#push(slot);
        continue;
      }
      if (pin.worker !== gone) continue;
      this.#unpin(slot);
      const at = this.fabric.slot(slot);
      if (this.#futures[slot] === null) this.#release(slot, at);
      else if (pin.isMoved && error !== null) {
        dropValue(this.fabric, at);
        this.#settle(slot, at, FUTURE_FAILED, error);
      } else this.#pin(slot, at, pin.parcels, pin.isMoved, NOTHING);
    }
  }

  /** Nothing can be run any more: everything that waits fails. */
  #break(why: string, cause: unknown): void {
    this.#broken ??= new BrokenExecutorError(`${this.name} is broken: ${why}`, { cause });
    const error = this.#broken;
    for (const task of this.#backlog.takeAll()) {
      dropParked(task);
      this.#endEarly(task.future, error);
    }
    for (const { future } of this.#works.values()) if (ticketOf(future) === BETWEEN) this.#endEarly(future, error);
    for (let slot = SCRATCH + 1; slot < SLOTS; slot++) {
      const future = this.#futures[slot];
      if (!future || !this.#withdraw(slot, this.fabric.slot(slot))) continue;
      this.#outstanding--;
      this.#finish(future, FUTURE_FAILED, error);
    }
    this.#close();
    this.#becomeIdle();
  }

  // ------------------------------------------------------------------ the end

  /** Other threads may hand over tasks from now on, also while this one is blocked: somebody has to be there for them. */
  serveOthers(): void {
    if (this.crew.living === 0 && !this.#isStopping) this.crew.start();
    this.#listen();
  }

  /** Takes no more, from nobody. */
  shut(): void {
    if (!this.#isOver) Atomics.store(this.fabric.i32, this.fabric.base + SHUT, 1);
  }

  /** Takes back everything that has not begun. */
  cancelQueued(): void {
    for (const task of this.#backlog.takeAll()) {
      task.future.cancel();
      dropParked(task);
    }
    for (let slot = SCRATCH + 1; slot < SLOTS; slot++) this.#futures[slot]?.cancel();
  }

  /** Ends the workers once everything has run. Resolves then. */
  async stop(): Promise<void> {
    if (this.#outstanding > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#close();
    await Promise.all(this.crew.threads.map((thread) => thread.join()));
    await this.#giveBackMemory();
  }

  /** The same, blocking. */
  stopSync(): void {
    while (this.#outstanding > 0) {
      const next = this.#futures.find((future) => future !== null);
      // Only tries that wait for their time are left.
      if (next) this.waitSync(next, NEVER);
      else for (const { future } of Array.from(this.#works.values())) future.cancel();
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
    await Promise.all(this.#leaving);
    for (const thread of this.crew.threads) this.crew.remove(thread);
    if (this.#isOver || this.#outstanding > 0) return;
    this.#isOver = true;
    const { i32, base, block } = this.fabric;
    this.#functions.clear();
    // Nobody may sleep on memory that will be somebody else's.
    Atomics.store(i32, base + BELL, 0);
    Atomics.notify(i32, base + BELL);
    sharedHeap().release(block);
  }

  #close(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    const { i32, base } = this.fabric;
    Atomics.store(i32, base + CLOSED, 1);
    for (const thread of this.crew.threads) this.fabric.wake(thread.number);
  }
}
