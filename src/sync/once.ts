import type { FutexWord } from '../word/word.ts';
import * as mutex from './mutex.ts';
import type { Waiting } from './waiting.ts';

/*
 * Something that is done once, by whoever comes first; the others wait until it is done.
 *
 *   done   0 not yet, 1 done, for ever
 *   lock   held by who does it (see mutex.ts)
 *
 *   done = 0, lock free -> held            somebody begins
 *   done = 0, held -> done = 1, lock free  it succeeded
 *   done = 0, held -> done = 0, lock free  it failed: the next one tries
 *
 * Invariant: done becomes 1 before the lock is free, so whoever gets the lock afterwards sees it. One who dies while it
 * does it has not done it: the next one takes over the lock and begins anew.
 */
export interface OnceWords {
  readonly done: FutexWord;
  readonly lock: FutexWord;
}

export function isDone({ done }: OnceWords): boolean {
  return done.load() === 1;
}

/** True: the caller does it, and has to call `succeed` or `fail`. False: it is done. `null`: the wait was broken off. */
export function* begin(words: OnceWords): Waiting<boolean | null> {
  if (isDone(words)) return false;
  const grant = yield* mutex.acquire(words.lock);
  if (grant === false) return isDone(words) ? false : null;
  // A holder that died: the lock is taken once more, which says that it is known.
  if (grant === 'abandoned') mutex.seize(words.lock);
  if (!isDone(words)) return true;
  mutex.release(words.lock);
  return false;
}

export function succeed({ done, lock }: OnceWords): void {
  done.store(1);
  mutex.release(lock);
}

export function fail({ lock }: OnceWords): void {
  mutex.release(lock);
}
