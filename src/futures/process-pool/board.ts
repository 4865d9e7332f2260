import { Face, Place, registerFace } from '../../threading/face.ts';
import { type Item, readItem, writeItem } from '../../queue/item.ts';
import type { Heap } from '../../word/heap.ts';
import { processHeap } from '../../word/process-heap.ts';
import type { FutexWord } from '../../word/word.ts';
import { addToTail } from '../text-tail.ts';

/*
 * What a pool of processes and its workers share: one block of mapped memory.
 *
 *   words 0..15    phase, number of slots, number of workers, the message of a failed initializer
 *   word  16       head: up to where the claim ring has been claimed
 *   word  32       tail: up to where it has been filled
 *   word  48       done: the slot that was finished last, + 1; each finished slot names the one before it
 *   word  64       armed: 1 while the owner sleeps, until something is finished
 *   then           a record of 16 words for each worker
 *   then           the claim ring: numbers of slots
 *   then           the slots, of 16 words each
 *   then           1 KB for each worker: the end of what it has written to stderr
 *
 * The word of a slot:
 *   FREE             the owner may fill it
 *   READY            it holds a task, and its number stands in the claim ring
 *   TAKEN, worker    that worker runs it
 *   DONE, worker     it holds an outcome
 *
 *   FREE -> READY    the owner: the slot is filled, then its number is written to the ring, then `tail` moves
 *   READY -> TAKEN   a worker, by one exchange, before it runs the task: so nobody needs to be asked what a dead worker had taken
 *   READY -> FREE    the owner takes a task back
 *   TAKEN -> DONE    that worker; then it puts the slot on the chain `done`
 *   TAKEN -> READY, FREE   the owner, once that worker is dead
 *   DONE -> FREE     the owner, once it has read the outcome
 *
 * Invariant: `head` passes a place of the ring only when its slot is not READY any more. It is a hint that anybody
 * advances. A worker that reads a place too late may claim a slot that stands in the ring again, at a later place: it is READY, so
 * that is as good, and the later place will be passed over.
 */
const PHASE = 0;
const SLOTS = 1;
const WORKERS = 2;
const FAILURE = 3;
const HEAD = 16;
const TAIL = 32;
const DONE_CHAIN = 48;
const ARMED = 64;
const HEADER_WORDS = 80;
const RECORD_WORDS = 16;
const SLOT_WORDS = 16;
const TAIL_BYTES = 1024;

/** What is there is done, and then the workers end. Open until then: 0. */
export const CLOSED = 1;

export const FREE = 0;
export const READY = 1;
export const TAKEN = 2;
export const DONE = 3;
const STATE_BITS = 2;
const STATE_MASK = 3;
export const stateOf = (word: number): number => word & STATE_MASK;
export const workerOf = (word: number): number => word >>> STATE_BITS;
const owned = (state: number, worker: number): number => (worker << STATE_BITS) | state;

// Words of a worker's record.
const LIFE = 0;
const PARK = 1;
const DONE_COUNT = 2;
const TEXT_LENGTH = 3;

/** What a worker does: nothing yet; tasks; or nothing any more, for it has done as many as it may. */
export const STARTING = 0;
export const WORKING = 1;
export const RETIRED = 2;

/** Whether a worker sleeps until it is given something. */
export const AWAKE = 0;
export const PARKED = 1;

// Words of a slot.
const STATE = 0;
const NEXT = 1;
const FUNCTION = 2;
const SERIAL = 3;
const HOW = 4;
const OUTCOME = 5;
const INPUT = 8; // 16 bytes
const OUTPUT = 12; // 16 bytes

const NONE: readonly number[] = [];

/** A task, as it lies in a slot. */
export interface SlotTask {
  /** The block of the function, and the number that tells it from others that lay there before. */
  readonly block: number;
  readonly serial: number;
  /** How the function is called: see `HOW_*`. */
  readonly how: number;
  readonly input: Item;
}

/** `f(input)`. */
export const HOW_ONE = 0;
/** `f(...input)`. */
export const HOW_ALL = 1;
/** `input.map((item) => f(item))`. */
export const HOW_MAP = 2;
/** `input.map((args) => f(...args))`. */
export const HOW_STARMAP = 3;
/** With each item, or each list of arguments, of a chunk, up to the first error: see `applyToChunk`. */
export const HOW_CHUNK = 4;
export const HOW_CHUNK_OF_LISTS = 5;

/** The value that the function returned. */
export const OUTCOME_VALUE = 0;
/** What it threw. */
export const OUTCOME_ERROR = 1;
/** It returned something that can't be sent: why. */
export const OUTCOME_UNSENDABLE = 2;
/** The task could not be read: why. */
export const OUTCOME_UNREADABLE = 3;
/** It yields: the queue of its values. The worker goes on with it. */
export const OUTCOME_STREAM = 4;

/** This process's view of the memory that a pool shares with its workers. */
export class Board extends Face {
  readonly heap: Heap;
  readonly slots: number;
  readonly workers: number;
  readonly armed: FutexWord;
  readonly #i32: Int32Array;
  readonly #base: number;
  readonly #ring: number;
  readonly #slot: number;
  readonly #texts: number;
  readonly #mask: number;

  constructor(place: Place) {
    super('process-pool', place);
    const { heap } = place;
    heap.reach(place.offset + heap.sizeOf(place.offset) - 1);
    this.heap = heap;
    this.#i32 = heap.i32;
    this.#base = place.offset / 4;
    this.slots = this.#i32[this.#base + SLOTS]!;
    this.workers = this.#i32[this.#base + WORKERS]!;
    this.#ring = this.#base + HEADER_WORDS + this.workers * RECORD_WORDS;
    this.#slot = this.#ring + this.slots;
    this.#texts = (this.#slot + this.slots * SLOT_WORDS) * 4;
    this.#mask = this.slots - 1;
    this.armed = heap.word((this.#base + ARMED) * 4);
  }

  /** `slots` is a power of two. */
  static create(slots: number, workers: number): Board {
    const words = HEADER_WORDS + workers * RECORD_WORDS + slots * (1 + SLOT_WORDS);
    const place = Place.allocate(words * 4 + workers * TAIL_BYTES, processHeap());
    place.heap.i32[place.offset / 4 + SLOTS] = slots;
    place.heap.i32[place.offset / 4 + WORKERS] = workers;
    return new Board(place);
  }

  // ------------------------------------------------------------------ phase

  get phase(): number {
    return Atomics.load(this.#i32, this.#base + PHASE);
  }

  /** The workers end when nothing is left to be claimed. */
  close(): void {
    Atomics.store(this.#i32, this.#base + PHASE, CLOSED);
    for (let worker = 0; worker < this.workers; worker++) this.#unpark(worker);
  }

  /** The block of the message that says why an initializer failed, for whoever comes first; 0 when none has. */
  get failure(): number {
    return (Atomics.load(this.#i32, this.#base + FAILURE) >>> 0) * 16;
  }
  fail(block: number): boolean {
    return Atomics.compareExchange(this.#i32, this.#base + FAILURE, 0, block / 16) === 0;
  }

  // ------------------------------------------------------------------ slots

  #slotBase(slot: number): number {
    return this.#slot + slot * SLOT_WORDS;
  }

  slotWord(slot: number): number {
    return Atomics.load(this.#i32, this.#slotBase(slot) + STATE);
  }

  /** Puts a task into a free slot and wakes a worker for it. False when the ring is full of places that were taken back. */
  publish(slot: number, { block, serial, how, input }: SlotTask): boolean {
    const at = this.#slotBase(slot);
    const i32 = this.#i32;
    i32[at + FUNCTION] = block / 16;
    i32[at + SERIAL] = serial;
    i32[at + HOW] = how;
    writeItem(this.heap, (at + INPUT) * 4, input);
    return this.#announce(slot);
  }

  /** Gives a task to be claimed again whose worker has died. */
  publishAgain(slot: number): boolean {
    return this.#announce(slot);
  }

  #announce(slot: number): boolean {
    const i32 = this.#i32;
    const tail = Atomics.load(i32, this.#base + TAIL);
    if (((tail - Atomics.load(i32, this.#base + HEAD)) | 0) >= this.slots && !this.#passUnclaimed()) return false;
    Atomics.store(i32, this.#slotBase(slot) + STATE, READY);
    Atomics.store(i32, this.#ring + (tail & this.#mask), slot);
    Atomics.store(i32, this.#base + TAIL, (tail + 1) | 0);
    for (let worker = 0; worker < this.workers; worker++) if (this.#unpark(worker)) break;
    return true;
  }

  /** Moves `head` past a place whose slot is not to be claimed any more; false when there is none in front. */
  #passUnclaimed(): boolean {
    const head = Atomics.load(this.#i32, this.#base + HEAD);
    const slot = Atomics.load(this.#i32, this.#ring + (head & this.#mask));
    if (stateOf(this.slotWord(slot)) === READY) return false;
    Atomics.compareExchange(this.#i32, this.#base + HEAD, head, (head + 1) | 0);
    return true;
  }

  /** Takes back a task that nobody has claimed. */
  withdraw(slot: number): boolean {
    return Atomics.compareExchange(this.#i32, this.#slotBase(slot) + STATE, READY, FREE) === READY;
  }

  free(slot: number): void {
    Atomics.store(this.#i32, this.#slotBase(slot) + STATE, FREE);
  }

  /** For a worker: a task that is its own from now on, as the number of its slot; -1 when there is none. */
  claim(worker: number): number {
    const i32 = this.#i32;
    const base = this.#base;
    for (;;) {
      const head = Atomics.load(i32, base + HEAD);
      if (head === Atomics.load(i32, base + TAIL)) return -1;
      const slot = Atomics.load(i32, this.#ring + (head & this.#mask));
      const seen = Atomics.compareExchange(i32, this.#slotBase(slot) + STATE, READY, owned(TAKEN, worker));
      Atomics.compareExchange(i32, base + HEAD, head, (head + 1) | 0);
      if (seen === READY) return slot;
    }
  }

  /** Whether nothing is left to be claimed. */
  get isEmpty(): boolean {
    return Atomics.load(this.#i32, this.#base + HEAD) === Atomics.load(this.#i32, this.#base + TAIL);
  }

  functionOf(slot: number): { readonly block: number; readonly serial: number } {
    const at = this.#slotBase(slot);
    return { block: (this.#i32[at + FUNCTION]! >>> 0) * 16, serial: this.#i32[at + SERIAL]! };
  }
  serialOf(slot: number): number {
    return this.#i32[this.#slotBase(slot) + SERIAL]!;
  }
  howOf(slot: number): number {
    return this.#i32[this.#slotBase(slot) + HOW]!;
  }
  inputOf(slot: number): Item {
    return readItem(this.heap, (this.#slotBase(slot) + INPUT) * 4);
  }
  outcomeOf(slot: number): number {
    return this.#i32[this.#slotBase(slot) + OUTCOME]!;
  }
  outputOf(slot: number): Item {
    return readItem(this.heap, (this.#slotBase(slot) + OUTPUT) * 4);
  }

  /** For a worker: the outcome of the task that it runs. */
  finish(worker: number, slot: number, outcome: number, output: Item): void {
    const i32 = this.#i32;
    const at = this.#slotBase(slot);
    i32[at + OUTCOME] = outcome;
    writeItem(this.heap, (at + OUTPUT) * 4, output);
    Atomics.store(i32, at + STATE, owned(DONE, worker));
    for (;;) {
      const last = Atomics.load(i32, this.#base + DONE_CHAIN);
      i32[at + NEXT] = last;
      if (Atomics.compareExchange(i32, this.#base + DONE_CHAIN, last, slot + 1) === last) break;
    }
    const record = this.#record(worker) + DONE_COUNT;
    Atomics.store(i32, record, i32[record]! + 1);
    if (Atomics.load(i32, this.#base + ARMED) === 1) this.ringOwner();
  }

  /** For a worker: wakes the owner, if it sleeps. */
  callOwner(): void {
    if (Atomics.load(this.#i32, this.#base + ARMED) === 1) this.ringOwner();
  }

  ringOwner(): void {
    if (this.armed.exchange(0) === 1) this.armed.wake(0x7fff_ffff);
  }

  /** For the owner: has it look again, and arm itself anew, whoever has taken the arming off. */
  rouseOwner(): void {
    this.armed.store(0);
    this.armed.wake(0x7fff_ffff);
  }

  /** For the owner: the slots that have been finished since the last call, in that order. */
  takeDone(): readonly number[] {
    const i32 = this.#i32;
    if (Atomics.load(i32, this.#base + DONE_CHAIN) === 0) return NONE;
    const slots: number[] = [];
    for (let next = Atomics.exchange(i32, this.#base + DONE_CHAIN, 0); next !== 0; next = i32[this.#slotBase(next - 1) + NEXT]!)
      slots.push(next - 1);
    return slots.toReversed();
  }

  // ------------------------------------------------------------------ workers

  #record(worker: number): number {
    return this.#base + HEADER_WORDS + worker * RECORD_WORDS;
  }

  lifeOf(worker: number): number {
    return Atomics.load(this.#i32, this.#record(worker) + LIFE);
  }
  setLife(worker: number, life: number): void {
    Atomics.store(this.#i32, this.#record(worker) + LIFE, life);
  }
  /** How many tasks it has finished. */
  doneBy(worker: number): number {
    return Atomics.load(this.#i32, this.#record(worker) + DONE_COUNT);
  }
  isParked(worker: number): boolean {
    return Atomics.load(this.#i32, this.#record(worker) + PARK) === PARKED;
  }

  /** For the owner: makes the record ready for a new worker. */
  clearRecord(worker: number): void {
    this.#i32.fill(0, this.#record(worker), this.#record(worker) + RECORD_WORDS);
  }

  #unpark(worker: number): boolean {
    const park = this.#record(worker) + PARK;
    if (Atomics.load(this.#i32, park) !== PARKED || Atomics.compareExchange(this.#i32, park, PARKED, AWAKE) !== PARKED) return false;
    this.heap.word(park * 4).wake(0x7fff_ffff);
    return true;
  }

  /** For a worker: the word that it sleeps on while it is PARKED. */
  parkWord(worker: number): FutexWord {
    return this.heap.word((this.#record(worker) + PARK) * 4);
  }

  /** For a worker: keeps the end of what it writes to stderr, for a message about its death. */
  rememberText(worker: number, text: Uint8Array): void {
    const record = this.#record(worker) + TEXT_LENGTH;
    const start = this.#texts + worker * TAIL_BYTES;
    const area = this.heap.bytes.subarray(start, start + TAIL_BYTES);
    Atomics.store(this.#i32, record, addToTail(area, this.#i32[record]!, text));
  }
  textOf(worker: number): string {
    const start = this.#texts + worker * TAIL_BYTES;
    return this.heap.bytes.toString('utf8', start, start + this.#i32[this.#record(worker) + TEXT_LENGTH]!);
  }
}
registerFace('process-pool', (place) => new Board(place), import.meta.url);
