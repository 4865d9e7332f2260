import type { FutexWord } from '../word/word.ts';
import * as holders from './holders.ts';
import * as mutex from './mutex.ts';
import type { Waiting } from './waiting.ts';

/*
 * A counter of permits. All words but `sleepers` are changed under a small lock.
 *
 *   permits   how many can be had; what sleepers sleep on, while it is 0
 *   total     how many there are, had or not
 *   holders   who has how many: what a dead thread has, the next one takes that finds none left
 *   sleepers  at least the number of threads asleep; may be more, after one has died
 *
 * Invariant: while the lock is free, permits = total - what the holders have; who takes over the lock from a dead thread
 * counts again. So a permit is taken, and its holder known, by one store: that of the holder's amount. A thread that dies has
 * it, or has left it.
 *
 * A permit that is released by a thread which has none was somebody else's, if anybody has one: handed over, or meant as a
 * signal. Only when nobody has any is it a new one. So the dead bring back no more than is missing.
 *
 * A thread sleeps only on permits = 0, and announces itself in `sleepers` first: a release that reads sleepers = 0 after it
 * has added its permits may skip the wake, for any later sleeper will see them.
 */
export interface SemaphoreWords {
  readonly lock: FutexWord;
  readonly permits: FutexWord;
  readonly total: FutexWord;
  readonly sleepers: FutexWord;
  readonly holders: holders.Table<holders.Holder>;
}

/** The fast path: takes a permit if there is one. `null`: somebody is at the lock, `attempt` waits for it. */
export function tryAcquire(words: SemaphoreWords): boolean | null {
  if (!mutex.tryAcquire(words.lock)) return null;
  const taken = take(words);
  mutex.release(words.lock);
  return taken;
}

/** Takes a permit if there is one; waits for nothing but the lock. */
export function* attempt(words: SemaphoreWords): Waiting<boolean> {
  yield* lock(words);
  const taken = take(words);
  mutex.release(words.lock);
  return taken;
}

export function* acquire(words: SemaphoreWords): Waiting<boolean> {
  words.sleepers.add(1);
  try {
    while (!(yield* attempt(words))) {
      const reason = yield { word: words.permits, expected: 0 };
      if (reason === 'timed-out' || reason === 'cancelled') return yield* attempt(words);
    }
    return true;
  } finally {
    words.sleepers.add(-1);
  }
}

/** The fast path of `release`. `null`: somebody is at the lock. */
export function tryRelease(words: SemaphoreWords, count: number, most?: number): boolean | null {
  if (!mutex.tryAcquire(words.lock)) return null;
  return unlockAfter(words, give(words, count, most), count);
}

/** Adds permits. With a bound, as a whole or not at all: false when there would be more than `most`. Waits for nothing but the lock. */
export function* release(words: SemaphoreWords, count: number, most?: number): Waiting<boolean> {
  yield* lock(words);
  return unlockAfter(words, give(words, count, most), count);
}

function unlockAfter({ lock, sleepers, permits }: SemaphoreWords, given: boolean, count: number): boolean {
  mutex.release(lock);
  if (given && sleepers.load() > 0) permits.wake(count);
  return given;
}

/** How many permits can be had, with those of the dead. */
export function available(words: SemaphoreWords): number {
  return words.permits.load() + holders.heldByDead(words.holders);
}

function* lock(words: SemaphoreWords): Waiting<void> {
  if ((yield* mutex.acquire(words.lock, undefined, true)) === 'abandoned')
    words.permits.put(words.total.load() - holders.sum(words.holders));
}

function take(words: SemaphoreWords): boolean {
  const { permits } = words;
  const before = permits.load();
  const found = before > 0 ? before : holders.takeFromDead(words.holders);
  if (found === 0) return false;
  holders.hold(words.holders, permits.self);
  permits.put(found - 1);
  // What the dead had more than one of is for others that sleep.
  if (before === 0 && found > 1) permits.wake(found - 1);
  return true;
}

function give({ permits, total, holders: table }: SemaphoreWords, count: number, most = 0x7fff_ffff): boolean {
  const before = permits.load();
  if (before + count > most) return false;
  let left = count - holders.letGo(table, permits.self, count);
  if (left > 0) left -= holders.letGo(table, 0, left);
  if (left > 0) total.put(total.load() + left);
  permits.put(before + count);
  return true;
}
