import { checkOptions } from '../base/check-options.ts';
import { inspect } from 'node:util';
import type { Wait } from '../base/deadline.ts';
import { StateError } from '../base/errors.ts';
import { DEPTH_AT, LOCK_BYTES, nameOfLock } from '../sync/lock-block.ts';
import * as mutex from '../sync/mutex.ts';
import * as reentrant from '../sync/reentrant-mutex.ts';
import type { Waiting } from '../sync/waiting.ts';
import { nameOf } from '../word/roster.ts';
import type { Heap } from '../word/heap.ts';
import { field } from '../word/shareable.ts';
import type { WaitTarget } from '../word/waits.ts';
import { Face, fieldOf, Place, registerFace, waitFor, waitForSync } from './face.ts';
import { abandoned, isLenient, type LockOptions, prepareLock } from './lock.ts';

/**
 * A lock that its owner may acquire again: Python's `threading.RLock`. As many releases free it, and only its owner may
 * release it. The owner is the thread: tasks that wait in one thread are not kept apart by it.
 */
export class RLock extends Face implements Disposable {
  /** @internal */
  readonly words: reentrant.ReentrantWords;
  /** @internal */
  readonly target: WaitTarget;

  constructor(options: LockOptions | Place = {}, heap?: Heap) {
    checkOptions(options, 'an RLock', "{ name: 'A' }");
    const place = options instanceof Place ? options : Place.allocate(LOCK_BYTES, heap);
    super('rlock', place);
    if (!(options instanceof Place)) prepareLock(place, options);
    this.words = { lock: place.word(0), depth: place.word(DEPTH_AT) };
    this.target = { kind: 'reentrant', target: place.offset, heap: place.heap };
  }

  /** Waits for the lock: the lock, or `null` when time was up. Rejects as `Lock.acquire` does. */
  async acquire(wait?: Wait): Promise<this | null> {
    const grant = (wait === undefined && reentrant.tryAcquire(this.words)) || (await waitFor(this.#acquiring(), wait));
    return this.#granted(grant);
  }

  /** The blocking twin of `acquire`. */
  acquireSync(wait?: Wait): this | null {
    return this.#granted((wait === undefined && reentrant.tryAcquire(this.words)) || waitForSync(this.#acquiring(), wait));
  }

  /** The lock if it is free or the caller's, `null` otherwise. Never waits. */
  tryAcquire(): this | null {
    return this.#granted(reentrant.tryAcquire(this.words));
  }

  *#acquiring(): Waiting<mutex.Grant> {
    return reentrant.tryAcquire(this.words) || (yield* reentrant.acquire(this.words, this.target));
  }

  #granted(grant: mutex.Grant): this | null {
    if (grant === false) return null;
    if (grant === 'abandoned' && !isLenient(this.place)) throw abandoned(this, this.place, mutex.predecessor.id);
    return this;
  }

  /** Takes back one acquire. `StateError` when the calling thread does not hold it. */
  release(): void {
    if (reentrant.release(this.words)) return;
    const owner = mutex.ownerOf(this.words.lock);
    throw new StateError(
      'ERR_NOT_OWNER',
      `cannot release re-entrant lock ${this.name}: ${owner === 0 ? 'nobody holds it' : `${nameOf(owner, this.place.heap)} holds it, and only the owner may`}`,
    );
  }

  /** Whether somebody holds it, at this moment. */
  get locked(): boolean {
    return reentrant.isHeld(this.words);
  }

  /** How often the calling thread has acquired it: 0 when it does not hold it. */
  get recursionCount(): number {
    return reentrant.depthOf(this.words);
  }

  /** The name it was made with, or else one that no other lock has: messages on deadlocks and lost holders speak of it so. */
  get name(): string {
    return nameOfLock(this.place.offset, this.place.heap);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  [inspect.custom](): string {
    const owner = mutex.ownerOf(this.words.lock);
    return `<RLock ${this.name}: ${owner === 0 ? 'free' : `held ${this.words.depth.load()} times by ${nameOf(owner, this.place.heap)}`}>`;
  }

  static readonly [field] = fieldOf(LOCK_BYTES, (place) => new RLock(place));
}
registerFace('rlock', (place) => new RLock(place), import.meta.url);
