import type { WaitTarget } from '../word/waits.ts';
import type { FutexWord } from '../word/word.ts';
import { OWNER } from './lock-block.ts';
import * as mutex from './mutex.ts';
import type { Waiting } from './waiting.ts';

/*
 * A mutex that its owner may take again. The second word counts how often; only the owner reads and writes it, so it
 * needs no more than plain loads and stores.
 *
 *   depth 0      not held, or being taken or given back
 *   depth n > 0  the owner has to release it n times
 */
export interface ReentrantWords {
  readonly lock: FutexWord;
  readonly depth: FutexWord;
}

export function isMine({ lock }: ReentrantWords): boolean {
  return mutex.ownerOf(lock) === lock.self;
}

/** How often the caller holds it: 0 for everybody else. */
export function depthOf(words: ReentrantWords): number {
  return isMine(words) ? words.depth.load() : 0;
}

export function tryAcquire(words: ReentrantWords): mutex.Grant {
  if (isMine(words) && words.depth.load() > 0) {
    // Who was told that the holder before it died says by this that it knows: that is no second acquire, as in mutex.ts.
    if (mutex.isAbandoned(words.lock)) return mutex.seize(words.lock);
    words.depth.add(1);
    return 'acquired';
  }
  const grant = mutex.seize(words.lock);
  if (grant !== false) words.depth.store(1);
  return grant;
}

export function* acquire(words: ReentrantWords, target?: WaitTarget, must = false, depth = 1): Waiting<mutex.Grant> {
  const grant = yield* mutex.acquire(words.lock, target, must);
  if (grant !== false) words.depth.store(depth);
  return grant;
}

/** False when the caller does not hold it. */
export function release(words: ReentrantWords): boolean {
  if (!isMine(words)) return false;
  const depth = words.depth.load() - 1;
  words.depth.store(Math.max(0, depth));
  if (depth <= 0) mutex.release(words.lock);
  return true;
}

/** Gives it back completely, however often it is held; says how often. */
export function releaseAll(words: ReentrantWords): number {
  const depth = words.depth.load();
  words.depth.store(0);
  mutex.release(words.lock);
  return depth;
}

export function isHeld({ lock }: ReentrantWords): boolean {
  return (lock.load() & OWNER) !== 0;
}
