import type { FutexWord } from '../word/word.ts';
import * as mutex from './mutex.ts';
import type { Waiting } from './waiting.ts';

/*
 * A meeting of n, again and again. The words are changed under a small lock; `round` is what the waiters sleep on.
 *
 *   arrived   how many of this round are here; n while the last one runs the action: the door is shut then
 *   round     counts rounds that are over, whichever way
 *   broken    bit r mod 32: round r ended broken. So that who wakes late knows how its own round ended
 *   isBroken  1 from abort (or a time-out, or a dead party) until reset
 *   arrivals  who they are, as many as have arrived. One that dies here would be waited for in vain: who looks breaks the round
 *
 *   round r: filling -> arrived = n -> (action) -> round r + 1, filling
 *   round r: filling -> broken, round r + 1: abort, reset, a time-out, a party that died
 *
 * Who takes over the lock from a dead thread breaks the round: it may have been left half changed.
 */
export interface BarrierWords {
  readonly lock: FutexWord;
  readonly arrived: FutexWord;
  readonly round: FutexWord;
  readonly broken: FutexWord;
  readonly isBroken: FutexWord;
  /** One for each party. */
  readonly arrivals: readonly FutexWord[];
}

export type Arrival = { readonly is: 'broken' } | { readonly is: 'last' | 'waiting'; readonly index: number; readonly round: number };

function* locked<T>(words: BarrierWords, act: () => T): Waiting<T> {
  const grant = yield* mutex.acquire(words.lock, undefined, true);
  try {
    if (grant === 'abandoned') end(words, true);
    return act();
  } finally {
    mutex.release(words.lock);
  }
}

/** Comes to the barrier. The last one has to call `complete` (or `abort`); the others `awaitRound`. `null`: broken off. */
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
      words.arrivals[index]!.store(words.lock.self);
      words.arrived.store(index + 1);
      return { is: index + 1 === parties ? 'last' : 'waiting', index, round: words.round.load() };
    });
    if (arrival !== 'shut') {
      if (arrival.is === 'broken') words.round.wake(0x7fff_ffff);
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
export function* complete(words: BarrierWords, round: number): Waiting<boolean> {
  const done = yield* locked(words, () => {
    if (words.round.load() !== round) return false;
    words.arrived.store(0);
    words.broken.store(words.broken.load() & ~(1 << (round & 31)));
    words.round.store((round + 1) | 0);
    return true;
  });
  words.round.wake(0x7fff_ffff);
  return done;
}

/** Waits until the round is over: true when it was completed, false when it was broken; `null` when the wait was broken off. */
export function* awaitRound(words: BarrierWords, round: number): Waiting<boolean | null> {
  while (words.round.load() === round) {
    const reason = yield { word: words.round, expected: round };
    if (words.round.load() !== round) break;
    if (reason === 'timed-out' || reason === 'cancelled') return null;
    if (hasLost(words)) yield* breakRound(words, true, round);
  }
  return (words.broken.load() & (1 << (round & 31))) === 0;
}

/** Breaks the round that is filling; with `only`, if it is that one. With `lasting`, the barrier stays broken until it is reset. */
export function* breakRound(words: BarrierWords, lasting: boolean, only?: number): Waiting<void> {
  yield* locked(words, () => {
    if (only === undefined || words.round.load() === only) end(words, lasting);
  });
  words.round.wake(0x7fff_ffff);
}

function end(words: BarrierWords, lasting: boolean): void {
  const round = words.round.load();
  words.isBroken.store(lasting ? 1 : 0);
  if (words.arrived.load() === 0 && !lasting) return;
  words.broken.store(words.broken.load() | (1 << (round & 31)));
  words.arrived.store(0);
  words.round.store((round + 1) | 0);
}

/** Whether somebody has died who has come, or who was changing the words. */
function hasLost({ lock, arrived, arrivals }: BarrierWords): boolean {
  const changing = mutex.ownerOf(lock);
  if (changing !== 0 && lock.isDead(changing)) return true;
  return arrivals.slice(0, arrived.load()).some((arrival) => arrival.isDead(arrival.load()));
}
