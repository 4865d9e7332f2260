import { type Heap, sharedHeap } from '../../word/heap.ts';

/*
 * What all threads know of threads, in the heap: found by its root, made by whoever asks first.
 *
 *   word 0        how many threads live that are no daemons: the process ends when there are none
 *   word 1        changes when somebody asks the creator of a carrier to end it
 *   word 2        the record of the main thread
 *   word 3        how many inspector sessions are open that read stacks; word 4: 1 when the process ends
 *   words 5, 6    threads that wait for a carrier: see offers.ts
 *   word 7        when somebody has looked last which threads there still are: see missing.ts
 *   from word 8   CARRIERS entries of six words: what a carrier does, the record it shall run, its kill switch, its creator,
 *                 how often the entry has been used, and how far it is with that record (see offers.ts)
 *   then          the records of the living threads, by their slots in the roster
 *
 * A carrier is a worker thread that runs one thread after another.
 *   FREE      no carrier
 *   STARTING  its worker is being made, and nobody has given it a thread yet
 *   PARKED    it waits for a thread
 *   BUSY      somebody has given it a thread, or is about to, and wakes it
 *   ENDING    its thread is at its end, and it will be PARKED in a moment, or RETIRED; whoever sleeps on this is woken then
 *   RETIRED   it takes no more threads, and ends when nothing goes on in it any more
 *   GONE      its worker has ended
 *
 *   FREE, GONE -> BUSY -> STARTING  its creator, if nobody is to have it yet
 *   BUSY -> ENDING           the carrier itself, before it says that the thread has ended
 *   STARTING, ENDING -> PARKED the carrier itself, when it has nothing to do
 *   ENDING -> RETIRED        the carrier itself, when its thread has left something behind, or enough others are PARKED
 *   STARTING -> RETIRED      the carrier itself, when enough others are PARKED
 *   ENDING -> BUSY           the carrier itself, when it takes over another's thread
 *   STARTING -> BUSY         who takes it: its creator; any thread, if that is the main thread; by one exchange
 *   PARKED -> BUSY           whoever takes it, from any thread, by one exchange
 *   BUSY -> PARKED, STARTING whoever takes its thread from it before it has begun
 *   any -> GONE              its creator, when the worker has ended
 */
export const CARRIERS = 512;
const CARRIER_WORDS = 6;
const FIRST_CARRIER = 8;
const SLOTS = 4096;
const FIRST_THREAD = FIRST_CARRIER + CARRIERS * CARRIER_WORDS;
const BYTES = (FIRST_THREAD + SLOTS) * 4;

export const FREE = 0;
export const STARTING = 1;
export const PARKED = 2;
export const BUSY = 3;
export const GONE = 4;
export const RETIRED = 5;
export const ENDING = 6;

/** The carriers of the main thread. */
export const OF_MAIN: Makers = { maker: -1, orMain: true };

const NON_DAEMONS = 0;
const ERRANDS = 1;
const MAIN = 2;
const SESSIONS = 3;
const OFFERS = 5;
const LOOKED = 7;

let table = 0;

/** Offset of the table. */
function tableOffset(heap: Heap = sharedHeap()): number {
  if (table !== 0) return table;
  const root = heap.rootOffset('threads') / 4;
  const known = Atomics.load(heap.i32, root) >>> 0;
  if (known !== 0) return (table = known * 16);
  const made = heap.allocate(BYTES);
  const winner = Atomics.compareExchange(heap.i32, root, 0, made / 16) >>> 0;
  if (winner !== 0) heap.release(made);
  return (table = winner === 0 ? made : winner * 16);
}

const at = (word: number): number => tableOffset() / 4 + word;

/** Byte offset of the count of living threads that are no daemons. */
export function nonDaemonsOffset(): number {
  return tableOffset() + NON_DAEMONS * 4;
}
export function errandsOffset(): number {
  return tableOffset() + ERRANDS * 4;
}
/** Byte offset of the count of open sessions; the word after it says that they have to be closed. */
export function sessionsOffset(): number {
  return tableOffset() + SESSIONS * 4;
}
/** Byte offset of what a carrier does. */
export function carrierOffset(carrier: number): number {
  return tableOffset() + (FIRST_CARRIER + carrier * CARRIER_WORDS) * 4;
}

/** Byte offset of the two words about threads that wait for a carrier. */
export function offersOffset(): number {
  return tableOffset() + OFFERS * 4;
}

/** Byte offset of the word that says when the threads that are missing were looked for. */
export function lookedOffset(): number {
  return tableOffset() + LOOKED * 4;
}

export function askToKill(carrier: number): void {
  Atomics.store(sharedHeap().i32, at(FIRST_CARRIER + carrier * CARRIER_WORDS + 2), 1);
}
export function takeKillRequest(carrier: number): boolean {
  return Atomics.exchange(sharedHeap().i32, at(FIRST_CARRIER + carrier * CARRIER_WORDS + 2), 0) === 1;
}

export function mainRecord(): number {
  return (Atomics.load(sharedHeap().i32, at(MAIN)) >>> 0) * 16;
}
/** The record of the main thread, unless another thread has already made one; says which holds. */
export function proposeMainRecord(record: number): number {
  const before = Atomics.compareExchange(sharedHeap().i32, at(MAIN), 0, record / 16) >>> 0;
  return before === 0 ? record : before * 16;
}

/** The record of the living thread with this number; 0 when there is none. */
export function recordOfThread(id: number): number {
  return (Atomics.load(sharedHeap().i32, at(FIRST_THREAD + (id & (SLOTS - 1)))) >>> 0) * 16;
}
export function enterRecord(id: number, record: number): void {
  Atomics.store(sharedHeap().i32, at(FIRST_THREAD + (id & (SLOTS - 1))), record / 16);
}
export function removeRecord(id: number, record: number): void {
  Atomics.compareExchange(sharedHeap().i32, at(FIRST_THREAD + (id & (SLOTS - 1))), record / 16, 0);
}

/** Carriers that a carrier has made: they end with it, and nobody else hears of that. */
export function carriersMadeBy(carrier: number): number[] {
  const { i32 } = sharedHeap();
  const found: number[] = [];
  for (let one = 0; one < CARRIERS && Atomics.load(i32, carrierOffset(one) / 4) !== FREE; one++) {
    if (Atomics.load(i32, carrierOffset(one) / 4 + 3) === carrier + 1) found.push(one);
  }
  return found;
}

/** Tells one carrier from the next in the same place. */
export function timesClaimed(carrier: number): number {
  return Atomics.load(sharedHeap().i32, carrierOffset(carrier) / 4 + 4);
}

/** A place for a new carrier, in the state that is given; -1 when there are too many. `maker` is the carrier that makes it, or -1. */
export function claimCarrier(maker: number, then: typeof STARTING | typeof BUSY): number {
  const { i32 } = sharedHeap();
  for (let carrier = 0; carrier < CARRIERS; carrier++) {
    const word = carrierOffset(carrier) / 4;
    const state = Atomics.load(i32, word);
    if ((state === FREE || state === GONE) && Atomics.compareExchange(i32, word, state, BUSY) === state) {
      i32.fill(0, word + 1, word + 4);
      Atomics.add(i32, word + 4, 1);
      Atomics.store(i32, word + 5, 0);
      Atomics.store(i32, word + 3, maker + 1);
      Atomics.store(i32, word, then);
      return carrier;
    }
  }
  return -1;
}

/** Whose carriers somebody may use: those that `maker` has made (-1: the main thread), and also the main thread's, which live as long as the process. */
export interface Makers {
  readonly maker: number;
  readonly orMain: boolean;
}

function isOf(entry: number, { maker, orMain }: Makers): boolean {
  const by = Atomics.load(sharedHeap().i32, entry + 3) - 1;
  return by === maker || (orMain && by === -1);
}

/** Takes a carrier that is PARKED, or STARTING; -1 when there is none. */
export function takeCarrierThatIs(wanted: typeof PARKED | typeof STARTING, makers: Makers): number {
  const { i32 } = sharedHeap();
  for (let carrier = 0; carrier < CARRIERS; carrier++) {
    const word = carrierOffset(carrier) / 4;
    const state = Atomics.load(i32, word);
    if (state === FREE) break; // Entries are used from the front.
    if (state === wanted && isOf(word, makers) && Atomics.compareExchange(i32, word, wanted, BUSY) === wanted) return carrier;
  }
  return -1;
}

/**
 * A carrier that waits for a thread, or whose thread is at its end, or, if it may be any of the main thread's, one of these that starts; -1 when there is
 * none. All at once: between a look for the one and a look for the other, it may go from that to this, and a worker would be made for nothing.
 */
export function freeCarrier(makers: Makers): number {
  const { i32 } = sharedHeap();
  for (let carrier = 0; carrier < CARRIERS; carrier++) {
    const word = carrierOffset(carrier) / 4;
    const state = Atomics.load(i32, word);
    if (state === FREE) break;
    if ((state === PARKED || state === ENDING) && isOf(word, makers)) return carrier;
    if (state === STARTING && makers.orMain && isOf(word, OF_MAIN)) return carrier;
  }
  return -1;
}

/** Takes a carrier that this thread has made, and has given nobody: what it did before, or GONE when somebody else has it, or it has ended. */
export function takeCarrier(carrier: number): typeof STARTING | typeof PARKED | typeof GONE {
  const { i32 } = sharedHeap();
  const word = carrierOffset(carrier) / 4;
  for (const state of [STARTING, PARKED] as const) if (Atomics.compareExchange(i32, word, state, BUSY) === state) return state;
  return GONE;
}

/** How many carriers are in one of these states, a bit each. */
function count(states: number, makers?: Makers): number {
  const { i32 } = sharedHeap();
  let found = 0;
  for (let word = at(FIRST_CARRIER); word < at(FIRST_THREAD); word += CARRIER_WORDS) {
    const state = Atomics.load(i32, word);
    if (state === FREE) break;
    if ((states & (1 << state)) !== 0 && (makers === undefined || isOf(word, makers))) found++;
  }
  return found;
}

export const parkedCarriers = (makers?: Makers): number => count(1 << PARKED, makers);
/** Whether the carrier that has made another takes no more threads: then that one gets no more either. */
export const isMakerRetired = (carrier: number): boolean => {
  const maker = Atomics.load(sharedHeap().i32, carrierOffset(carrier) / 4 + 3) - 1;
  return maker >= 0 && maker < CARRIERS && Atomics.load(sharedHeap().i32, carrierOffset(maker) / 4) === RETIRED;
};
export const isOfMain = (carrier: number): boolean => isOf(carrierOffset(carrier) / 4, OF_MAIN);
/** How many carriers run a thread, or have not yet found out what to do after one. */
export const busyCarriers = (): number => count((1 << STARTING) | (1 << BUSY) | (1 << ENDING));
