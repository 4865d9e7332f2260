import type { FutexWord } from '../word/word.ts';
import type { Table } from './holders.ts';
import { OWNER } from './lock-block.ts';
import * as mutex from './mutex.ts';
import type { Waiting } from './waiting.ts';

/*
 * A meeting of n, again and again. The words are changed under a small lock; `round` is what the waiters sleep on.
 *
 *   arrived    how many of this round are here; n while the last one runs the action: the door is shut then
 *   round      counts rounds that are over, whichever way
 *   completed  1 more than the last round that all have come to, once they go: so a round that is being ended ends as it began to
 *   isBroken   1 from abort (or a time-out, or a dead party) until reset
 *   places     who is here. A place that nobody has left may belong to any earlier round: there are as many as are needed
 *
 *   place    0              free
 *            owner          has come in this round; if it dies here, it would be waited for in vain: who looks breaks the round
 *            owner + PASSED, owner + SENT_AWAY    how its round has ended. Its owner has not looked yet, or is dead: then it is free
 *
 *   0 -> owner                                     arrive
 *   owner -> owner + PASSED, owner + SENT_AWAY     who ends the round
 *   any -> 0                                       its owner, when the round is over
 *
 *   round r: filling -> arrived = n -> (action) -> round r + 1, filling
 *   round r: filling -> broken, round r + 1: abort, reset, a time-out, a party that died
 *
 * Invariant: how a round has ended stands in the places before `round` changes. So who wakes late, when many more rounds are
 * over, knows how its own one ended. Who takes over the lock from a dead thread ends the round: it may have been left half changed.
 */
export interface BarrierWords {
  readonly lock: FutexWord;
  readonly arrived: FutexWord;
  readonly round: FutexWord;
  readonly completed: FutexWord;
  readonly isBroken: FutexWord;
  readonly places: Table<FutexWord>;
}

const PASSED = 1 << 30;
const SENT_AWAY = 1 << 29;
const ALL = 0x7fff_ffff;

/** Somebody at the barrier: the last one has to call `complete` or `giveUp`, the others `awaitRound` or `giveUp`. */
export interface Arrived {
  readonly is: 'last' | 'waiting';
  readonly index: number;
  readonly round: number;
  /** Which place it has. */
  readonly place: number;
}
export type Arrival = { readonly is: 'broken' } | Arrived;

function* locked<T>(words: BarrierWords, act: () => T): Waiting<T> {
  const grant = yield* mutex.acquire(words.lock, undefined, true);
  try {
    if (grant === 'abandoned') end(words, true);
    return act();
  } finally {
    mutex.release(words.lock);
  }
}

/** Comes to the barrier. `null`: broken off. */
export function* arrive(words: BarrierWords, parties: number): Waiting<Arrival | null> {
  for (;;) {
    const arrival = yield* locked(words, (): Arrival | 'shut' => {
      if (words.isBroken.load() === 1) return { is: 'broken' };
      const index = words.arrived.load();
      if (index > 0 && hasLost(words)) {
        end(words, true);
        return { is: 'broken' };
      }
      if (index === parties) return 'shut';
      const place = takePlace(words);
      words.arrived.store(index + 1);
      return { is: index + 1 === parties ? 'last' : 'waiting', index, round: words.round.load(), place };
    });
    if (arrival !== 'shut') {
      if (arrival.is === 'broken') words.round.wake(ALL);
      return arrival;
    }
    // The last of this round runs the action: wait for the next one.
    const round = words.round.load();
    if (words.arrived.load() !== parties) continue;
    const reason = yield { word: words.round, expected: round };
    if (reason === 'timed-out' || reason === 'cancelled') return null;
  }
}

/** Ends the round, and lets everybody go. False when it was broken in the meantime. */
export function* complete(words: BarrierWords, { round, place }: Pick<Arrived, 'round' | 'place'>): Waiting<boolean> {
  const done = yield* locked(words, () => {
    leave(words, place);
    if (words.round.load() !== round) return false;
    words.completed.store((round + 1) | 0);
    open(words);
    return true;
  });
  words.round.wake(ALL);
  return done;
}

/**
 * Waits until the round is over: true when it was completed, false when it was broken. `null` when the wait was broken off: the round
 * has been broken by that.
 */
export function* awaitRound(words: BarrierWords, { round, place }: Pick<Arrived, 'round' | 'place'>): Waiting<boolean | null> {
  while (words.round.load() === round) {
    const reason = yield { word: words.round, expected: round };
    if (words.round.load() !== round) break;
    const isEnd = reason === 'timed-out' || reason === 'cancelled';
    if ((isEnd || hasLost(words)) && (yield* breakRound(words, true, round)) && isEnd) {
      leave(words, place);
      return null;
    }
  }
  return leave(words, place);
}

/** Goes away without waiting: breaks the round, unless it is over; true when it was completed before that. */
export function* giveUp(words: BarrierWords, { round, place }: Pick<Arrived, 'round' | 'place'>): Waiting<boolean> {
  yield* breakRound(words, true, round);
  return leave(words, place);
}

/**
 * Breaks the round that is filling; with `only`, if it is that one: says whether it was. With `lasting`, the barrier stays broken until
 * it is reset.
 */
export function* breakRound(words: BarrierWords, lasting: boolean, only?: number): Waiting<boolean> {
  const did = yield* locked(words, () => {
    if (only !== undefined && words.round.load() !== only) return false;
    end(words, lasting);
    return true;
  });
  words.round.wake(ALL);
  return did;
}

function end(words: BarrierWords, lasting: boolean): void {
  words.isBroken.store(lasting ? 1 : 0);
  if (words.arrived.load() === 0 && !lasting) return;
  open(words);
}

/** The round is over: whoever has come is told how, and may go. */
function open({ arrived, round, completed, places }: BarrierWords): void {
  const before = round.load();
  const result = completed.load() === ((before + 1) | 0) ? PASSED : SENT_AWAY;
  for (const place of places.all()) {
    const owner = place.load();
    if (isHere(owner)) place.store(owner | result);
  }
  arrived.store(0);
  round.store((before + 1) | 0);
}

const isHere = (place: number): boolean => place !== 0 && (place & (PASSED | SENT_AWAY)) === 0;

/** Takes a free place, under the lock. */
function takePlace({ places, lock }: BarrierWords): number {
  for (;;) {
    const all = places.all();
    for (let at = 0; at < all.length; at++) {
      const seen = all[at]!.load();
      if (seen !== 0 && (isHere(seen) || !lock.isDead(seen & OWNER))) continue;
      all[at]!.store(lock.self);
      return at;
    }
    places.grow();
  }
}

/** Frees a place; says how its round has ended. */
function leave({ places }: BarrierWords, place: number): boolean {
  return (places.all()[place]!.exchange(0) & PASSED) !== 0;
}

/** Whether somebody has died who has come, or who was changing the words. */
function hasLost({ lock, places }: BarrierWords): boolean {
  const changing = mutex.ownerOf(lock);
  if (changing !== 0 && lock.isDead(changing)) return true;
  return places.all().some((place) => {
    const owner = place.load();
    return isHere(owner) && lock.isDead(owner);
  });
}
