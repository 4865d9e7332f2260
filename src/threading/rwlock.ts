import { checkOptions } from '../base/check-options.ts';
import { inspect } from 'node:util';
import type { Wait } from '../base/deadline.ts';
import { StateError } from '../base/errors.ts';
import { DEPTH_AT, flagLock, FOREIGN, LOCK_BYTES, nameLike, nameOfLock } from '../sync/lock-block.ts';
import * as mutex from '../sync/mutex.ts';
import * as rwlock from '../sync/rwlock.ts';
import type { Heap } from '../word/heap.ts';
import { Face, Place, registerFace, waitFor, waitForSync } from './face.ts';
import { abandoned, isLenient, type LockOptions, prepareLock } from './lock.ts';
import { type Layout, Records } from './records.ts';

/*
 * The writer's word, as a lock (see lock-block.ts); then the places of readers, each as a lock too, so that whoever waits for
 * one is known to wait for its reader. The link to more places is where a lock would count how often it is held.
 */
const READERS = 7;
const BYTES = (1 + READERS) * LOCK_BYTES;

function readersOf(lock: Place): Layout<rwlock.Reader> {
  return {
    first: LOCK_BYTES,
    count: READERS,
    link: DEPTH_AT,
    bytes: LOCK_BYTES,
    make(place, at) {
      const { heap } = place;
      const target = place.offset + at;
      nameLike(lock.offset, target, heap);
      return { word: place.word(at), target: { kind: 'lock', target, heap } };
    },
  };
}

const READ_ON = 'You read under it now, and so will the next ones be told, until a writer has repaired what it guards and released it';

/** One side of a lock that is held for a while: disposing of it releases that side. */
export interface Held extends Disposable {
  /** Gives this side of the lock back, as the end of a `using` block does. `StateError` when nobody holds it. */
  release(): void;
}

/**
 * Many readers or one writer: beyond Python. Waiting writers keep new readers out, also a thread that reads already.
 *
 * When a writer dies while it writes, all who come get `AbandonedLockError`, whose `held` is the side that they asked for and have
 * now, until a writer has released the lock. A reader that dies is forgotten.
 */
export class RWLock extends Face {
  readonly #words: rwlock.RwWords;
  readonly #read: Held = { release: () => this.releaseRead(), [Symbol.dispose]: () => this.releaseRead() };
  readonly #write: Held = { release: () => this.releaseWrite(), [Symbol.dispose]: () => this.releaseWrite() };

  constructor(options: LockOptions | Place = {}, heap?: Heap) {
    checkOptions(options, 'an RWLock', "{ name: 'A' }");
    const place = options instanceof Place ? options : Place.allocate(BYTES, heap);
    super('rwlock', place);
    if (!(options instanceof Place)) prepareLock(place, options);
    this.#words = {
      writer: place.word(0),
      readers: new Records(place, readersOf(place)),
      target: { kind: 'lock', target: place.offset, heap: place.heap },
    };
  }

  /**
   * Waits until nobody writes or waits to: what releases the reading side, or `null` when time was up. Rejects with
   * `AbandonedLockError` when a writer has died, and with `DeadlockError` when the wait could never end.
   */
  async acquireRead(wait?: Wait): Promise<Held | null> {
    const before = mutex.ownerOf(this.#words.writer);
    return this.#reading((wait === undefined && rwlock.tryRead(this.#words)) || (await waitFor(rwlock.read(this.#words), wait)), before);
  }
  /** The blocking twin of `acquireRead`. */
  acquireReadSync(wait?: Wait): Held | null {
    const before = mutex.ownerOf(this.#words.writer);
    return this.#reading((wait === undefined && rwlock.tryRead(this.#words)) || waitForSync(rwlock.read(this.#words), wait), before);
  }
  /** The reading side if it can be had at once, `null` otherwise. Never waits. */
  tryAcquireRead(): Held | null {
    const before = mutex.ownerOf(this.#words.writer);
    return this.#reading(rwlock.tryRead(this.#words), before);
  }

  /** Waits until nobody reads or writes: what releases the writing side, or `null` when time was up. Rejects as `acquireRead` does. */
  async acquireWrite(wait?: Wait): Promise<Held | null> {
    const before = mutex.ownerOf(this.#words.writer);
    return this.#writing(await waitFor(rwlock.write(this.#words), wait), before);
  }
  /** The blocking twin of `acquireWrite`. */
  acquireWriteSync(wait?: Wait): Held | null {
    const before = mutex.ownerOf(this.#words.writer);
    return this.#writing(waitForSync(rwlock.write(this.#words), wait), before);
  }
  /** The writing side if it can be had at once, `null` otherwise. Never waits. */
  tryAcquireWrite(): Held | null {
    const before = mutex.ownerOf(this.#words.writer);
    return this.#writing(rwlock.tryWrite(this.#words), before);
  }

  #reading(grant: mutex.Grant, before: number): Held | null {
    if (grant === false) return null;
    if (grant === 'abandoned' && !isLenient(this.place)) throw abandoned(this.#read, this.place, before, READ_ON);
    return this.#read;
  }

  #writing(grant: mutex.Grant, before: number): Held | null {
    if (grant === false) return null;
    if (grant === 'abandoned' && !isLenient(this.place)) throw abandoned(this.#write, this.place, before);
    return this.#write;
  }

  /** Gives up one reading side: the calling thread's, or another's when it has none. `StateError` when nobody reads. */
  releaseRead(): void {
    if (rwlock.releaseRead(this.#words)) return;
    const other = rwlock.releaseAnyRead(this.#words);
    if (other === null) throw new StateError('ERR_NOT_HELD', `cannot release the reading side of lock ${this.name}: nobody reads under it`);
    flagLock(other.target!.target, FOREIGN, this.place.heap);
  }

  /** Gives up the writing side. Any thread may call it. `StateError` when nobody writes. */
  releaseWrite(): void {
    const before = rwlock.releaseWrite(this.#words);
    if (before === this.#words.writer.self) return;
    if (before === 0) throw new StateError('ERR_NOT_HELD', `cannot release the writing side of lock ${this.name}: nobody writes under it`);
    flagLock(this.place.offset, FOREIGN, this.place.heap);
  }

  /** How many hold it, at this moment: readers, or -1 for a writer. */
  get holders(): number {
    return rwlock.holders(this.#words);
  }

  /** The name it was made with, or else one that no other lock has: messages on deadlocks and lost holders speak of it so. */
  get name(): string {
    return nameOfLock(this.place.offset, this.place.heap);
  }

  [inspect.custom](): string {
    const { holders } = this;
    return `<RWLock ${this.name}: ${holders === 0 ? 'free' : holders < 0 ? 'written' : `${holders} readers`}>`;
  }
}
registerFace('rwlock', (place) => new RWLock(place), import.meta.url);
