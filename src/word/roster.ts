import { StateError } from '../base/errors.ts';
import { type Heap, SharedHeap, sharedHeap } from './heap.ts';
import { dropHoldings, giveBackHoldings } from './holdings.ts';
import {
  ALIVE,
  bind,
  CURSOR,
  DAEMON,
  DEAD,
  DEATHS,
  DYING,
  ENDED,
  fill,
  FREE,
  GENERATION,
  GENERATION_MASK,
  HOLDINGS,
  HOW,
  ID,
  isOf,
  LIVING,
  NAME,
  NAME_BYTES,
  NAME_LENGTH,
  type NativeThread,
  NATIVE,
  nativeThread,
  NO_DEADLOCKS,
  RECORD_WORDS,
  RING,
  RING_AT,
  RING_LENGTH,
  SLOT_BITS,
  SLOTS,
  STARTED,
  STARTER,
  STARTING,
  STATE,
  baseOf,
  words,
  writeName,
} from './roster-table.ts';
import { self } from './self.ts';
import { dropWaits } from './waits.ts';

/** How a thread died. */
export type Death = 'terminated' | 'out of memory' | 'exited' | 'lost' | 'ended by an error';
export const DEATHS_BY_CODE: readonly Death[] = ['lost', 'terminated', 'out of memory', 'exited', 'ended by an error'];

/** A record for a thread that is about to start; who embodies it says so with `embody`. Throws `StateError` when 4,095 threads live. */
export function enter(options: { readonly name: string; readonly daemon: boolean }, heap: Heap = sharedHeap()): number {
  const roster = words(heap);
  for (let tries = 0; tries < SLOTS; tries++) {
    const slot = (Atomics.add(roster, CURSOR, 1) + 1) & (SLOTS - 1);
    if (slot === 0) continue;
    const base = slot * RECORD_WORDS;
    const state = Atomics.load(roster, base + STATE);
    if (state !== FREE && state !== ENDED && state !== DEAD) continue;
    if (Atomics.compareExchange(roster, base + STATE, state, STARTING) !== state) continue;
    const generation = (roster[base + GENERATION]! + 1) & GENERATION_MASK;
    roster[base + GENERATION] = generation;
    const id = slot | (generation << SLOT_BITS);
    fill(id, options, heap);
    Atomics.add(roster, LIVING, 1);
    Atomics.store(roster, base + STATE, ALIVE);
    return id;
  }
  throw new StateError('ERR_TOO_MANY_THREADS', `cannot start thread ${options.name}: ${SLOTS - 1} threads are alive already`);
}

let here: NativeThread | undefined;

/** Asks the system who the calling thread is: `embody`, in which nothing should come between, need not then. */
export function findItself(): void {
  here ??= nativeThread('/proc/thread-self/stat');
}

/** Says that the calling thread carries `id` from now on: its locks bear that number, and its death is seen. */
export function embody(id: number, heap: Heap = sharedHeap()): void {
  findItself();
  bind(id, here, heap);
  heap.self.id = id;
}

/** The native number of a thread; 0 while it has none, or where the system tells none. */
export function nativeIdOf(id: number, heap: Heap = sharedHeap()): number {
  return isOf(id, heap) ? Atomics.load(words(heap), baseOf(id) + NATIVE) : 0;
}

/** Who has enrolled a thread that is not yet carried by anybody. */
export function starterOf(id: number, heap: Heap = sharedHeap()): number {
  return isOf(id, heap) ? words(heap)[baseOf(id) + STARTER]! : 0;
}

/** Ends a run in good order: what it holds stays held. Says whether this call did it. */
export function leave(id: number, heap: Heap = sharedHeap()): boolean {
  const roster = words(heap);
  const base = baseOf(id);
  if (!isOf(id, heap) || Atomics.compareExchange(roster, base + STATE, ALIVE, ENDED) !== ALIVE) return false;
  Atomics.sub(roster, LIVING, 1);
  const first = Atomics.exchange(roster, base + HOLDINGS, 0);
  if (first !== 0) dropHoldings(first, heap);
  return true;
}

/** Says that a thread is gone without an orderly end: what it held is abandoned. Any thread may call it; says whether this call did it. */
export function die(id: number, how: Death, heap: Heap = sharedHeap()): boolean {
  const roster = words(heap);
  const base = baseOf(id);
  if (!isOf(id, heap) || Atomics.compareExchange(roster, base + STATE, ALIVE, DYING) !== ALIVE) return false;
  roster[base + HOW] = DEATHS_BY_CODE.indexOf(how);
  const at = roster[base + RING_AT]!;
  Atomics.store(roster, base + RING + (at % RING_LENGTH), id);
  roster[base + RING_AT] = (at + 1) % RING_LENGTH;
  Atomics.sub(roster, LIVING, 1);
  (how === 'ended by an error' ? dropHoldings : giveBackHoldings)(Atomics.exchange(roster, base + HOLDINGS, 0), heap);
  dropWaits(id, heap);
  Atomics.store(roster, base + STATE, DEAD);
  Atomics.add(roster, DEATHS, 1);
  heap.word(deathsOffset(heap)).wake(Infinity);
  return true;
}

/** Whether a thread has died without an orderly end, as far as anybody has noticed. A few loads. */
export function isDead(id: number, heap: Heap = sharedHeap()): boolean {
  const roster = words(heap);
  const base = baseOf(id);
  if (Atomics.load(roster, base + ID) === id) {
    const state = Atomics.load(roster, base + STATE);
    if (state === DYING || state === DEAD) return true;
  }
  for (let i = 0; i < RING_LENGTH; i++) if (Atomics.load(roster, base + RING + i) === id) return true;
  return false;
}
self.isDead = isDead;

/** The same, and asks the system: notices a death that nobody has reported. One small file is read. `how` is what it is taken for. */
export function probe(id: number, heap: Heap = sharedHeap(), how: Death = 'lost'): boolean {
  if (isDead(id, heap)) return true;
  const roster = words(heap);
  const base = baseOf(id);
  const native = Atomics.load(roster, base + NATIVE);
  if (!isOf(id, heap) || Atomics.load(roster, base + STATE) !== ALIVE || native === 0 || process.platform !== 'linux') return false;
  const started = roster[base + STARTED + 1]! * 2 ** 32 + (roster[base + STARTED]! >>> 0);
  // Threads of other processes are found by their number alone.
  const seen = nativeThread(heap instanceof SharedHeap ? `/proc/self/task/${native}/stat` : `/proc/${native}/stat`);
  if (seen?.started === started && !seen.isZombie) return false;
  die(id, how, heap);
  return isDead(id, heap);
}

/** Notices all deaths that nobody has reported. One small file is read for each thread. */
export function probeAll(heap: Heap): void {
  for (const { id } of list(heap)) if (id !== heap.self.id) probe(id, heap);
}

/** Whether a thread has neither ended nor died. */
export function isAlive(id: number, heap: Heap = sharedHeap()): boolean {
  return isOf(id, heap) && Atomics.load(words(heap), baseOf(id) + STATE) === ALIVE;
}

export function howDied(id: number, heap: Heap = sharedHeap()): Death | undefined {
  if (!isOf(id, heap) || Atomics.load(words(heap), baseOf(id) + STATE) !== DEAD) return undefined;
  return DEATHS_BY_CODE[words(heap)[baseOf(id) + HOW]!];
}

/** The name of a thread, as long as its record is not used again: for messages. */
export function nameOf(id: number, heap: Heap = sharedHeap()): string {
  const roster = words(heap);
  const base = baseOf(id);
  const bytes = Buffer.from(roster.buffer, roster.byteOffset + (base + NAME) * 4, NAME_BYTES);
  const name = bytes.toString('utf8', 0, Atomics.load(roster, base + NAME_LENGTH));
  return isOf(id, heap) && name !== '' ? name : `thread ${id}`;
}

export function setName(id: number, name: string, heap: Heap = sharedHeap()): void {
  if (isOf(id, heap)) writeName(baseOf(id), name, heap);
}

export interface Enrolled {
  readonly id: number;
  readonly name: string;
  readonly daemon: boolean;
  readonly nativeId: number;
}

/** The living threads, in the order of their slots. */
export function list(heap: Heap = sharedHeap()): Enrolled[] {
  const roster = words(heap);
  const living: Enrolled[] = [];
  for (let slot = 1; slot < SLOTS; slot++) {
    const base = slot * RECORD_WORDS;
    if (Atomics.load(roster, base + STATE) !== ALIVE) continue;
    const id = Atomics.load(roster, base + ID);
    living.push({ id, name: nameOf(id, heap), daemon: roster[base + DAEMON] === 1, nativeId: roster[base + NATIVE]! });
  }
  return living;
}

/** How many threads live. */
export function threadCount(heap: Heap = sharedHeap()): number {
  return Atomics.load(words(heap), LIVING);
}

/** Byte offset of the word that counts deaths: it changes, and wakes who sleeps on it, whenever a thread dies. */
export function deathsOffset(heap: Heap = sharedHeap()): number {
  return heap.rosterOffset + DEATHS * 4;
}

/** Whether waits that can never end are looked for, in all threads of the process. */
export function watchesDeadlocks(): boolean {
  return Atomics.load(words(), NO_DEADLOCKS) === 0;
}

/** Switches the search for waits that can never end on or off, in all threads of the process; it is on at first. */
export function watchDeadlocks(on: boolean): void {
  Atomics.store(words(), NO_DEADLOCKS, on ? 0 : 1);
}
