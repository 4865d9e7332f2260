import { readFileSync } from 'node:fs';
import { type Heap, SharedHeap, sharedHeap } from './heap.ts';

/*
 * The table of the threads that share a heap, so that every thread, also a blocked one, can see who is
 * there, what each waits for, and who has died. In the heap of a process, these are its threads, enrolled
 * when they start; in one that processes share, the threads of all of them, enrolled at the first use.
 *
 * A record belongs to one run of a thread, not to the worker that carries it. Its number is
 * slot | generation << 12: numbers of the living differ in their slot, and a slot's next user differs
 * from its last one in the generation. Slots are used in turn, so a number comes back late.
 *
 *   state of a record
 *     FREE       never used
 *     STARTING   somebody fills it in
 *     ALIVE      started, not yet ended
 *     ENDED      ended in good order: what it held stays held, as in Python
 *     DYING      died; the thread that noticed gives back what it held
 *     DEAD       died: what it held is abandoned
 *
 *     FREE, ENDED, DEAD -> STARTING -> ALIVE    enter
 *     ALIVE -> ENDED                            leave
 *     ALIVE -> DYING -> DEAD                    die: by the parent, or by whoever misses it
 *
 * Invariant: only one thread brings a record from ALIVE to DYING, so that nothing is given back twice.
 * A slot remembers the last eight generations that died in it: a lock may name a dead owner long after
 * the slot has got a new user.
 *
 * The first record is the table's own: cursor, number of living threads, number of deaths so far.
 */
export const SLOTS = 4096;
export const SLOT_BITS = 12;
export const GENERATION_MASK = 0x1_ffff;
export const RECORD_WORDS = 64;

export const FREE = 0;
export const STARTING = 1;
export const ALIVE = 2;
export const ENDED = 3;
export const DYING = 4;
export const DEAD = 5;

// Words of the table's own record.
export const CURSOR = 0;
export const LIVING = 1;
export const DEATHS = 2;
export const SERIAL = 3;
export const NO_DEADLOCKS = 4;

// Words of a record.
export const STATE = 0;
export const ID = 1;
export const NATIVE = 2;
export const STARTED = 3; // 2 words: when the native thread started, in the system's ticks
export const DAEMON = 5;
export const HOW = 6;
export const HOLDINGS = 7;
export const GENERATION = 8;
export const RING_AT = 9;
export const RING = 12; // 8 words
export const WAITS = 24; // 4 waits of 4 words
export const NAME_LENGTH = 40;
export const NAME = 41; // 64 bytes
export const NAME_BYTES = 64;
export const STARTER = 57; // who has enrolled it

export const WAITS_MAX = 4;
export const RING_LENGTH = 8;

/** The table as 32-bit words; in the heap of a process, the first use enrols the main thread as number 1. */
export function words(heap: Heap = sharedHeap()): Int32Array {
  if (heap.roster !== undefined) return heap.roster;
  const first = heap.rosterOffset / 4;
  const table = heap.i32.subarray(first, first + SLOTS * RECORD_WORDS);
  heap.roster = table;
  if (!(heap instanceof SharedHeap)) return table;
  if (Atomics.compareExchange(table, RECORD_WORDS + STATE, FREE, STARTING) === FREE) {
    const native = nativeThread('/proc/self/stat');
    fill(1, { name: 'MainThread', daemon: false }, heap);
    bind(1, native, heap);
    Atomics.compareExchange(table, CURSOR, 0, 1);
    Atomics.add(table, LIVING, 1);
    Atomics.store(table, RECORD_WORDS + STATE, ALIVE);
  }
  return table;
}

export const baseOf = (id: number): number => (id & (SLOTS - 1)) * RECORD_WORDS;

export function fill(id: number, { name, daemon }: { readonly name: string; readonly daemon: boolean }, heap: Heap): void {
  const roster = words(heap);
  const base = baseOf(id);
  roster.fill(0, base + NATIVE, base + HOW + 1);
  roster[base + HOLDINGS] = 0;
  roster.fill(0, base + WAITS, base + WAITS + WAITS_MAX * 4);
  roster[base + DAEMON] = daemon ? 1 : 0;
  // Threads of processes enrol themselves.
  roster[base + STARTER] = heap instanceof SharedHeap ? heap.self.id : 0;
  writeName(base, name, heap);
  Atomics.store(roster, base + ID, id);
}

export function writeName(base: number, name: string, heap: Heap): void {
  const roster = words(heap);
  // A name that is too long is cut between characters: `utf8Write` never writes half a character.
  Atomics.store(roster, base + NAME_LENGTH, heap.bytes.utf8Write(name, heap.rosterOffset + (base + NAME) * 4, NAME_BYTES));
}

export interface NativeThread {
  readonly id: number;
  readonly started: number;
  /** It has ended, and its parent has not looked yet. */
  readonly isZombie: boolean;
}

export function nativeThread(file: string): NativeThread | undefined {
  try {
    const text = readFileSync(file, 'latin1');
    // The second field is the command in brackets, and may itself hold blanks and brackets.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { id: Number.parseInt(text, 10), started: Number(fields[19]), isZombie: fields[0] === 'Z' || fields[0] === 'X' };
  } catch {
    return undefined; // Not Linux: deaths are known by notice only.
  }
}

export function bind(id: number, native: NativeThread | undefined, heap: Heap): void {
  if (native === undefined) return;
  const roster = words(heap);
  const base = baseOf(id);
  roster[base + STARTED] = native.started | 0;
  roster[base + STARTED + 1] = Math.floor(native.started / 2 ** 32);
  Atomics.store(roster, base + NATIVE, native.id);
}

/** Whether the record in the slot of `id` is still that thread's. */
export const isOf = (id: number, heap: Heap = sharedHeap()): boolean => Atomics.load(words(heap), baseOf(id) + ID) === id;
