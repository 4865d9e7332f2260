import { inspect } from 'node:util';
import { deadlineAfter, NEVER, remaining, type Wait } from '../base/deadline.ts';
import { StateError } from '../base/errors.ts';
import * as condition from '../sync/condition.ts';
import * as mutex from '../sync/mutex.ts';
import * as reentrant from '../sync/reentrant-mutex.ts';
import { block, suspend, type Waiting } from '../sync/waiting.ts';
import { type Heap, sharedHeap } from '../word/heap.ts';
import { faceOf, handle } from '../word/shareable.ts';
import { AbandonedLockError } from './errors.ts';
import { Face, Place, registerFace } from './face.ts';
import { Lock } from './lock.ts';
import { RLock } from './rlock.ts';

/*
 * The block of a condition: the lock's block, which it keeps, and what the lock is; a count of tickets; then places of
 * three words each, and the block with more places.
 */
const LOCK = 0;
const IS_REENTRANT = 4;
const TICKETS = 8;
const MORE = 12;
const FIRST_PLACE = 16;
const PLACES = 16;
const PLACE_BYTES = 12;
const BYTES = FIRST_PLACE + PLACES * PLACE_BYTES;

/**
 * Waiting for something to become true that a lock guards: Python's `threading.Condition`.
 *
 * Everything but `acquire` needs the lock to be held. `wait` gives it up while it waits, and has it again when it comes
 * back, whichever way. The lock is a new RLock when none is given.
 */
export class Condition extends Face implements Disposable {
  /** The lock that guards what is waited for. */
  readonly lock: Lock | RLock;

  constructor(lock?: Lock | RLock | Place, heap: Heap = sharedHeap()) {
    const place = lock instanceof Place ? lock : Place.allocate(BYTES, heap);
    super('condition', place);
    if (lock instanceof Place) {
      const kind = place.word(IS_REENTRANT).load() === 1 ? 'rlock' : 'lock';
      this.lock = faceOf(kind, (place.word(LOCK).load() >>> 0) * 16, undefined, place.heap) as Lock | RLock;
      return;
    }
    this.lock = lock ?? new RLock({}, heap);
    const { offset, block: within } = this.lock[handle]();
    if (within !== undefined) throw new TypeError('the lock of a condition must be a lock of its own, not a field of a SharedStruct');
    place.heap.retain(offset); // As long as the condition lives, its lock does.
    place.word(LOCK).store(offset / 16);
    place.word(IS_REENTRANT).store(this.lock instanceof RLock ? 1 : 0);
  }

  /** Waits for the lock: the condition, or `null` when time was up. Rejects as `Lock.acquire` does. */
  async acquire(wait?: Wait): Promise<this | null> {
    return (await this.lock.acquire(wait)) === null ? null : this;
  }
  acquireSync(wait?: Wait): this | null {
    return this.lock.acquireSync(wait) === null ? null : this;
  }
  tryAcquire(): this | null {
    return this.lock.tryAcquire() === null ? null : this;
  }
  release(): void {
    this.lock.release();
  }
  get locked(): boolean {
    return this.lock.locked;
  }

  /**
   * Gives up the lock and waits for a notice: true; false when time was up. The lock is held again in either case, and
   * also when the wait was cancelled. `StateError` when the caller does not hold the lock.
   */
  async wait({ timeout, signal }: Wait = {}): Promise<boolean> {
    const { place, depth } = this.#enter('wait for');
    try {
      return await suspend(condition.awaitNotice(place), deadlineAfter(timeout), signal);
    } finally {
      place.state.store(0);
      await suspend(this.#again(depth), NEVER);
    }
  }

  /** The blocking twin of `wait`. */
  waitSync({ timeout, signal }: Wait = {}): boolean {
    signal?.throwIfAborted();
    const deadline = deadlineAfter(timeout);
    const { place, depth } = this.#enter('wait for');
    try {
      return block(condition.awaitNotice(place), deadline);
    } finally {
      place.state.store(0);
      block(this.#again(depth), NEVER);
    }
  }

  /** Waits until the predicate gives something true, asking again after every notice; gives what it gave last. */
  async waitFor<T>(predicate: () => T, { timeout, signal }: Wait = {}): Promise<T> {
    const deadline = deadlineAfter(timeout);
    for (let result = predicate(); ; result = predicate()) {
      if (result || remaining(deadline) === 0) return result;
      await this.wait({ timeout: remaining(deadline), signal });
    }
  }

  /** The blocking twin of `waitFor`. */
  waitForSync<T>(predicate: () => T, { timeout, signal }: Wait = {}): T {
    const deadline = deadlineAfter(timeout);
    for (let result = predicate(); ; result = predicate()) {
      if (result || remaining(deadline) === 0) return result;
      this.waitSync({ timeout: remaining(deadline), signal });
    }
  }

  /** Wakes those who have waited longest, `count` at most. `StateError` when the caller does not hold the lock. */
  notify(count = 1): void {
    this.#checkHeld('notify');
    condition.notify(this.#places(), count);
  }

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
    let place = condition.takePlace(this.#places(), this.place.word(TICKETS));
    while (place === null) {
      this.#addPlaces();
      place = condition.takePlace(this.#places(), this.place.word(TICKETS));
    }
    if (this.lock instanceof RLock) return { place, depth: reentrant.releaseAll(this.lock.words) };
    this.lock.release();
    return { place, depth: 1 };
  }

  *#again(depth: number): Waiting<void> {
    if (this.lock instanceof RLock) {
      const grant = yield* reentrant.acquire(this.lock.words, this.lock.target, true, depth);
      if (grant === 'abandoned')
        throw new AbandonedLockError('the lock of a condition was abandoned: its holder died. You hold it now', this.lock);
      return;
    }
    yield* mutex.acquire(this.lock.word, undefined, true);
  }

  *#places(): Generator<condition.Place> {
    for (let at: Place | null = this.place; at !== null;) {
      const base = at === this.place ? FIRST_PLACE : 16;
      for (let i = 0; i < PLACES; i++) {
        const start = base + i * PLACE_BYTES;
        yield { state: at.word(start), owner: at.word(start + 4), ticket: at.word(start + 8) };
      }
      const more: number = at.word(at === this.place ? MORE : 0).load() >>> 0;
      at = more === 0 ? null : new Place(this.place.heap, more * 16);
    }
  }

  /** More places: only the holder of the lock comes here. They stay as long as the condition. */
  #addPlaces(): void {
    let last = this.place;
    let link = last.word(MORE);
    for (let more = link.load() >>> 0; more !== 0; more = link.load() >>> 0) {
      last = new Place(this.place.heap, more * 16);
      link = last.word(0);
    }
    link.store(this.place.heap.allocate(16 + PLACES * PLACE_BYTES) / 16);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  [inspect.custom](): string {
    const waiting = [...this.#places()].filter(({ state }) => state.load() !== 0).length;
    return `<Condition(${inspect(this.lock)}, ${waiting} waiting)>`;
  }
}
registerFace('condition', (place) => new Condition(place), import.meta.url);
