import type { FutexWord } from '../word/word.ts';
import type { Waiting } from './waiting.ts';

/*
 * Who may write and who may read which slot of a bounded ring, with many producers and consumers, any of
 * which may die at any moment. What lies in a slot is the user's affair.
 *
 * Positions count up without end; position p is slot p mod n in lap p / n. The word of a slot says all
 * about it: 2 bits of state, 18 of the lap, 12 of the thread (its slot in the roster).
 *
 *   FREE    lap          waits for the producer of this lap
 *   WRITING lap, thread  a producer fills it
 *   FULL    lap          waits for a consumer
 *   READING lap, thread  a consumer empties it
 *
 *   FREE(l) -> WRITING(l) -> FULL(l) -> READING(l) -> FREE(l+1)
 *   WRITING(l) of a dead thread -> FREE(l+1)     a half-written slot is skipped, and counted as lost
 *   READING(l) of a dead thread -> FREE(l+1)     so is one that was half read, unless it is reclaimed
 *
 * Invariant: slots are claimed in the order of their positions, for `tail` passes p only when slot p has
 * left FREE in its lap, and `head` only when slot p has left FULL. Both are hints that anybody advances:
 * a thread that dies between its claim and its advance leaves nothing to repair.
 *
 * A thread is told by the slot of its number, so one that died and whose place in the roster was taken
 * over at once by a new one seems to live: places are given out in turn, which puts that 4,095 starts off.
 *
 * Who finds the ring full or empty announces itself (`putters`, `getters`), looks once more and sleeps on a
 * bell. Who changes the ring rings the bell if anybody is announced.
 */
export interface Ring {
  readonly tail: FutexWord;
  readonly head: FutexWord;
  /** Rung when an item has come, and how many wait for that. */
  readonly items: FutexWord;
  readonly getters: FutexWord;
  /** Rung when a slot has become free, and how many wait for that. */
  readonly spaces: FutexWord;
  readonly putters: FutexWord;
  /** A power of two of them, all 0 at first. */
  readonly slots: readonly FutexWord[];
  /** How many items were lost with dead threads. */
  readonly lost: FutexWord;
  /** Whether the thread with this number's low 12 bits is dead. */
  isDead(thread: number): boolean;
  /** What a dead consumer had half read is not skipped: somebody takes it back by `reclaim`. */
  readonly isReclaimed?: boolean;
}

const FREE = 0;
const WRITING = 1;
const FULL = 2;
const READING = 3;
const THREAD_BITS = 12;
const THREAD = (1 << THREAD_BITS) - 1;
const LAP_SHIFT = 2 + THREAD_BITS;
const LAP_MASK = 0x3_ffff;

const wordOf = (state: number, lap: number, thread = 0): number => (lap << LAP_SHIFT) | (thread << 2) | state;
const lapOf = (word: number): number => word >>> LAP_SHIFT;
const threadOf = (word: number): number => (word >>> 2) & THREAD;

/** -1, 0 or 1: whether the lap of a slot's word lies behind, at, or past `lap`. Laps wrap. */
function compareLaps(word: number, lap: number): number {
  const ahead = (lapOf(word) - lap) & LAP_MASK;
  return ahead === 0 ? 0 : ahead > LAP_MASK >>> 1 ? -1 : 1;
}

function lapAt(ring: Ring, position: number): number {
  return (position >>> (31 - Math.clz32(ring.slots.length))) & LAP_MASK;
}

/** Frees a slot that a dead thread was at, whatever it was doing. Says whether the slot is free for the next lap now. */
function clearDead(ring: Ring, slot: FutexWord, seen: number): boolean {
  const state = seen & 3;
  if ((state !== WRITING && (state !== READING || ring.isReclaimed === true)) || !ring.isDead(threadOf(seen))) return false;
  if (slot.compareExchange(seen, wordOf(FREE, (lapOf(seen) + 1) & LAP_MASK)) === seen) {
    ring.lost.add(1);
    ringBell(ring.spaces, ring.putters);
  }
  return true;
}

/** A slot for the caller to fill, as its position; -1 when the ring is full. `publish` it afterwards. */
export function claimToPut(ring: Ring): number {
  const { tail, slots } = ring;
  for (;;) {
    const position = tail.load();
    const lap = lapAt(ring, position);
    const slot = slots[position & (slots.length - 1)]!;
    const seen = slot.load();
    const order = compareLaps(seen, lap);
    if (order === 0 && (seen & 3) === FREE) {
      if (slot.compareExchange(seen, wordOf(WRITING, lap, slot.self & THREAD)) !== seen) continue;
      tail.compareExchange(position, (position + 1) | 0);
      return position;
    }
    if (order >= 0) tail.compareExchange(position, (position + 1) | 0);
    else if (!clearDead(ring, slot, seen) && tail.load() === position) return -1;
  }
}

/** Hands the filled slot over to the consumers. */
export function publish(ring: Ring, position: number): void {
  ring.slots[position & (ring.slots.length - 1)]!.store(wordOf(FULL, lapAt(ring, position)));
  ringBell(ring.items, ring.getters);
}

/** The oldest filled slot, as its position, for the caller to empty; -1 when there is none. `free` it afterwards. */
export function claimToGet(ring: Ring): number {
  const { head, slots } = ring;
  for (;;) {
    const position = head.load();
    const lap = lapAt(ring, position);
    const slot = slots[position & (slots.length - 1)]!;
    const seen = slot.load();
    const order = compareLaps(seen, lap);
    const state = seen & 3;
    if (order === 0 && state === FULL) {
      if (slot.compareExchange(seen, wordOf(READING, lap, slot.self & THREAD)) !== seen) continue;
      head.compareExchange(position, (position + 1) | 0);
      return position;
    }
    if (order > 0 || (order === 0 && state === READING)) head.compareExchange(position, (position + 1) | 0);
    // Half written, by somebody alive: what stands behind it has to wait for it, for order's sake.
    else if (!clearDead(ring, slot, seen) && head.load() === position) return -1;
  }
}

/** Gives the emptied slot back to the producers. */
export function free(ring: Ring, position: number): void {
  ring.slots[position & (ring.slots.length - 1)]!.store(wordOf(FREE, (lapAt(ring, position) + 1) & LAP_MASK));
  ringBell(ring.spaces, ring.putters);
}

/** Takes back what a dead consumer had half read: `take` is called with the index of each slot before it is free. */
export function reclaim(ring: Ring, thread: number, take: (slot: number) => void): void {
  for (const [i, slot] of ring.slots.entries()) {
    const seen = slot.load();
    if ((seen & 3) !== READING || threadOf(seen) !== (thread & THREAD)) continue;
    take(i);
    slot.store(wordOf(FREE, (lapOf(seen) + 1) & LAP_MASK));
    ringBell(ring.spaces, ring.putters);
  }
}

/** How many slots are claimed or filled: approximate, for others go on meanwhile. */
export function sizeOf(ring: Ring): number {
  return Math.max(0, Math.min(ring.slots.length, (ring.tail.load() - ring.head.load()) | 0));
}

/** Waits until `claimToPut` gives a slot; -1 when the wait was broken off. */
export function putting(ring: Ring): Waiting<number> {
  return claiming(ring, claimToPut, ring.spaces, ring.putters);
}

/** Waits until `claimToGet` gives a slot; -1 when the wait was broken off. */
export function getting(ring: Ring): Waiting<number> {
  return claiming(ring, claimToGet, ring.items, ring.getters);
}

function* claiming(ring: Ring, claim: (ring: Ring) => number, bell: FutexWord, announced: FutexWord): Waiting<number> {
  announced.add(1);
  try {
    for (;;) {
      const expected = bell.load();
      const position = claim(ring);
      if (position >= 0) return position;
      const reason = yield { word: bell, expected };
      if (reason === 'timed-out' || reason === 'cancelled') return claim(ring);
    }
  } finally {
    announced.add(-1);
  }
}

function ringBell(bell: FutexWord, announced: FutexWord): void {
  if (announced.load() === 0) return;
  bell.add(1);
  // All of them: one that was woken alone might give up at this moment, or be the wrong one to go on.
  bell.wake(0x7fff_ffff);
}
