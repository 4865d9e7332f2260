import type { FutexWord } from '../word/word.ts';
import type { Waiting } from './waiting.ts';

/*
 * Many readers, or one writer. Writers that wait keep new readers out as long as others read, so that they are not
 * put off for ever.
 *
 *   holders   0 nobody; n > 0 readers; -1 a writer
 *   writers   how many writers wait
 *   writer    who writes, while holders is -1
 *
 * What a dead reader held comes back by its holding; what a dead writer held is taken over by the next one.
 */
export interface RwWords {
  readonly holders: FutexWord;
  readonly writers: FutexWord;
  readonly writer: FutexWord;
}

const WRITER = -1;

function takeFromDead({ holders, writer }: RwWords): void {
  const owner = writer.load();
  if (holders.load() === WRITER && owner !== 0 && writer.isDead(owner) && writer.compareExchange(owner, 0) === owner) {
    holders.compareExchange(WRITER, 0);
    holders.wake(0x7fff_ffff);
  }
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
  if (words.holders.compareExchange(0, WRITER) !== 0) return false;
  words.writer.store(words.writer.self);
  return true;
}

export function* read(words: RwWords): Waiting<boolean> {
  while (!tryRead(words)) {
    const seen = words.holders.load();
    // Kept out by a writer that waits, although readers hold it: their leaving changes the word.
    const reason = yield { word: words.holders, expected: seen };
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
    words.holders.wake(0x7fff_ffff);
  }
}

/** False when nobody reads. */
export function releaseRead({ holders }: RwWords): boolean {
  for (let seen = holders.load(); seen > 0;) {
    const now = holders.compareExchange(seen, seen - 1);
    if (now === seen) {
      holders.wake(0x7fff_ffff);
      return true;
    }
    seen = now;
  }
  return false;
}

/** False when nobody writes. */
export function releaseWrite({ holders, writer }: RwWords): boolean {
  writer.store(0);
  if (holders.compareExchange(WRITER, 0) !== WRITER) return false;
  holders.wake(0x7fff_ffff);
  return true;
}
