import { sharedHeap } from '../../word/heap.ts';

/*
 * A pool of threads as memory: one block, found by its offset. Tasks lie in slots; the numbers of slots go to the workers through one ring,
 * and come back through a ring for each worker. The thread that made the pool (its owner) alone fills slots and frees them.
 *
 * A slot is 64 words:
 *   0       its state, and from bit 3 on the worker that runs or ran it
 *   1       the number of the function; 0: it comes with the arguments
 *   2, 3    what the arguments are (kinds below), and a small value or the block of the message / 16; then the same for the result
 *   4, 5    a double
 *   6       flags
 *   7       the record of the future, once other threads have it
 *   8, 9    when it began, as a double, if flags ask for it
 *   10      the number of the parcels that go with the result
 *   11      how many values of its stream have been taken
 *   12, 13  when it was handed over, for some of the tasks
 *   16-63   a message that is short enough
 *
 *   FREE -> QUEUED               the owner fills it and puts its number into the ring
 *   QUEUED -> RUNNING, worker    a worker begins
 *   QUEUED -> WITHDRAWN          the owner takes it back: the slot is free when its number has come through the ring
 *   WITHDRAWN -> DONE            a worker has met the number
 *   RUNNING -> DONE              the worker is through
 *   RUNNING -> CANCELLING        the owner wants it broken off: the worker waits to be interrupted
 *   CANCELLING -> FREE           the worker has been interrupted, or replaced
 *   DONE -> FREE                 the owner has the result
 *
 * Invariants: whoever runs a task has made it RUNNING by an exchange, so a number that lies in the ring twice does no harm.
 * A worker that dies leaves its number in the slot that it ran, and what it had only claimed is still QUEUED.
 *
 * Workers take numbers in batches and show them in their own area, where the others may help themselves when they have nothing to do.
 */
export const SLOTS = 4096;
export const SLOT_WORDS = 64;
/** Twice as many as there are slots: after a worker has died, a number may lie in the ring twice. */
export const RING_SLOTS = SLOTS * 2;
export const RING_MASK = RING_SLOTS - 1;
export const WORKERS = 256;
export const BATCH = 32;
export const FUNCTIONS = 1024;

export const FREE = 0;
export const QUEUED = 1;
export const RUNNING = 2;
export const CANCELLING = 3;
export const DONE = 4;
export const WITHDRAWN = 5;
export const STATE_BITS = 3;
export const STATE = 7;

// Words of a slot.
export const FUNCTION = 1;
export const KIND = 2;
export const WORD = 3;
export const DOUBLE = 4;
export const FLAGS = 6;
export const RECORD = 7;
export const BEGAN = 8;
export const PARCEL = 10;
export const TAKEN = 11;
export const SENT_AT = 12;
export const INLINE = 16;
export const INLINE_BYTES = (SLOT_WORDS - INLINE) * 4;

// What arguments and results are.
export const NONE = 0;
export const INTEGER = 1;
export const FLOAT = 2;
export const CONSTANT = 3;
export const MESSAGE = 5;
export const BLOCK = 6;
export const CONSTANTS: readonly unknown[] = [undefined, null, true, false];

// Flags of a slot.
/** The result is an error. */
export const FAILED = 1;
/** The worker writes down when it begins. */
export const TIMED = 2;
/** Arguments, or the result, came beside the message by a port. */
export const PARCELS = 4;
/** The function gets an array of arguments in turn, and gives what it made of them. */
export const CHUNK = 16;
/** Somebody hears what the task emits. */
export const LISTENED = 32;
/** The task has returned a promise: it is no call any more, and can't be interrupted. */
export const AWAITS = 64;
/** The owner is about to interrupt the call. Whoever of both sets its flag first is heard. */
export const INTERRUPTING = 128;
/** It says when it was handed over. */
export const STAMPED = 256;
/** It may be run again when it has failed: the owner tells other threads what becomes of its future. */
export const RETRIED = 512;

/*
 * The word on which a worker sleeps. SLEEPERS counts those that are PARKED or LISTENING.
 *
 *   AWAKE      it works, or looks for work
 *   PARKED     it sleeps, or is about to: after it has written this it looks for work once more
 *   LISTENING  the same in its event loop, where something else may keep it
 *   CALLED     it has been woken when it was PARKED, or has run all that there was: nothing of the program runs in it until it looks
 *
 *   AWAKE -> PARKED, LISTENING, CALLED  the worker
 *   PARKED -> CALLED, LISTENING -> AWAKE  whoever wakes it
 *   any -> AWAKE                        the worker, before it looks for work
 *
 * Invariant: when there is something in the ring, some worker is awake, CALLED, or has died. So who puts something in there, and then finds a
 * worker CALLED, wakes nobody: that one will see it, and if there is more than it takes, it wakes the next one.
 */
export const AWAKE = 0;
export const PARKED = 1;
export const CALLED = 2;
export const LISTENING = 3;

// What a message of a task says.
export const EMITTED = 0;
export const STREAM_BEGINS = 1;
export const YIELDED = 2;
/** A stream runs no further ahead of its reader. */
export const STREAM_AHEAD = 32;

// Words of a pool, each that is written often on a cache line of its own.
export const TAIL = 0;
export const HEAD = 16;
export const SLEEPERS = 32;
/** Whether the owner wants to be told of results: 0 no, 1 it listens in its event loop, 2 it sleeps. */
export const BELL = 48;
/** 0 open; 1 no more tasks come: workers end when there is nothing left. */
export const CLOSED = 64;
/** The tasks of other threads, see inbox.ts. */
export const INBOX = 66;
/** Whether, and why, the owner takes no more tasks: SHUT_DOWN, BROKEN; 0: it does. */
export const SHUT = 68;
export const SHUT_DOWN = 1;
export const BROKEN = 2;
/** How many tasks the owner holds until a worker has nothing to do: workers then ring before they sleep. */
export const HELD = 69;
/** How many worker areas are in use. */
export const WORKER_COUNT = 67;
const FIRST_WORKER = 96;

// Words of a worker's area.
export const WORKER_WORDS = 128;
export const DONE_TAIL = 0;
export const DONE_HEAD = 1;
/** The ring of results, offset / 16. */
export const DONE_RING = 2;
/** How many bytes there are of what it last wrote to stderr; they lie behind its ring of results. */
export const STDERR_LENGTH = 3;
/** The word on which it sleeps. */
export const PARK = 16;
/**
 * How many tasks have been sent by its port; NO_MORE, or little more, once it has left in good order. It writes that when it has seen to all of
 * them, and nothing after it: its area may be the next worker's from then on.
 */
export const PIN = 12;
export const NO_MORE = -0x4000_0000;
/** The first of the tasks from the inbox that it has in hand: a record, offset / 16. */
export const MAIL = 14;
/** Why the initializer failed: a message, offset / 16. */
export const FAILURE = 18;
/** The error in a callback that has ended it: a message, offset / 16. */
export const LAST_WORD = 13;
/** 1 once it has begun to take tasks. */
export const READY = 19;
/** 1: the owner wants it to leave when it has nothing to do. */
export const QUIT = 20;
/** How long tasks ran, in all: a double. */
export const BUSY_MS = 22;
export const BATCH_SIZE = 24;
export const BATCH_SLOTS = 25;
/** How long tasks ran, and how long they had waited: counts by powers of two of microseconds. */
export const TIME_BUCKETS = 32;
export const RUN_TIMES = 64;
export const WAIT_TIMES = 96;

export const RING = FIRST_WORKER + WORKERS * WORKER_WORDS;
export const FIRST_SLOT = RING + RING_SLOTS;
export const FUNCTION_TABLE = FIRST_SLOT + SLOTS * SLOT_WORDS;
export const POOL_BYTES = (FUNCTION_TABLE + FUNCTIONS) * 4;

/** A pool's memory, as this thread sees it. */
export class Fabric {
  readonly block: number;
  readonly i32: Int32Array<SharedArrayBuffer>;
  readonly f64: Float64Array;
  /** Index of the pool's first word. */
  readonly base: number;

  constructor(block: number) {
    const heap = sharedHeap();
    heap.reach(block + POOL_BYTES - 1);
    this.block = block;
    this.base = block / 4;
    this.i32 = heap.i32 as Int32Array<SharedArrayBuffer>;
    this.f64 = heap.f64;
  }

  static allocate(): Fabric {
    return new Fabric(sharedHeap().allocate(POOL_BYTES));
  }

  get workers(): number {
    return Atomics.load(this.i32, this.base + WORKER_COUNT);
  }

  /** Index of the first word of a slot. */
  slot(number: number): number {
    return this.base + FIRST_SLOT + number * SLOT_WORDS;
  }

  /** Index of the first word of a worker's area. */
  worker(number: number): number {
    return this.base + FIRST_WORKER + number * WORKER_WORDS;
  }

  /** What a worker's park word says. */
  parkOf(worker: number): number {
    return Atomics.load(this.i32, this.worker(worker) + PARK);
  }

  /** Wakes a worker if it sleeps. */
  wake(worker: number): boolean {
    return this.#wakeFrom(worker, PARKED, CALLED) || this.#wakeFrom(worker, LISTENING, AWAKE);
  }

  #wakeFrom(worker: number, from: number, to: number): boolean {
    const { i32, base } = this;
    const park = this.worker(worker) + PARK;
    if (Atomics.load(i32, park) !== from || Atomics.compareExchange(i32, park, from, to) !== from) return false;
    Atomics.sub(i32, base + SLEEPERS, 1);
    Atomics.notify(i32, park);
    return true;
  }

  /** Wakes one of the workers that sleep, rather one that will look at once. Gives its number; -1 when there is none. */
  wakeOne(workers: number): number {
    if (Atomics.load(this.i32, this.base + SLEEPERS) === 0) return -1;
    for (let worker = 0; worker < workers; worker++) if (this.#wakeFrom(worker, PARKED, CALLED)) return worker;
    for (let worker = 0; worker < workers; worker++) if (this.#wakeFrom(worker, LISTENING, AWAKE)) return worker;
    return -1;
  }

  /** Has every worker look once more: one may have been CALLED by somebody who died before it could be woken. */
  rouse(): void {
    for (let worker = 0; worker < this.workers; worker++) Atomics.notify(this.i32, this.worker(worker) + PARK);
  }

  /** Tells the owner that there is something for it, if it wants to know. */
  ring(): void {
    const bell = this.base + BELL;
    const seen = Atomics.load(this.i32, bell);
    if (seen !== 0 && Atomics.compareExchange(this.i32, bell, seen, 0) === seen) Atomics.notify(this.i32, bell);
  }
}

const STDERR_BYTES = 2048;
export const DONE_RING_BYTES = RING_SLOTS * 4 + STDERR_BYTES;

/** The ring through which a worker gives results back: numbers of slots, and messages of tasks / -16. A message takes no place that a slot may need. */
export function doneRing(block: number): Int32Array {
  const heap = sharedHeap();
  heap.reach(block + DONE_RING_BYTES - 1);
  return heap.i32.subarray(block / 4, block / 4 + RING_SLOTS);
}

/** The end of what a worker has written to stderr. */
export function stderrTail(block: number): Buffer {
  const heap = sharedHeap();
  heap.reach(block + DONE_RING_BYTES - 1);
  return heap.bytes.subarray(block + RING_SLOTS * 4, block + DONE_RING_BYTES);
}
