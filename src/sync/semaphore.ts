import type { FutexWord } from '../word/word.ts';
import type { Waiting } from './waiting.ts';

/*
 * A counter of permits, and a count of threads that are asleep on it or about to be.
 *
 *   permits   never below 0
 *   sleepers  at least the number of threads asleep; may be more, after one has died
 *
 * Invariant: a thread sleeps only on permits === 0, and announces itself in `sleepers` first. A release that reads
 * sleepers === 0 after it has added its permits may skip the wake: any later sleeper will see them.
 */
export interface SemaphoreWords {
  readonly permits: FutexWord;
  readonly sleepers: FutexWord;
}

export function tryAcquire({ permits }: SemaphoreWords): boolean {
  for (let available = permits.load(); available > 0;) {
    const seen = permits.compareExchange(available, available - 1);
    if (seen === available) return true;
    available = seen;
  }
  return false;
}

export function* acquire(words: SemaphoreWords): Waiting<boolean> {
  words.sleepers.add(1);
  try {
    while (!tryAcquire(words)) {
      const reason = yield { word: words.permits, expected: 0 };
      if (reason === 'timed-out' || reason === 'cancelled') return tryAcquire(words);
    }
    return true;
  } finally {
    words.sleepers.add(-1);
  }
}

/** Adds permits. With a bound, as a whole or not at all: false when there would be more than `most`. */
export function release({ permits, sleepers }: SemaphoreWords, count: number, most = 0x7fff_ffff): boolean {
  for (let before = permits.load(); ;) {
    if (before + count > most) return false;
    const seen = permits.compareExchange(before, before + count);
    if (seen === before) break;
    before = seen;
  }
  if (sleepers.load() > 0) permits.wake(count);
  return true;
}
