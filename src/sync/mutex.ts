import type { WaitTarget } from '../word/waits.ts';
import type { FutexWord } from '../word/word.ts';
import { OWNER } from './lock-block.ts';
import type { Waiting } from './waiting.ts';

/*
 * A mutual-exclusion lock in one word: the number of its owner, and two flags.
 *
 *   0                        nobody holds it
 *   owner                    held, nobody asleep
 *   owner + CONTENDED        held, and somebody may be asleep
 *   ... + ABANDONED          held; the holder before it died, and the owner has not yet said that it knows
 *
 *   0 -> owner               acquire, fast path
 *   owner -> + CONTENDED     a second thread arrives, and will sleep
 *   held -> 0                release, by any thread; wakes one sleeper if it was CONTENDED
 *   dead owner -> new owner + ABANDONED, CONTENDED kept     the next one takes over what a dead thread held
 *   own + ABANDONED -> own   the owner acquires it once more: it knows, and goes on
 *
 * Invariant: whoever may be asleep has seen CONTENDED in the word after its last wake. So a thread that has
 * slept takes the lock as CONTENDED, even when it was the last sleeper: one needless wake is the price of
 * never losing one. (After Ulrich Drepper, "Futexes Are Tricky"; the owner and its death are ours.)
 *
 * A sleeper that dies after it was woken takes that wake with it. The others look again at the end of
 * their slice.
 */
export const CONTENDED = 1 << 30;
export const ABANDONED = 1 << 29;

/** What an acquire gives: nothing, the lock, or the lock with the news that its holder died. */
export type Grant = false | 'acquired' | 'abandoned';

/** The dead holder from whom this thread took over a lock last: who is told `abandoned` and has not slept since finds here from whom. */
export const predecessor: { id: number } = { id: 0 };

/** The fast path. May fail although a dead thread holds it: then `seize` tells. */
export function tryAcquire(word: FutexWord): boolean {
  return word.compareExchange(0, word.self) === 0;
}

/**
 * Tries without waiting: takes the lock when it is free, when its owner is dead, or when the caller knows it as abandoned.
 * The last one not with a flag: who has slept is another task of the owner's thread, and has been told nothing.
 */
export function seize(word: FutexWord, flag = 0): Grant {
  const mine = word.self;
  for (let seen = word.load(); ;) {
    const owner = seen & OWNER;
    let wanted: number;
    if (owner === 0) wanted = mine | flag;
    else if (owner === mine && (seen & ABANDONED) !== 0 && flag === 0) wanted = seen & ~ABANDONED;
    else if (word.isDead(owner)) wanted = mine | ABANDONED | (seen & CONTENDED) | flag;
    else return false;
    const now = word.compareExchange(seen, wanted);
    if (now === seen) {
      if ((wanted & ABANDONED) === 0) return 'acquired';
      predecessor.id = owner;
      return 'abandoned';
    }
    seen = now;
  }
}

/** Gives `false` when the wait was broken off. */
export function* acquire(word: FutexWord, target?: WaitTarget, must = false): Waiting<Grant> {
  let flag = 0;
  for (;;) {
    const grant = seize(word, flag);
    if (grant !== false) return grant;
    const seen = word.load();
    if ((seen & OWNER) === 0) continue;
    const expected = seen | CONTENDED;
    if (seen !== expected && word.compareExchange(seen, expected) !== seen) continue;
    const reason = yield { word, expected, target, must };
    if (reason === 'timed-out' || reason === 'cancelled') return seize(word, CONTENDED);
    flag = CONTENDED;
  }
}

/** Frees the lock and lets one sleeper try for it. Gives what the word was: 0 when nobody held the lock. */
export function release(word: FutexWord): number {
  const before = word.exchange(0);
  if ((before & CONTENDED) !== 0) word.wake(1);
  return before;
}

/** Whether the holder has not yet said that it knows of the death of the one before it. */
export function isAbandoned(word: FutexWord): boolean {
  return (word.load() & ABANDONED) !== 0;
}

/** Who holds the lock; 0 when nobody does. */
export function ownerOf(word: FutexWord): number {
  return word.load() & OWNER;
}
