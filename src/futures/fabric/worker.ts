import { inspect, types } from 'node:util';
import { observed } from '../../base/observer.ts';
import { isAwaited } from './awaited.ts';
import { onStderr, writeAll } from '../../host/thread/output.ts';
import { isShareable } from '../../word/shareable.ts';
import { hasWorkers } from '../../host/thread/carrier.ts';
import { isLoopEmpty } from '../../host/thread/loop.ts';
import { callFromPort, type Ports, portsToMaker } from '../../host/thread/port.ts';
import { onUncaught } from '../../host/thread/run-thread.ts';
import { drop, MustAwait, post, read } from '../../message/index.ts';
import '../../threading/thread.ts'; // A task may ask for its thread.
import { CANCELLED, FAILED as RECORD_FAILED, moveRecord, PENDING, RUNNING as BEGUN, settleRecord, SUCCEEDED } from '../future-record.ts';
import { BrokenExecutorError } from '../errors.ts';
import { helper } from '../future.ts';
import { sharedHeap } from '../../word/heap.ts';
import { Inbox, takeTask } from './inbox.ts';
import { applyToChunk, type ChunkArgs } from './chunk.ts';
import { type AnyFunction, FunctionCache } from './function-table.ts';
import {
  AWAITS,
  BATCH,
  BATCH_SIZE,
  BATCH_SLOTS,
  BEGAN,
  BLOCK,
  BUSY_MS,
  CANCELLING,
  CHUNK,
  CLOSED,
  MAIL,
  MAIL_MAX,
  DONE,
  DONE_HEAD,
  DONE_RING,
  EMITTED,
  LISTENED,
  STREAM_AHEAD,
  STREAM_BEGINS,
  TAKEN,
  YIELDED,
  DONE_TAIL,
  doneRing,
  Fabric,
  FAILED,
  FAILURE,
  FLAGS,
  FUNCTION,
  HEAD,
  INTERRUPTING,
  KIND,
  LAST_WORD,
  LEFT,
  NO_MORE,
  MESSAGE,
  NONE,
  PARCELS,
  PARK,
  PIN,
  QUEUED,
  QUIT,
  READY,
  RECORD,
  RING,
  RING_MASK,
  RUN_TIMES,
  RUNNING,
  SENT_AT,
  SLEEPERS,
  SLOTS,
  STAMPED,
  STATE,
  STATE_BITS,
  STDERR_LENGTH,
  stderrTail,
  TAIL,
  TIME_BUCKETS,
  TIMED,
  WAIT_TIMES,
  WITHDRAWN,
} from './layout.ts';
import { runListened, type Task, taskHere } from './task.ts';
import { addToTail } from '../text-tail.ts';
import { dropValue, putValue, takeValue } from './values.ts';

export interface WorkerOptions {
  readonly block: number;
  readonly number: number;
  readonly initializer: AnyFunction | null;
  readonly initargs: readonly unknown[];
  /** It leaves after so many tasks; 0: never. */
  readonly maxTasks: number;
  /** It leaves when its heap, or its buffers, hold more bytes after a task; 0: no matter. */
  readonly maxHeap: number;
  readonly maxBuffers: number;
}

/** A claim holds about so much work, as far as one can tell: more would unbalance the workers. */
const CLAIM_US = 30;
/** After so long the event loop has its turn: timers that tasks have started. */
const TURN_MS = 8;
const MEMORY_LOOK_MS = 50;

/** What a thread of a pool runs. Resolves when the pool has nothing for it any more. */
export function runWorker(_run: number, options: WorkerOptions): Promise<void> {
  return new Promise((resolve) => new PoolWorker(options, resolve).begin());
}

export class PoolWorker {
  readonly #fabric: Fabric;
  readonly #number: number;
  readonly #area: number;
  readonly #mark: number;
  readonly #ring: Int32Array;
  readonly #options: WorkerOptions;
  readonly #end: () => void;
  readonly #functions: FunctionCache;
  readonly #ports: Ports;
  /** Tasks run from the event of a port: only there can they be interrupted. */
  readonly #entry: ReturnType<typeof callFromPort>;
  #pinsSeen = 0;
  #doneTail = 0;
  /** How long a task takes, in microseconds: a moving average. */
  #taskUs = CLAIM_US;
  /** Tasks that have returned a promise, by their slots. */
  readonly #awaiting = new Map<number, Task>();
  /** How many futures tasks are waiting for that other threads set. */
  #yielding = 0;
  /** The calls on the stack, innermost last: numbers of slots, and records / -16 of tasks from the inbox. */
  readonly #calls: number[] = [];
  #inbox: Inbox | null = null;
  #ran = 0;
  #memoryLook = 0;
  #isScheduled = false;
  #hasRun = false;

  constructor(options: WorkerOptions, end: () => void) {
    const fabric = new Fabric(options.block);
    this.#fabric = fabric;
    this.#options = options;
    this.#number = options.number;
    this.#area = fabric.worker(options.number);
    this.#mark = options.number << STATE_BITS;
    this.#ring = doneRing((fabric.i32[this.#area + DONE_RING]! >>> 0) * 16);
    this.#doneTail = fabric.i32[this.#area + DONE_TAIL]!;
    this.#end = end;
    this.#functions = new FunctionCache(fabric);
    this.#entry = callFromPort(this.#turn);
    this.#ports = portsToMaker(options.block);
    this.#ports.onCall((slot) => this.#recover(slot));
  }

  begin(): void {
    onUncaught.current = (error) => this.#leaveWord(error);
    onStderr.current = (bytes) => this.#rememberStderr(bytes);
    helper.current = {
      help: () => this.#help(),
      awaits: (change) => {
        this.#yielding += change;
        this.#schedule();
      },
    };
    const { initializer, initargs } = this.#options;
    const ready = (): void => {
      Atomics.store(this.#fabric.i32, this.#area + READY, 1);
      this.#schedule();
    };
    if (initializer === null) return ready();
    try {
      const result: unknown = initializer(...(initargs as never[]));
      if (isAwaited(result)) result.then(ready, (error: unknown) => this.#failToBegin(error));
      else ready();
    } catch (error) {
      this.#failToBegin(error);
    }
  }

  /** Before the worker ends because of an error in a callback: the owner is told which. */
  #leaveWord(error: unknown): void {
    try {
      Atomics.store(this.#fabric.i32, this.#area + LAST_WORD, post(error).offset / 16);
    } catch {
      // It can't be sent: the owner knows how the worker ended, and people see why.
      writeAll(2, Buffer.from(`${inspect(error)}\n`));
    }
  }

  /** What it last wrote is told when it dies. */
  #rememberStderr(bytes: Uint8Array): void {
    const { i32 } = this.#fabric;
    const length = this.#area + STDERR_LENGTH;
    Atomics.store(i32, length, addToTail(stderrTail((i32[this.#area + DONE_RING]! >>> 0) * 16), i32[length]!, bytes));
  }

  #failToBegin(error: unknown): void {
    let message: number;
    try {
      message = post(error).offset;
    } catch (unsendable) {
      message = post(unsendable).offset;
    }
    Atomics.store(this.#fabric.i32, this.#area + FAILURE, message / 16);
    this.#fabric.ring();
    this.#leave();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // After what is ready in the event loop: timers, immediates, promises.
    setImmediate(this.#entry.ask);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    const start = performance.now();
    while (this.#mayRun()) {
      if (this.#claim() || this.#takePinned() || this.#takeFromInbox() || this.#steal()) {
        this.#hasRun = true;
        if (this.#isWornOut() && this.#acceptNoMore()) return this.#leave();
        if (performance.now() - start > TURN_MS) return this.#schedule();
        continue;
      }
      if (this.#hasRun) {
        // What the tasks have left in the queues of the event loop has its turn before the thread sleeps.
        this.#hasRun = false;
        return this.#schedule();
      }
      const { i32, base } = this.#fabric;
      if (Atomics.load(i32, base + CLOSED) !== 0 || Atomics.load(i32, this.#area + QUIT) !== 0) {
        if (this.#awaiting.size > 0) return;
        if (this.#acceptNoMore()) return this.#leave();
      } else if (!this.#park()) return;
    }
  };

  /** Whether another task may begin: none awaits, or all that do may be waiting for tasks of this pool. */
  #mayRun(): boolean {
    return this.#awaiting.size === 0 || this.#yielding >= this.#awaiting.size;
  }

  /** Whether it has run as many tasks, or holds as much memory, as it may. Those that are for it alone are run first. */
  #isWornOut(): boolean {
    const { maxTasks, maxHeap, maxBuffers } = this.#options;
    if (maxTasks === 0 && maxHeap === 0 && maxBuffers === 0) return false;
    if (this.#awaiting.size > 0 || this.#fabric.i32[this.#area + BATCH_SIZE] !== 0) return false;
    if (maxTasks > 0 && this.#ran >= maxTasks) return true;
    if ((maxHeap === 0 && maxBuffers === 0) || performance.now() < this.#memoryLook) return false;
    this.#memoryLook = performance.now() + MEMORY_LOOK_MS;
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return (maxHeap > 0 && heapUsed > maxHeap) || (maxBuffers > 0 && arrayBuffers > maxBuffers);
  }

  /** False when something has come that is for this worker alone: that is run first. */
  #acceptNoMore(): boolean {
    return Atomics.compareExchange(this.#fabric.i32, this.#area + PIN, this.#pinsSeen, NO_MORE) === this.#pinsSeen;
  }

  #leave(): void {
    Atomics.store(this.#fabric.i32, this.#area + LEFT, 1);
    this.#fabric.ring();
    // From now on, the pool's memory may be somebody else's.
    helper.current = null;
    onUncaught.current = null;
    onStderr.current = null;
    this.#ports.close();
    this.#entry.close();
    this.#end();
  }

  /** Sleeps until it is woken. True: go on. False: it waits in the event loop, and will be called. */
  #park(): boolean {
    const { i32, base } = this.#fabric;
    const park = this.#area + PARK;
    this.#functions.sweep();
    Atomics.store(i32, park, 1);
    Atomics.add(i32, base + SLEEPERS, 1);
    if (this.#hasWork()) {
      if (Atomics.compareExchange(i32, park, 1, 0) === 1) Atomics.sub(i32, base + SLEEPERS, 1);
      return true;
    }
    if (isLoopEmpty() && !hasWorkers()) {
      Atomics.wait(i32, park, 1);
      return true;
    }
    const { async, value } = Atomics.waitAsync(i32, park, 1);
    if (!async) return true;
    void value.then(() => this.#schedule());
    return false;
  }

  #hasWork(): boolean {
    const { i32, base } = this.#fabric;
    return (
      Atomics.load(i32, base + HEAD) !== Atomics.load(i32, base + TAIL) ||
      Atomics.load(i32, this.#area + PIN) !== this.#pinsSeen ||
      this.#hasMail() ||
      Atomics.load(i32, this.#area + QUIT) !== 0 ||
      Atomics.load(i32, base + CLOSED) !== 0
    );
  }

  /** Takes tasks from the ring and runs them. */
  #claim(): boolean {
    const { i32, base } = this.#fabric;
    const batch = this.#area + BATCH_SLOTS;
    if (i32[this.#area + BATCH_SIZE] !== 0) return this.#runLeftOver();
    for (;;) {
      const head = Atomics.load(i32, base + HEAD);
      const available = (Atomics.load(i32, base + TAIL) - head) | 0;
      if (available <= 0) return false;
      // A share that gets smaller as the queue does, so that the workers end together.
      const count = Math.max(1, Math.min(this.#batchMax(), available >> 2, (CLAIM_US / this.#taskUs) | 0));
      for (let i = 0; i < count; i++) i32[batch + i] = i32[base + RING + ((head + i) & RING_MASK)]!;
      if (Atomics.compareExchange(i32, base + HEAD, head, (head + count) | 0) !== head) continue;
      if (count > 1) Atomics.store(i32, this.#area + BATCH_SIZE, count);
      const start = performance.now();
      let ran = 0;
      for (let i = 0; i < count; i++) if (this.#mayRun()) ran += this.#run(i32[batch + i]!);
      // What is left of the batch while a task awaits is for the others, or for later: it is still QUEUED, and shown.
      if (this.#mayRun()) {
        if (count > 1) Atomics.store(i32, this.#area + BATCH_SIZE, 0);
        if (ran > 0) this.#measure(performance.now() - start, ran);
      } else if (count > 1) this.#fabric.wakeOne(this.#fabric.workers);
      return true;
    }
  }

  #batchMax(): number {
    const { maxTasks } = this.#options;
    return maxTasks === 0 ? BATCH : Math.min(BATCH, maxTasks - this.#ran);
  }

  /** What was left of a batch when a task began to await: still QUEUED, if no other worker has taken it since. */
  #runLeftOver(): boolean {
    const { i32 } = this.#fabric;
    const size = i32[this.#area + BATCH_SIZE]!;
    for (let i = 0; i < size; i++) {
      this.#run(i32[this.#area + BATCH_SLOTS + i]!);
      if (!this.#mayRun()) return true;
    }
    Atomics.store(i32, this.#area + BATCH_SIZE, 0);
    return true;
  }

  #measure(ms: number, count: number): void {
    const us = (ms * 1000) / count;
    this.#taskUs = Math.max(0.1, this.#taskUs + (us - this.#taskUs) * 0.25);
    this.#fabric.i32[this.#area + RUN_TIMES + bucketOf(us)]! += count;
    this.#fabric.f64[(this.#area + BUSY_MS) >> 1]! += ms;
  }

  /** Looks into the batches of the other workers for what nobody has begun. */
  #steal(): boolean {
    const { i32, workers } = this.#fabric;
    for (let other = 0; other < workers; other++) {
      if (other === this.#number) continue;
      const area = this.#fabric.worker(other);
      const size = Atomics.load(i32, area + BATCH_SIZE);
      for (let i = 0; i < size; i++) {
        const number = i32[area + BATCH_SLOTS + i]!;
        if ((Atomics.load(i32, this.#fabric.slot(number)) & STATE) === QUEUED && this.#run(number) === 1) return true;
      }
    }
    return false;
  }

  /** A task waits for another by blocking: meanwhile this thread runs what there is. */
  #help(): boolean {
    const task = taskHere.current;
    const hasRun = this.#takeFromInbox() || this.#claim() || this.#steal();
    taskHere.current = task;
    return hasRun;
  }

  /** Keeps the list of begun tasks from the inbox: what is there if this worker dies. */
  #note(before: number, after: number): void {
    const { i32 } = this.#fabric;
    for (let at = this.#area + MAIL; at < this.#area + MAIL + MAIL_MAX; at++) {
      if (i32[at] === before) return void Atomics.store(i32, at, after);
    }
  }

  #hasMail(): boolean {
    this.#inbox ??= Inbox.find(this.#fabric);
    return this.#inbox !== null && this.#inbox.size > 0;
  }

  /** Runs a task that another thread has handed over. */
  #takeFromInbox(): boolean {
    if (!this.#hasMail()) return false;
    const record = this.#inbox!.take();
    if (record === 0) return false;
    const { message, isChunk } = takeTask(record);
    const release = (): void => sharedHeap().release(record);
    if (moveRecord(record, PENDING, BEGUN) !== PENDING) {
      drop(message);
      release();
      return true;
    }
    this.#note(0, record / 16);
    this.#calls.push(record / -16);
    const settle = (value: unknown, flags: number): void => {
      this.#settle(record, value, flags);
      this.#note(record / 16, 0);
      release();
    };
    const start = performance.now();
    try {
      const result = this.#callMessage(message, isChunk);
      if (isAwaited(result)) this.#awaitRecord(record, result, settle);
      else settle(result, 0);
    } catch (error) {
      if (error instanceof MustAwait) this.#awaitRecord(record, this.#whenMessageLoaded(message, isChunk, error), settle);
      else settle(error, FAILED);
    }
    this.#calls.pop();
    this.#measure(performance.now() - start, 1);
    return true;
  }

  /** Calls what a message says, and frees it; not when `MustAwait` is thrown. */
  #callMessage(message: number, isChunk: boolean): unknown {
    let call: readonly [AnyFunction, readonly never[]];
    try {
      call = read(message) as typeof call;
    } catch (error) {
      if (!(error instanceof MustAwait)) drop(message);
      throw error;
    }
    drop(message);
    const [called, args] = call;
    const fn = observed(called);
    return isChunk ? applyToChunk(fn, ...(args as unknown as ChunkArgs)) : fn(...args);
  }

  async #whenMessageLoaded(message: number, isChunk: boolean, first: MustAwait): Promise<unknown> {
    for (let missing = first; ;) {
      await missing.load();
      try {
        return await this.#callMessage(message, isChunk);
      } catch (error) {
        if (!(error instanceof MustAwait) || error === missing) throw error;
        missing = error;
      }
    }
  }

  #awaitRecord(record: number, result: PromiseLike<unknown>, settle: (value: unknown, flags: number) => void): void {
    const task: Task = taskHere.current ?? { controller: null };
    this.#awaiting.set(record / -16, task);
    const end = (value: unknown, flags: number): void => {
      this.#awaiting.delete(record / -16);
      settle(value, flags);
      this.#hasRun = true;
      this.#schedule();
    };
    result.then(
      (value) => end(value, 0),
      (error: unknown) => end(error, FAILED),
    );
  }

  /** Runs a task that was sent to this worker alone. */
  #takePinned(): boolean {
    const pins = Atomics.load(this.#fabric.i32, this.#area + PIN);
    if (pins === this.#pinsSeen) return false;
    this.#pinsSeen = (this.#pinsSeen + 1) | 0;
    const { slot, parcels } = this.#ports.receiveParcels() as { readonly slot: number; readonly parcels: readonly unknown[] };
    this.#run(slot, parcels);
    return true;
  }

  /** Runs the task in a slot if it is still to be run: 1, or 0. */
  #run(number: number, parcels: readonly unknown[] | null = null): number {
    const { i32 } = this.#fabric;
    const slot = this.#fabric.slot(number);
    const before = Atomics.compareExchange(i32, slot, QUEUED, RUNNING | this.#mark);
    if (before !== QUEUED) {
      if (before === WITHDRAWN && Atomics.compareExchange(i32, slot, WITHDRAWN, DONE | this.#mark) === WITHDRAWN) this.#report(number);
      return 0;
    }
    this.#ran++;
    const flags = i32[slot + FLAGS]!;
    if ((flags & (TIMED | STAMPED)) !== 0) this.#noteBegin(slot, flags);
    const record = Atomics.load(i32, slot + RECORD) >>> 0;
    if (record !== 0 && moveRecord(record, PENDING, BEGUN) === CANCELLED) {
      dropValue(this.#fabric, slot);
      this.#finish(number, slot, undefined, 0, false);
      return 1;
    }
    let result: unknown;
    this.#calls.push(number);
    try {
      result =
        (flags & LISTENED) === 0
          ? this.#call(slot, flags, parcels)
          : runListened(
              (message) => this.#sendMessage(number, EMITTED, message),
              () => this.#call(slot, flags, parcels),
            );
      this.#calls.pop();
    } catch (error) {
      this.#calls.pop();
      if (error instanceof MustAwait) void this.#whenLoaded(number, slot, error, parcels);
      else this.#finish(number, slot, error, FAILED, false);
      return 1;
    }
    if (isAwaited(result)) this.#await(number, slot, result);
    else if (isStream(result)) this.#await(number, slot, this.#stream(number, slot, result));
    else this.#finish(number, slot, result, 0, false);
    return 1;
  }

  #noteBegin(slot: number, flags: number): void {
    const { i32, f64 } = this.#fabric;
    const now = performance.timeOrigin + performance.now();
    if ((flags & STAMPED) !== 0) i32[this.#area + WAIT_TIMES + bucketOf((now - f64[(slot + SENT_AT) >> 1]!) * 1000)]!++;
    if ((flags & TIMED) !== 0) f64[(slot + BEGAN) >> 1] = now;
  }

  #call(slot: number, flags: number, parcels: readonly unknown[] | null): unknown {
    const { i32 } = this.#fabric;
    const number = i32[slot + FUNCTION]!;
    if (number === 0) {
      const [called, args] = takeValue(this.#fabric, slot, parcels) as [AnyFunction, readonly never[]];
      const fn = observed(called);
      return (flags & CHUNK) === 0 ? fn(...args) : applyToChunk(fn, ...(args as unknown as ChunkArgs));
    }
    const fn = observed(this.#functions.get(number) as (...args: unknown[]) => unknown);
    const kind = i32[slot + KIND]!;
    if (kind === NONE) return fn();
    const args = takeValue(this.#fabric, slot, parcels);
    if (kind !== MESSAGE && kind !== BLOCK) return fn(args);
    return (flags & CHUNK) === 0 ? fn(...(args as unknown[])) : applyToChunk(fn as AnyFunction, ...(args as ChunkArgs));
  }

  /** From here on the task is no call that could be interrupted. False: somebody is about to do that. */
  #becomeAsync(slot: number): boolean {
    return (Atomics.or(this.#fabric.i32, slot + FLAGS, AWAITS) & INTERRUPTING) === 0;
  }

  /** Something that the task needs lies in a module that has to be awaited. */
  async #whenLoaded(number: number, slot: number, first: MustAwait, parcels: readonly unknown[] | null): Promise<void> {
    if (!this.#becomeAsync(slot)) this.#standStill();
    const task: Task = { controller: null };
    this.#awaiting.set(number, task);
    for (let missing = first; ;) {
      try {
        await missing.load();
        const result = this.#call(slot, this.#fabric.i32[slot + FLAGS]!, parcels);
        return this.#settleAwaited(number, slot, task, isAwaited(result) ? await result : result, 0);
      } catch (error) {
        if (!(error instanceof MustAwait) || error === missing) return this.#settleAwaited(number, slot, task, error, FAILED);
        missing = error;
      }
    }
  }

  #await(number: number, slot: number, result: PromiseLike<unknown>): void {
    if (!this.#becomeAsync(slot)) this.#standStill();
    const task: Task = taskHere.current ?? { controller: null };
    this.#awaiting.set(number, task);
    const start = performance.now();
    const end = (value: unknown, flags: number): void => {
      if (this.#awaiting.get(number) === task) this.#measure(performance.now() - start, 1);
      this.#settleAwaited(number, slot, task, value, flags);
    };
    result.then(
      (value) => end(value, 0),
      (error: unknown) => end(error, FAILED),
    );
  }

  /** Sends the values of a stream, never more than some ahead of the reader. Runs until the stream ends. */
  async #stream(number: number, slot: number, stream: Stream): Promise<void> {
    // Once the caller has taken note of the task.
    await Promise.resolve();
    const { i32 } = this.#fabric;
    const iterator: AsyncIterator<unknown> | Iterator<unknown> =
      Symbol.asyncIterator in stream ? stream[Symbol.asyncIterator]() : stream[Symbol.iterator]();
    const task = this.#awaiting.get(number);
    if (task === undefined) return void iterator.return?.();
    const state = { isStopped: false };
    task.stop = () => {
      state.isStopped = true;
      void iterator.return?.();
    };
    Atomics.store(i32, slot + TAKEN, 0);
    this.#sendMessage(number, STREAM_BEGINS, null);
    for (let sent = 0; ; sent++) {
      const next = await iterator.next();
      if (state.isStopped || next.done === true) return;
      this.#sendMessage(number, YIELDED, next.value);
      while (!state.isStopped) {
        const taken = Atomics.load(i32, slot + TAKEN);
        if (sent + 1 - taken < STREAM_AHEAD) break;
        const { async, value } = Atomics.waitAsync(i32, slot + TAKEN, taken);
        if (async) await value;
      }
      if (state.isStopped) return;
    }
  }

  /** Sends something to the owner before the task is done. */
  #sendMessage(number: number, kind: number, value: unknown): void {
    const { offset, parcels } = post([number, kind, value]);
    if (parcels !== null) {
      drop(offset);
      throw new TypeError("a MessagePort or a SharedArrayBuffer can't be sent out of a task that goes on: use a SharedArray");
    }
    const { i32 } = this.#fabric;
    while (((this.#doneTail - Atomics.load(i32, this.#area + DONE_HEAD)) | 0) >= SLOTS) {
      this.#fabric.ring();
      Atomics.wait(i32, this.#area + DONE_HEAD, Atomics.load(i32, this.#area + DONE_HEAD), 1);
    }
    this.#report(offset / -16);
  }

  #settleAwaited(number: number, slot: number, task: Task, value: unknown, flags: number): void {
    // It was broken off: nobody waits for this, and the slot may be another task's.
    if (this.#awaiting.get(number) !== task) return;
    this.#awaiting.delete(number);
    this.#finish(number, slot, value, flags, true);
    this.#hasRun = true;
    this.#schedule();
  }

  /** Hands the result over. */
  #finish(number: number, slot: number, value: unknown, flags: number, isAsync: boolean): void {
    const { i32 } = this.#fabric;
    taskHere.current = null;
    const record = Atomics.load(i32, slot + RECORD) >>> 0;
    if (record !== 0) this.#settle(record, value, flags);
    const more = this.#putResult(slot, value, flags);
    if (Atomics.compareExchange(i32, slot, RUNNING | this.#mark, DONE | this.#mark) !== (RUNNING | this.#mark)) {
      dropValue(this.#fabric, slot);
      // It was broken off when it had just ended. The interrupt is on its way, and must not hit the next one.
      if (!isAsync) this.#standStill();
      else if (Atomics.compareExchange(i32, slot, CANCELLING | this.#mark, DONE | this.#mark) === (CANCELLING | this.#mark))
        this.#report(number);
      return;
    }
    i32[slot + FLAGS] = flags | more;
    // The future has come to other threads since: whichever of us sees that tells them.
    if (record === 0 && Atomics.load(i32, slot + RECORD) !== 0) this.#settle(Atomics.load(i32, slot + RECORD) >>> 0, value, flags);
    this.#report(number);
  }

  /** Tells the owner that a slot is done. */
  #report(number: number): void {
    this.#ring[this.#doneTail & RING_MASK] = number;
    this.#doneTail = (this.#doneTail + 1) | 0;
    Atomics.store(this.#fabric.i32, this.#area + DONE_TAIL, this.#doneTail);
    this.#fabric.ring();
  }

  /** The owner has broken a task off: its call is gone from the stack by now, or nobody waits for its promise any more. */
  #recover(number: number): void {
    const { i32 } = this.#fabric;
    const slot = this.#fabric.slot(number);
    const task = this.#awaiting.get(number) ?? taskHere.current;
    const depth = this.#calls.indexOf(number);
    if (depth >= 0) this.#fellWith(this.#calls.splice(depth).slice(1));
    this.#awaiting.delete(number);
    taskHere.current = null;
    if (Atomics.compareExchange(i32, slot, CANCELLING | this.#mark, DONE | this.#mark) === (CANCELLING | this.#mark)) this.#report(number);
    task?.controller?.abort();
    task?.stop?.();
    this.#hasRun = true;
    this.#isScheduled = false;
    this.#schedule();
  }

  /** Tasks that this thread ran while the one that was broken off waited: their calls are gone as well. */
  #fellWith(calls: readonly number[]): void {
    for (const call of calls) {
      const error = new BrokenExecutorError(
        'the task was broken off: the thread that ran it was interrupted in another one, which waited meanwhile',
      );
      if (call < 0) {
        this.#settle(call * -16, error, FAILED);
        this.#note(-call, 0);
        sharedHeap().release(call * -16);
      } else if ((Atomics.load(this.#fabric.i32, this.#fabric.slot(call)) & STATE) === RUNNING) {
        this.#finish(call, this.#fabric.slot(call), error, FAILED, true);
      }
    }
  }

  /** Gives more flags. What can't be sent makes this task fail, and no other. */
  #putResult(slot: number, value: unknown, flags: number): number {
    const { i32 } = this.#fabric;
    try {
      const parcels = putValue(this.#fabric, slot, value);
      if (parcels === null) return 0;
      this.#ports.sendParcels(parcels, []);
      return PARCELS;
    } catch (error) {
      i32[slot + KIND] = NONE;
      try {
        putValue(this.#fabric, slot, error);
      } catch {
        const what = (flags & FAILED) === 0 ? 'result' : 'error';
        putValue(this.#fabric, slot, new Error(`the ${what} of a task can't be sent, nor what kept it: ${String(error)}`));
      }
      return FAILED;
    }
  }

  #settle(record: number, value: unknown, flags: number): void {
    try {
      settleRecord(record, flags === FAILED ? RECORD_FAILED : SUCCEEDED, value);
    } catch (error) {
      settleRecord(record, RECORD_FAILED, error);
    }
  }

  /** Waits to be interrupted. */
  #standStill(): never {
    for (;;) Atomics.wait(this.#fabric.i32, this.#area + PARK, 0);
  }
}

/** The powers of two of microseconds. */
function bucketOf(us: number): number {
  return Math.max(0, Math.min(TIME_BUCKETS - 1, 32 - Math.clz32(us)));
}

type Stream = AsyncIterable<unknown> | Generator;

/** What a task returns to be read as it comes: an async iterable, or a generator. A queue, which can be sent itself, is none. */
function isStream(value: unknown): value is Stream {
  if (typeof value !== 'object' || value === null || isShareable(value)) return false;
  return Symbol.asyncIterator in value || types.isGeneratorObject(value);
}
