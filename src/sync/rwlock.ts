import type { FutexWord } from '../word/word.ts';
import type { Waiting } from './waiting.ts';

/*
 * Many readers, or one writer. Writers that wait keep new readers out as long as others read, so that they are not
 * put off for ever.
 *
 *   holders   0 nobody; n > 0 readers; -id the writer with that number
 *   writers   how many writers wait
 *
 *   0 -> 1, n -> n + 1     read; the second only while no writer waits
 *   0 -> -id               write
 *   -id -> 0               releaseWrite; or whoever finds that the writer is dead
 *   n -> n - 1             releaseRead; or whoever notices the death of a reader, by its holding
 *
 * Invariant: who writes is in the word that says so. In a word of its own it would not be there yet when the writer dies.
 */
export interface RwWords {
  readonly holders: FutexWord;
  readonly writers: FutexWord;
}

function takeFromDead({ holders }: RwWords): void {
  const seen = holders.load();
  if (seen < 0 && holders.isDead(-seen) && holders.compareExchange(seen, 0) === seen) holders.wake(0x7fff_ffff);
}

export function tryRead(words: RwWords): boolean {
  takeFromDead(words);
  for (let seen = words.holders.load(); seen === 0 || (seen > 0 && words.writers.load() <= 0);) {
    const now = words.holders.compareExchange(seen, seen + 1);
    if (now === seen) return true;
    seen = now;
  }
  return false;
}

export function tryWrite(words: RwWords): boolean {
  takeFromDead(words);
  return words.holders.compareExchange(0, -words.holders.self) === 0;
}

export function* read(words: RwWords): Waiting<boolean> {
  const { holders, writers } = words;
  while (!tryRead(words)) {
    const seen = holders.load();
    const waiting = writers.load();
    if (seen === 0 || (seen > 0 && waiting <= 0)) continue;
    // Kept out by writers that wait, although others read: a writer that goes on or gives up changes their number, not `holders`.
    const reason = yield seen > 0 ? { word: writers, expected: waiting } : { word: holders, expected: seen };
    if (reason === 'timed-out' || reason === 'cancelled') return tryRead(words);
  }
  return true;
}

export function* write(words: RwWords): Waiting<boolean> {
  words.writers.add(1);
  try {
    while (!tryWrite(words)) {
      const seen = words.holders.load();
      if (seen === 0) continue;
      const reason = yield { word: words.holders, expected: seen };
      if (reason === 'timed-out' || reason === 'cancelled') return tryWrite(words);
    }
    return true;
  } finally {
    words.writers.add(-1);
    words.writers.wake(0x7fff_ffff);
  }
}

/** False when nobody reads. */
export function releaseRead({ holders, writers }: RwWords): boolean {
  for (let seen = holders.load(); seen > 0;) {
    const now = holders.compareExchange(seen, seen - 1);
    if (now === seen) {
      holders.wake(0x7fff_ffff);
      // Readers that a writer keeps out wait for the writer, which may have died.
      if (seen === 1) writers.wake(0x7fff_ffff);
      return true;
    }
    seen = now;
  }
  return false;
}

/** False when nobody writes. */
export function releaseWrite({ holders }: RwWords): boolean {
  const seen = holders.load();
  if (seen >= 0 || holders.compareExchange(seen, 0) !== seen) return false;
  holders.wake(0x7fff_ffff);
  return true;
}
