import { inspect } from 'node:util';
import type { Wait } from '../base/deadline.ts';
import * as once from '../sync/once.ts';
import type { Heap } from '../word/heap.ts';
import { field } from '../word/shareable.ts';
import { Face, fieldOf, Place, registerFace, waitFor, waitForSync } from './face.ts';

/* done, the lock */
const BYTES = 16;

/**
 * Something that is done once in all threads: beyond Python, as Go's `sync.Once`. Whoever comes first does it, and the others
 * wait until it is done. When it throws, or its thread dies, the next one does it anew.
 */
export class Once extends Face {
  readonly #words: once.OnceWords;

  constructor(place?: Place, heap?: Heap) {
    super('once', place ?? Place.allocate(BYTES, heap));
    this.#words = { done: this.place.word(0), lock: this.place.word(4) };
  }

  /** Whether it has been done, at this moment. */
  get isDone(): boolean {
    return once.isDone(this.#words);
  }

  /**
   * Runs `act`, and awaits it, unless that has been done; true when it is done, whoever did it, and false when time was up
   * first. Rejects with what `act` threw.
   */
  async call(act: () => unknown, wait?: Wait): Promise<boolean> {
    const mine = once.isDone(this.#words) ? false : await waitFor(once.begin(this.#words), wait);
    if (mine !== true) return mine === false;
    let succeeded = false;
    try {
      await act();
      succeeded = true;
    } finally {
      if (succeeded) once.succeed(this.#words);
      else once.fail(this.#words);
    }
    return true;
  }

  /** The blocking twin of `call`; `act` must not return a promise. */
  callSync(act: () => unknown, wait?: Wait): boolean {
    const mine = once.isDone(this.#words) ? false : waitForSync(once.begin(this.#words), wait);
    if (mine !== true) return mine === false;
    let succeeded = false;
    try {
      act();
      succeeded = true;
    } finally {
      if (succeeded) once.succeed(this.#words);
      else once.fail(this.#words);
    }
    return true;
  }

  [inspect.custom](): string {
    return `<Once: ${this.isDone ? 'done' : 'not done'}>`;
  }

  static readonly [field] = fieldOf(BYTES, (place) => new Once(place));
}
registerFace('once', (place) => new Once(place), import.meta.url);
