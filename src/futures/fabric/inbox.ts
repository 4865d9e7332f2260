import { drop, post } from '../../message/index.ts';
import * as ring from '../../sync/ring.ts';
import { sharedHeap } from '../../word/heap.ts';
import { self } from '../../word/self.ts';
import { newFutureRecord, PENDING } from '../future-record.ts';
import type { ChunkArgs } from './chunk.ts';
import type { AnyFunction } from './function-table.ts';
import { type Fabric, INBOX } from './layout.ts';

/*
 * The tasks that other threads than its owner hand to a pool, those of the pool's own tasks above all: a ring of many producers and many consumers,
 * made when it is first needed. What lies in it are records of futures that hold their tasks:
 *
 *   word 0  the future (see future-record.ts)
 *   word 1  the message [function, arguments], block / 16, until a worker has taken it
 *   word 2  1: the arguments are a chunk
 *   word 3  the next and
 *   word 4  the last in the list of those that a worker has in hand, record / 16
 *
 * A record in the ring is kept by it; the worker that takes it lets go of it in the end. It stands in the list of its worker before its place in the
 * ring is free: so what a worker that dies had taken is found at one of the two, and what it had not begun, which still has its message, is put in again.
 */
const PLACES = 1024;
const CONTROL = 8;
const BYTES = (CONTROL + PLACES * 2) * 4;
const TASK = 1;
const IS_CHUNK = 2;
export const NEXT = 3;
export const LAST = 4;
export const RECORD_BYTES = 20;

export class Inbox {
  readonly #ring: ring.Ring;
  readonly #i32: Int32Array;
  readonly #records: number;

  private constructor(block: number) {
    const heap = sharedHeap();
    heap.reach(block + BYTES - 1);
    const word = (index: number): ring.Ring['tail'] => heap.word(block + index * 4);
    this.#i32 = heap.i32;
    this.#records = block / 4 + CONTROL + PLACES;
    this.#ring = {
      tail: word(0),
      head: word(1),
      items: word(2),
      getters: word(3),
      spaces: word(4),
      putters: word(5),
      lost: word(6),
      slots: Array.from({ length: PLACES }, (_, i) => word(CONTROL + i)),
      isDead: (thread) => self.isDead(thread),
      isReclaimed: true,
    };
  }

  /** The inbox of a pool; `null` when it has none yet. */
  static find({ i32, base }: Fabric): Inbox | null {
    const block = (Atomics.load(i32, base + INBOX) >>> 0) * 16;
    return block === 0 ? null : new Inbox(block);
  }

  static make(fabric: Fabric): Inbox {
    const { i32, base, block } = fabric;
    const heap = sharedHeap();
    const made = heap.allocate(BYTES);
    if (Atomics.compareExchange(i32, base + INBOX, 0, made / 16) !== 0) heap.release(made);
    else heap.attach(block, made);
    return Inbox.find(fabric)!;
  }

  get size(): number {
    return ring.sizeOf(this.#ring);
  }

  /** Puts a task in; false when there is no room. */
  put(record: number): boolean {
    const place = ring.claimToPut(this.#ring);
    if (place < 0) return false;
    sharedHeap().retain(record);
    this.#i32[this.#records + (place & (PLACES - 1))] = record / 16;
    ring.publish(this.#ring, place);
    return true;
  }

  /** The record of the next task; 0 when there is none. `keep` notes whose it is before it is out of the ring. */
  take(keep: (record: number) => void): number {
    const place = ring.claimToGet(this.#ring);
    if (place < 0) return 0;
    const record = this.#recordAt(place);
    keep(record);
    ring.free(this.#ring, place);
    return record;
  }

  /** The tasks that a worker was about to take when it died, by the number of its thread. */
  reclaim(thread: number): number[] {
    const records: number[] = [];
    ring.reclaim(this.#ring, thread, (place) => records.push(this.#recordAt(place)));
    return records;
  }

  #recordAt(place: number): number {
    return (this.#i32[this.#records + (place & (PLACES - 1))]! >>> 0) * 16;
  }
}

/** A record with its task, as it is now. Throws `SendError`. */
export function newTaskRecord(fn: AnyFunction, args: readonly unknown[] | ChunkArgs, isChunk: boolean): number {
  const { offset, parcels } = post([fn, args]);
  if (parcels !== null) {
    drop(offset);
    throw new TypeError(
      'a SharedArrayBuffer or a MessagePort can be handed to a pool only by the thread that made the pool: use a SharedArray',
    );
  }
  const record = newFutureRecord(PENDING, RECORD_BYTES);
  const { i32 } = sharedHeap();
  i32[record / 4 + TASK] = offset / 16;
  i32[record / 4 + IS_CHUNK] = isChunk ? 1 : 0;
  return record;
}

/** Whether a task still has its message: nobody has begun to run it. */
export function hasTask(record: number): boolean {
  const heap = sharedHeap();
  heap.reach(record + RECORD_BYTES - 1);
  return Atomics.load(heap.i32, record / 4 + TASK) !== 0;
}

/** The message of a task, which the caller takes over; 0 when somebody has. */
export function takeTask(record: number): { readonly message: number; readonly isChunk: boolean } {
  const heap = sharedHeap();
  heap.reach(record);
  return {
    message: (Atomics.exchange(heap.i32, record / 4 + TASK, 0) >>> 0) * 16,
    isChunk: heap.i32[record / 4 + IS_CHUNK] === 1,
  };
}
