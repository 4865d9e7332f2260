import { inspect } from 'node:util';
import type { Wait } from '../base/deadline.ts';
import { OutOfRangeError } from '../base/errors.ts';
import { positiveInteger } from '../base/positive-integer.ts';
import type { Holder } from '../sync/holders.ts';
import * as semaphore from '../sync/semaphore.ts';
import { block } from '../sync/waiting.ts';
import type { Heap } from '../word/heap.ts';
import { Face, Place, registerFace, waitFor, waitForSync } from './face.ts';
import { type Layout, Records } from './records.ts';

/*
 * permits, sleepers, the bound (0: none), the lock, the total, the block with more holders; then holders: owner and amount.
 */
const SLEEPERS = 4;
const BOUND = 8;
const LOCK = 12;
const TOTAL = 16;
const HOLDERS: Layout<Holder> = {
  first: 24,
  count: 13,
  link: 20,
  bytes: 8,
  make: (place, at) => ({ owner: place.word(at), amount: place.word(at + 4) }),
};
const BYTES = HOLDERS.first + HOLDERS.count * HOLDERS.bytes;

/**
 * A counter of permits: Python's `threading.Semaphore`. `acquire` takes one, `release` gives some back; any thread may
 * release. What a thread holds when it dies comes back by itself.
 */
export class Semaphore extends Face implements Disposable {
  protected readonly words: semaphore.SemaphoreWords;
  readonly #bound: number | undefined;

  constructor(value: number | Place = 1, heap?: Heap, kind = 'semaphore', bound = 0) {
    if (!(value instanceof Place) && (!Number.isInteger(value) || value < 0)) {
      throw new OutOfRangeError('ERR_OUT_OF_RANGE', `the value of a semaphore must be an integer of at least 0: got ${value}`);
    }
    const place = value instanceof Place ? value : Place.allocate(BYTES, heap);
    super(kind, place);
    this.words = {
      lock: place.word(LOCK),
      permits: place.word(0),
      total: place.word(TOTAL),
      sleepers: place.word(SLEEPERS),
      holders: new Records(place, HOLDERS),
    };
    if (!(value instanceof Place)) {
      this.words.permits.store(value);
      this.words.total.store(value);
      place.word(BOUND).store(bound);
    }
    this.#bound = place.word(BOUND).load() || undefined;
  }

  /** Waits for a permit: the semaphore, or `null` when time was up. Disposing of it gives the permit back. */
  async acquire(wait?: Wait): Promise<this | null> {
    if (wait === undefined && semaphore.tryAcquire(this.words) === true) return this;
    return (await waitFor(semaphore.acquire(this.words), wait)) ? this : null;
  }

  /** The blocking twin of `acquire`. */
  acquireSync(wait?: Wait): this | null {
    if (wait === undefined && semaphore.tryAcquire(this.words) === true) return this;
    return waitForSync(semaphore.acquire(this.words), wait) ? this : null;
  }

  /** A permit if there is one, `null` otherwise. Never waits for one. */
  tryAcquire(): this | null {
    return (semaphore.tryAcquire(this.words) ?? block(semaphore.attempt(this.words))) ? this : null;
  }

  /** Gives back `count` permits, and wakes as many. `RangeError` for less than one. */
  release(count = 1): void {
    positiveInteger(count, 'count');
    const bound = this.#bound;
    if (semaphore.tryRelease(this.words, count, bound) ?? block(semaphore.release(this.words, count, bound))) return;
    throw new OutOfRangeError(
      'ERR_OUT_OF_RANGE',
      `cannot release ${count} permits of ${this.value}: a bounded semaphore of ${bound} would have too many`,
    );
  }

  /** How many permits there are, at this moment. */
  get value(): number {
    return semaphore.available(this.words);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  [inspect.custom](): string {
    return `<${this.constructor.name}: ${this.value} free>`;
  }
}
registerFace('semaphore', (place) => new Semaphore(place), import.meta.url);

/** A semaphore that refuses to be released more often than it was acquired: Python's `threading.BoundedSemaphore`. */
export class BoundedSemaphore extends Semaphore {
  constructor(value: number | Place = 1, heap?: Heap) {
    super(value, heap, 'bounded-semaphore', value instanceof Place ? 0 : value);
  }
}
registerFace('bounded-semaphore', (place) => new BoundedSemaphore(place), import.meta.url);
