import type { Deadline } from '../../base/deadline.ts';
import type { CarrierOptions } from '../../host/thread/carrier.ts';
import { onWorkerEnd, type WorkerEnd } from '../../host/thread/carrier-end.ts';
import { carry, prepareCarrier, terminate } from '../../host/thread/carry.ts';
import { type Interrupt, interrupt } from '../../host/thread/interrupt.ts';
import { type Ports, portsToCarrier } from '../../host/thread/port.ts';
import * as record from '../../host/thread/record.ts';
import { drop, post, take } from '../../message/index.ts';
import { block, suspend } from '../../sync/waiting.ts';
import { sharedHeap } from '../../word/heap.ts';
import * as roster from '../../word/roster.ts';
import type { AnyFunction } from './function-table.ts';
import {
  AWAKE,
  CALLED,
  DONE_HEAD,
  DONE_RING,
  DONE_RING_BYTES,
  DONE_TAIL,
  doneRing,
  type Fabric,
  FAILURE,
  LAST_WORD,
  LISTENING,
  PARK,
  PARKED,
  PIN,
  READY,
  SLEEPERS,
  STDERR_LENGTH,
  stderrTail,
  RING_MASK,
  WORKER_COUNT,
  WORKER_WORDS,
  QUIT,
  BUSY_MS,
  RUN_TIMES,
  WAIT_TIMES,
  TIME_BUCKETS,
} from './layout.ts';
import type { StartMessage } from '../../host/thread/run-thread.ts';
import type { NumberedParcels } from './hand-back.ts';
import { runWorker } from './worker.ts';

export interface ThreadOptions {
  readonly initializer?: AnyFunction | null | undefined;
  readonly initargs?: readonly unknown[] | undefined;
  readonly resourceLimits?: CarrierOptions['resourceLimits'];
  readonly maxTasks?: number | undefined;
  readonly maxHeap?: number | undefined;
  readonly maxBuffers?: number | undefined;
}

export interface ThreadEnd extends Omit<WorkerEnd, 'how'> {
  readonly how: string;
}

/** A worker of a pool, as its owner sees it. */
export class PoolThread {
  readonly number: number;
  readonly name: string;
  readonly #fabric: Fabric;
  readonly #area: number;
  readonly #ring: number;
  readonly #results: Int32Array;
  readonly #options: ThreadOptions;
  readonly #onEnd: (end: ThreadEnd) => void;
  #run = 0;
  #ports: Ports | null = null;
  #head = 0;
  /** The owner has seen that it has left. */
  isKnownToLeave = false;
  /** How many tasks it has been given that are for it alone. */
  pins = 0;

  constructor(fabric: Fabric, number: number, name: string, options: ThreadOptions, onEnd: (end: ThreadEnd) => void) {
    this.number = number;
    this.name = name;
    this.#fabric = fabric;
    this.#area = fabric.worker(number);
    this.#options = options;
    this.#onEnd = onEnd;
    const { i32 } = fabric;
    i32.fill(0, this.#area, this.#area + WORKER_WORDS);
    this.#ring = sharedHeap().allocate(DONE_RING_BYTES);
    this.#results = doneRing(this.#ring);
    i32[this.#area + DONE_RING] = this.#ring / 16;
    if (number >= fabric.workers) Atomics.store(i32, fabric.base + WORKER_COUNT, number + 1);
  }

  start(): void {
    const { initializer = null, initargs = [], resourceLimits, maxTasks = 0, maxHeap = 0, maxBuffers = 0 } = this.#options;
    // A thread that is to be replaced leaves nothing to the next one.
    const fresh = resourceLimits !== undefined || maxTasks > 0 || maxHeap > 0 || maxBuffers > 0;
    // It starts while its message is written.
    if (!fresh) prepareCarrier(true);
    const run = record.newRecord({ name: this.name, daemon: true, fresh, mustBegin: true });
    const begin = initializer === null ? [] : [initializer, initargs];
    // Numbers one by one: a list of nothing else is packed without a look at what it could hold.
    const message = post([runWorker, this.#fabric.block, this.number, maxTasks, maxHeap, maxBuffers, ...begin] satisfies StartMessage);
    record.begin(run, message.offset);
    try {
      carry(run, { own: true, resourceLimits, parcels: message.parcels });
    } catch (error) {
      record.unbegin(run);
      drop(message.offset);
      throw error;
    }
    this.#run = run;
    onWorkerEnd.set(run, this.#onEnd);
    this.#ports = portsToCarrier(record.carrierOf(run), this.#fabric.block);
  }

  /** Whether its owner has let go of it: its area may be another one's. */
  get isGone(): boolean {
    return this.#run === 0;
  }
  get isReady(): boolean {
    return Atomics.load(this.#fabric.i32, this.#area + READY) === 1;
  }
  get isParked(): boolean {
    return this.#fabric.parkOf(this.number) === PARKED;
  }
  /** Whether it is about to look for a task. */
  get isCalled(): boolean {
    return this.#fabric.parkOf(this.number) === CALLED;
  }
  /** Whether it has nothing to do, or is about to look. */
  get isIdle(): boolean {
    return this.#fabric.parkOf(this.number) !== AWAKE;
  }
  /** Its number in the roster. */
  get id(): number {
    return record.idOf(this.#run);
  }
  /** The system's number of the thread; 0 where it tells none. */
  get nativeId(): number {
    return this.#run === 0 ? 0 : roster.nativeIdOf(this.id);
  }
  get hasResults(): boolean {
    const { i32 } = this.#fabric;
    return Atomics.load(i32, this.#area + DONE_TAIL) !== this.#head || (!this.isKnownToLeave && this.hasLeft);
  }

  /** The number of the next slot that is done, or a message of a task / -16; 0 when there is none. */
  nextResult(): number {
    const { i32 } = this.#fabric;
    if (this.isGone || Atomics.load(i32, this.#area + DONE_TAIL) === this.#head) return 0;
    const slot = this.#results[this.#head & RING_MASK]!;
    this.#head = (this.#head + 1) | 0;
    i32[this.#area + DONE_HEAD] = this.#head;
    return slot;
  }

  /** The message with the error of its initializer; 0 when it has not failed. */
  get failure(): number {
    return (Atomics.load(this.#fabric.i32, this.#area + FAILURE) >>> 0) * 16;
  }
  takeFailure(): number {
    return (Atomics.exchange(this.#fabric.i32, this.#area + FAILURE, 0) >>> 0) * 16;
  }

  /** The error that has ended it, if it was one that nobody caught. */
  lastWord(): unknown {
    const message = (Atomics.exchange(this.#fabric.i32, this.#area + LAST_WORD, 0) >>> 0) * 16;
    return message === 0 ? undefined : take(message);
  }

  /** The last lines that it has written to stderr. */
  get output(): string {
    const tail = stderrTail(this.#ring);
    const length = Atomics.load(this.#fabric.i32, this.#area + STDERR_LENGTH);
    const text = tail.toString('utf8', 0, length);
    // Where the beginning is lost, it is in the middle of a line.
    return (length < tail.length ? text : text.slice(text.indexOf('\n') + 1)).trimEnd();
  }

  /** Gives it a task of its own; false when it is leaving, and nothing was sent. */
  sendParcels(slot: number, parcels: readonly unknown[], transfer: readonly unknown[]): boolean {
    if (Atomics.add(this.#fabric.i32, this.#area + PIN, 1) < 0) return false;
    try {
      this.#ports!.sendParcels({ slot, parcels }, transfer);
    } catch (error) {
      // It waits for what has been announced: it gets no task.
      this.#ports!.sendParcels({ slot: 0, parcels: [] }, []);
      throw error;
    } finally {
      this.#fabric.wake(this.number);
    }
    return true;
  }

  /** The parcels with this number, which have been sent. Those before it were of tasks that nobody waits for. */
  receiveParcels(number: number): readonly unknown[] {
    for (;;) {
      const received = this.#ports!.receiveParcels() as NumberedParcels;
      if (received.number === number) return received.parcels;
    }
  }

  /** How it ended, if it has: for when the event loop stands still, and nobody tells. */
  lookForEnd(): ThreadEnd | null {
    if (this.isGone) return null;
    const death = record.deathOf(this.#run);
    if (death !== undefined) return { how: death.how, exitCode: death.code, error: undefined };
    if (record.stateOf(this.#run) === record.FAILED) return { how: 'exited', exitCode: 1, error: record.failureOf(this.#run) };
    if (record.hasEnded(this.#run) || !roster.probe(record.idOf(this.#run))) return null;
    record.die(this.#run, 'lost', 1);
    return { how: record.deathOf(this.#run)?.how ?? 'lost', exitCode: 1, error: undefined };
  }

  /** Tells it that a task of its own has been broken off; `isCall`: its call has to be interrupted. */
  breakOff(slot: number, isCall: boolean): Interrupt | null {
    const asked = isCall ? interrupt(this.#run) : null;
    this.#ports?.call(slot);
    return asked;
  }

  /** Whether it has left the pool in good order. */
  get hasLeft(): boolean {
    return !this.isGone && Atomics.load(this.#fabric.i32, this.#area + PIN) < 0;
  }

  /** Asks it to leave when it has nothing to do. */
  askToQuit(): void {
    Atomics.store(this.#fabric.i32, this.#area + QUIT, 1);
    this.#fabric.wake(this.number);
  }

  get busyMs(): number {
    return this.#fabric.f64[(this.#area + BUSY_MS) >> 1]!;
  }
  /** How many tasks ran, and had waited, how long. */
  times(which: 'run' | 'wait'): readonly number[] {
    const first = this.#area + (which === 'run' ? RUN_TIMES : WAIT_TIMES);
    return Array.from(this.#fabric.i32.subarray(first, first + TIME_BUCKETS));
  }

  /** Ends it at once, wherever it is. */
  kill(): void {
    terminate(this.#run);
  }

  /** Waits until it has left the pool, or has died. */
  async join(): Promise<void> {
    const run = this.#run;
    if (run === 0) return;
    // The owner may let go of it meanwhile.
    sharedHeap().retain(run);
    try {
      await suspend(record.ended(run, sharedHeap().word(run)));
    } finally {
      sharedHeap().release(run);
    }
  }
  joinSync(deadline: Deadline): boolean {
    return this.#run === 0 || block(record.ended(this.#run, sharedHeap().word(this.#run)), deadline);
  }

  /** Lets go of what is kept for it: it has ended. */
  release(): void {
    if (this.#run === 0) return;
    onWorkerEnd.delete(this.#run);
    const { i32, base } = this.#fabric;
    const parked = Atomics.exchange(i32, this.#area + PARK, AWAKE);
    if (parked === PARKED || parked === LISTENING) Atomics.sub(i32, base + SLEEPERS, 1);
    this.#ports?.close();
    sharedHeap().release(this.#ring);
    sharedHeap().release(this.#run);
    this.#run = 0;
  }
}
