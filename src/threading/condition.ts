import { inspect } from 'node:util';
import { outsideScopes } from '../base/ambient.ts';
import { asked, deadlineAfter, NEVER, remaining, type Wait } from '../base/deadline.ts';
import { StateError } from '../base/errors.ts';
import * as condition from '../sync/condition.ts';
import { Glance } from '../sync/glance.ts';
import * as mutex from '../sync/mutex.ts';
import * as reentrant from '../sync/reentrant-mutex.ts';
import { block, suspend, type Waiting } from '../sync/waiting.ts';
import { type Heap, registerContents, sharedHeap } from '../word/heap.ts';
import { faceOf, handle, otherCopyOf } from '../word/shareable.ts';
import type { FutexWord } from '../word/word.ts';
import { Face, Place, registerFace } from './face.ts';
import { abandoned, isLenient, Lock } from './lock.ts';
import { type Layout, Records } from './records.ts';
import { RLock } from './rlock.ts';

/*
 * The block of a condition: the lock's block, which it keeps, and what the lock is; a count of tickets; then places of
 * three words each, and the block with more places.
 */
const LOCK = 0;
const IS_REENTRANT = 4;
const TICKETS = 8;
const PLACES: Layout<condition.Place> = {
  first: 16,
  count: 16,
  link: 12,
  bytes: 12,
  make: (place, at) => ({ state: place.word(at), owner: place.word(at + 4), ticket: place.word(at + 8) }),
};
const BYTES = PLACES.first + PLACES.count * PLACES.bytes;

/** Turns that are handed to and fro are answered at once; and a notice is given shortly before the lock is given up. */
const noticing = new Glance(0.05);
const releasing = new Glance(0.05);

/** A condition keeps its lock alive, by the heap that both lie in. */
function checkLock(lock: unknown, heap: Heap): void {
  if (!(lock instanceof Lock || lock instanceof RLock)) {
    const copy = typeof lock === 'object' && lock !== null ? otherCopyOf(lock) : null;
    const found = copy === null ? inspect(lock, { depth: 0 }) : `one of ${copy}`;
    throw new TypeError(`the lock of a condition must be a Lock or an RLock: got ${found}`);
  }
  const { block: within, heap: its } = lock[handle]();
  if (within !== undefined) throw new TypeError('the lock of a condition must be a lock of its own, not a field of a SharedStruct');
  if (its === heap) return;
  throw new TypeError('a lock that processes share is for the Condition of manycore/multiprocessing');
}

/**
 * Waiting for something to become true that a lock guards: Python's `threading.Condition`.
 *
 * Everything but `acquire` needs the lock to be held. `wait` gives it up while it waits, and has it again when it comes
 * back, whichever way. The lock is a new RLock when none is given.
 */
export class Condition extends Face implements Disposable {
  /** The lock that guards what is waited for. */
  readonly lock: Lock | RLock;
  readonly #places: Records<condition.Place>;
  readonly #tickets: FutexWord;

  constructor(lock?: Lock | RLock | Place, heap: Heap = sharedHeap()) {
    if (lock !== undefined && !(lock instanceof Place)) checkLock(lock, heap);
    const place = lock instanceof Place ? lock : Place.allocate(BYTES, heap);
    super('condition', place);
    this.#tickets = place.word(TICKETS);
    this.#places = new Records(place, PLACES);
    if (lock instanceof Place) {
      const kind = place.word(IS_REENTRANT).load() === 1 ? 'rlock' : 'lock';
      this.lock = faceOf(kind, (place.word(LOCK).load() >>> 0) * 16, undefined, place.heap) as Lock | RLock;
      return;
    }
    this.lock = lock ?? new RLock({}, heap);
    const { offset } = this.lock[handle]();
    place.heap.retain(offset); // As long as the condition lives, its lock does.
    place.word(LOCK).store(offset / 16);
    place.heap.setContents(place.block, 'condition');
    place.word(IS_REENTRANT).store(this.lock instanceof RLock ? 1 : 0);
  }

  /** Waits for the lock: the condition, or `null` when time was up. Rejects as `Lock.acquire` does. */
  async acquire(wait?: Wait): Promise<this | null> {
    return (await this.lock.acquire(wait)) === null ? null : this;
  }
  /** The blocking twin of `acquire`. Throws as `Lock.acquireSync` does. */
  acquireSync(wait?: Wait): this | null {
    return this.lock.acquireSync(wait) === null ? null : this;
  }
  /** Takes the lock if it is free, and gives `null` at once otherwise. */
  tryAcquire(): this | null {
    return this.lock.tryAcquire() === null ? null : this;
  }
  /** Frees the lock. `StateError` when it is not held. */
  release(): void {
    this.lock.release();
  }
  /** Whether somebody holds the lock, at this moment; not whether that is the caller. */
  get locked(): boolean {
    return this.lock.locked;
  }

  /**
   * Gives up the lock and waits for a notice: true; false when time was up. The lock is held again in either case, and
   * also when the wait was cancelled. `StateError` when the caller does not hold the lock.
   */
  async wait(wait?: Wait): Promise<boolean> {
    const { timeout, signal } = asked(wait);
    const { place, depth } = this.#enter('wait for');
    const stay = condition.stayAt(place, this.#places);
    let isNotified = false;
    try {
      const deadline = deadlineAfter(timeout);
      if (timeout !== 0) noticing.sees(place.state, condition.WAITING);
      return (isNotified = await suspend(stay.untilNotice, deadline, signal));
    } finally {
      if (!isNotified) stay.giveUp();
      this.#awaitRelease();
      const grant = await outsideScopes(() => suspend(this.#again(depth), NEVER));
      stay.leave();
      this.#granted(grant);
    }
  }

  /** The blocking twin of `wait`. */
  waitSync(wait?: Wait): boolean {
    const { timeout, signal } = asked(wait);
    signal?.throwIfAborted();
    const deadline = deadlineAfter(timeout);
    const { place, depth } = this.#enter('wait for');
    const stay = condition.stayAt(place, this.#places);
    let isNotified = false;
    try {
      if (timeout !== 0) noticing.sees(place.state, condition.WAITING);
      return (isNotified = block(stay.untilNotice, deadline));
    } finally {
      if (!isNotified) stay.giveUp();
      this.#awaitRelease();
      const grant = block(this.#again(depth), NEVER);
      stay.leave();
      this.#granted(grant);
    }
  }

  /** Waits until the predicate gives something true, asking again after every notice; gives what it gave last. */
  async waitFor<T>(predicate: () => T, wait?: Wait): Promise<T> {
    const { timeout, signal } = asked(wait);
    const deadline = deadlineAfter(timeout);
    for (let result = predicate(); ; result = predicate()) {
      if (result || remaining(deadline) === 0) return result;
      await this.wait({ timeout: remaining(deadline), signal });
    }
  }

  /** The blocking twin of `waitFor`. */
  waitForSync<T>(predicate: () => T, wait?: Wait): T {
    const { timeout, signal } = asked(wait);
    const deadline = deadlineAfter(timeout);
    for (let result = predicate(); ; result = predicate()) {
      if (result || remaining(deadline) === 0) return result;
      this.waitSync({ timeout: remaining(deadline), signal });
    }
  }

  /** Wakes those who have waited longest, `count` at most. `StateError` when the caller does not hold the lock. */
  notify(count = 1): void {
    this.#checkHeld('notify');
    condition.notify(this.#places.all(), this.#tickets, count);
  }

  /** Wakes all who wait. They go on one after the other, as each gets the lock. `StateError` when the caller does not hold it. */
  notifyAll(): void {
    this.notify(Infinity);
  }

  #checkHeld(act: string): void {
    const isHeld = this.lock instanceof RLock ? reentrant.isMine(this.lock.words) : this.lock.locked;
    if (!isHeld) throw new StateError('ERR_NOT_HELD', `cannot ${act} a condition whose lock is not held: acquire it first`);
  }

  /** Takes a place, and gives up the lock, however deep. */
  #enter(act: string): { readonly place: condition.Place; readonly depth: number } {
    this.#checkHeld(act);
    let place = condition.takePlace(this.#places.all(), this.#tickets);
    while (place === null) {
      // Only the holder of the lock comes here.
      this.#places.grow();
      place = condition.takePlace(this.#places.all(), this.#tickets);
    }
    if (this.lock instanceof RLock) return { place, depth: reentrant.releaseAll(this.lock.words) };
    this.lock.release();
    return { place, depth: 1 };
  }

  /** Who notifies holds the lock, and mostly gives it up in a moment: that is sooner than a second sleep would be over. */
  #awaitRelease(): void {
    const word = this.lock instanceof RLock ? this.lock.words.lock : this.lock.word;
    const seen = word.load();
    if (mutex.ownerOf(word) !== 0) releasing.sees(word, seen);
  }

  *#again(depth: number): Waiting<mutex.Grant> {
    const { lock } = this;
    return lock instanceof RLock
      ? yield* reentrant.acquire(lock.words, lock.target, true, depth)
      : yield* mutex.acquire(lock.word, lock.target, true);
  }

  /** The lock is held again. What its last holder was about to say may never have been said: so this is more than a matter of the lock. */
  #granted(grant: mutex.Grant): void {
    const { heap } = this.place;
    const place = new Place(heap, this.lock[handle]().offset);
    if (grant === 'abandoned' && !isLenient(place)) throw abandoned(this.lock, place, mutex.predecessor.id);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  [inspect.custom](): string {
    const waiting = this.#places.all().filter(({ state }) => state.load() !== 0).length;
    return `<Condition(${inspect(this.lock)}, ${waiting} waiting)>`;
  }
}
registerContents('condition', (heap, block) => heap.release((heap.word(block + LOCK).load() >>> 0) * 16));
registerFace('condition', (place) => new Condition(place), import.meta.url);
