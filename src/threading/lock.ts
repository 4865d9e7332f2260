import { checkOptions } from '../base/check-options.ts';
import { inspect } from 'node:util';
import type { Wait } from '../base/deadline.ts';
import { StateError } from '../base/errors.ts';
import { flagLock, flagsOfLock, FOREIGN, LENIENT, LOCK_BYTES, nameLock, nameOfLock, OWNER } from '../sync/lock-block.ts';
import * as mutex from '../sync/mutex.ts';
import { howDied, nameOf } from '../word/roster.ts';
import type { Heap } from '../word/heap.ts';
import { field } from '../word/shareable.ts';
import type { WaitTarget } from '../word/waits.ts';
import type { FutexWord } from '../word/word.ts';
import { AbandonedLockError } from './errors.ts';
import { Face, fieldOf, Place, registerFace, waitFor, waitForSync } from './face.ts';

/** How a lock is made. */
export interface LockOptions {
  /** For messages and reports; a number stands for it when it has none. */
  readonly name?: string | undefined;
  /** Whether the next one to get what a dead thread held is told so, by an `AbandonedLockError`. On when left out. */
  readonly robust?: boolean | undefined;
}

/** What a Lock and an RLock have in common: a name, and what is said of a holder that died. */
export function prepareLock(place: Place, { name, robust = true }: LockOptions): void {
  if (name !== undefined) nameLock(place.offset, name, place.heap);
  if (!robust) flagLock(place.offset, LENIENT, place.heap);
}

const YOURS = 'You hold it now: check what it guards, then release it, or acquire it again to go on';

/** The error for one who gets what a dead thread held. `dead` may be 0: it is not known who that was. */
export function abandoned(held: Disposable, { heap, offset }: Place, dead: number, advice = YOURS): AbandonedLockError {
  const who = dead === 0 ? 'its holder died' : `${nameOf(dead, heap)} died (${howDied(dead, heap) ?? 'lost'})`;
  return new AbandonedLockError(`lock ${nameOfLock(offset, heap)} was abandoned: ${who} while it held it. ${advice}`, held);
}

/** Whether the next one is to be told nothing of a holder that died. */
export function isLenient({ heap, offset }: Place): boolean {
  return (flagsOfLock(offset, heap) & LENIENT) !== 0;
}

/**
 * A lock that threads share: Python's `threading.Lock`.
 *
 * Not re-entrant: a thread that acquires it twice waits for itself. Any thread may release it. `acquire` gives the lock
 * itself, which is disposable: `using held = await lock.acquire()` releases it at the end of the block.
 */
export class Lock extends Face implements Disposable {
  /** @internal */
  readonly word: FutexWord;
  /** @internal */
  readonly target: WaitTarget;

  constructor(options: LockOptions | Place = {}, heap?: Heap) {
    checkOptions(options, 'a Lock', "{ name: 'A' }");
    const place = options instanceof Place ? options : Place.allocate(LOCK_BYTES, heap);
    super('lock', place);
    if (!(options instanceof Place)) prepareLock(place, options);
    this.word = place.word(0);
    this.target = { kind: 'lock', target: place.offset, heap: place.heap };
  }

  /**
   * Waits for the lock: the lock, or `null` when time was up. Rejects with `AbandonedLockError` when its holder has died
   * (the caller holds it then), with `DeadlockError` when the wait could never end, and with the signal's reason.
   */
  async acquire(wait?: Wait): Promise<this | null> {
    if (wait === undefined && mutex.tryAcquire(this.word)) return this;
    return this.#granted(await waitFor(mutex.acquire(this.word, this.target), wait));
  }

  /** The blocking twin of `acquire`. */
  acquireSync(wait?: Wait): this | null {
    if (wait === undefined && mutex.tryAcquire(this.word)) return this;
    return this.#granted(waitForSync(mutex.acquire(this.word, this.target), wait));
  }

  /** The lock if it is free, `null` otherwise. Never waits. */
  tryAcquire(): this | null {
    if (mutex.tryAcquire(this.word)) return this;
    return this.#granted(mutex.seize(this.word));
  }

  #granted(grant: mutex.Grant): this | null {
    if (grant === false) return null;
    if (grant === 'abandoned' && !isLenient(this.place)) throw abandoned(this, this.place, mutex.predecessor.id);
    return this;
  }

  /** Frees the lock and lets one waiting thread try for it. Any thread may call it. `StateError` when nobody holds it. */
  release(): void {
    const before = mutex.release(this.word) & OWNER;
    if (before === this.word.self) return;
    if (before === 0) throw new StateError('ERR_NOT_HELD', `cannot release lock ${this.name}: nobody holds it`);
    flagLock(this.place.offset, FOREIGN, this.place.heap);
  }

  /** Whether somebody holds it, at this moment. */
  get locked(): boolean {
    return mutex.ownerOf(this.word) !== 0;
  }

  /** The name it was made with, or else one that no other lock has: messages on deadlocks and lost holders speak of it so. */
  get name(): string {
    return nameOfLock(this.place.offset, this.place.heap);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  [inspect.custom](): string {
    const owner = mutex.ownerOf(this.word);
    return `<Lock ${this.name}: ${owner === 0 ? 'free' : `held by ${nameOf(owner, this.place.heap)}`}>`;
  }

  static readonly [field] = fieldOf(LOCK_BYTES, (place) => new Lock(place));
}
registerFace('lock', (place) => new Lock(place), import.meta.url);
