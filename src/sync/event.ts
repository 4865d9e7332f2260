import type { FutexWord } from '../word/word.ts';
import type { Waiting } from './waiting.ts';

/*
 * A flag that can be waited for, in one word that only grows: odd while the flag is set, even while it is not.
 *
 *   even -> odd   set; wakes everybody
 *   odd -> even   clear
 *
 * A sleeper remembers the word as it was, so one that is woken by a set sees that it has changed, although a clear
 * came before it could look.
 */
export function isSet(word: FutexWord): boolean {
  return (word.load() & 1) === 1;
}

export function set(word: FutexWord): void {
  for (let seen = word.load(); (seen & 1) === 0;) {
    const now = word.compareExchange(seen, (seen + 1) | 0);
    if (now === seen) return void word.wake(0x7fff_ffff);
    seen = now;
  }
}

export function clear(word: FutexWord): void {
  for (let seen = word.load(); (seen & 1) === 1;) {
    const now = word.compareExchange(seen, (seen + 1) | 0);
    if (now === seen) return;
    seen = now;
  }
}

export function* wait(word: FutexWord): Waiting<boolean> {
  const before = word.load();
  if ((before & 1) === 1) return true;
  while (word.load() === before) {
    const reason = yield { word, expected: before };
    if (reason === 'timed-out' || reason === 'cancelled') return word.load() !== before;
  }
  return true;
}
