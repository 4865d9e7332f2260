import { inspect } from 'node:util';
import type { Wait } from '../base/deadline.ts';
import { OutOfRangeError } from '../base/errors.ts';
import { positiveInteger } from '../base/positive-integer.ts';
import * as semaphore from '../sync/semaphore.ts';
import { holding } from '../word/holdings.ts';
import type { Heap } from '../word/heap.ts';
import { Face, Place, registerFace, waitFor, waitForSync } from './face.ts';

/* permits, sleepers, the bound (0: none) */
const SLEEPERS = 4;
const BOUND = 8;
const BYTES = 16;

/**
 * A counter of permits: Python's `threading.Semaphore`. `acquire` takes one, `release` gives some back; any thread may
 * release. What a thread holds when it dies comes back by itself.
 */
export class Semaphore extends Face implements Disposable {
  protected readonly words: semaphore.SemaphoreWords;
  /** What the thread with this number has taken and not given back, as a word of the heap. */
  #held: { readonly id: number; readonly word: number } | null = null;

  constructor(value: number | Place = 1, heap?: Heap, kind = 'semaphore', bound = 0) {
    if (!(value instanceof Place) && (!Number.isInteger(value) || value < 0)) {
      throw new OutOfRangeError('ERR_OUT_OF_RANGE', `the value of a semaphore must be an integer of at least 0: got ${value}`);
    }
    const place = value instanceof Place ? value : Place.allocate(BYTES, heap);
    super(kind, place);
    this.words = { permits: place.word(0), sleepers: place.word(SLEEPERS) };
    if (value instanceof Place) return;
    this.words.permits.store(value);
    place.word(BOUND).store(bound);
  }

  /** Waits for a permit: the semaphore, or `null` when time was up. Disposing of it gives the permit back. */
  async acquire(wait?: Wait): Promise<this | null> {
    return this.#counted((wait === undefined && semaphore.tryAcquire(this.words)) || (await waitFor(semaphore.acquire(this.words), wait)));
  }

  /** The blocking twin of `acquire`. */
  acquireSync(wait?: Wait): this | null {
    return this.#counted((wait === undefined && semaphore.tryAcquire(this.words)) || waitForSync(semaphore.acquire(this.words), wait));
  }

  /** A permit if there is one, `null` otherwise. Never waits. */
  tryAcquire(): this | null {
    return this.#counted(semaphore.tryAcquire(this.words));
  }

  #counted(granted: boolean): this | null {
    if (!granted) return null;
    this.#count(1);
    return this;
  }

  /** Keeps book of what the calling thread holds, for the case that it dies. */
  #count(delta: number): void {
    const { heap, offset, block } = this.place;
    const { id } = heap.self;
    if (this.#held?.id !== id) {
      if (delta < 0) return;
      this.#held = { id, word: holding(offset, 0, block, heap) };
    }
    const index = this.#held.word / 4;
    heap.i32[index] = Math.max(0, heap.i32[index]! + delta);
  }

  /** Gives back `count` permits, and wakes as many. `RangeError` for less than one. */
  release(count = 1): void {
    positiveInteger(count, 'count');
    this.#count(-count);
    const bound = this.place.word(BOUND).load();
    if (!semaphore.release(this.words, count, bound === 0 ? undefined : bound)) {
      this.#count(count);
      throw new OutOfRangeError(
        'ERR_OUT_OF_RANGE',
        `cannot release ${count} permits of ${this.words.permits.load()}: a bounded semaphore of ${bound} would have too many`,
      );
    }
  }

  /** How many permits there are, at this moment. */
  get value(): number {
    return this.words.permits.load();
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
