import type { FutexWord } from '../word/word.ts';
import { Place } from './face.ts';

/** How records lie in memory: the first ones in a face's own block, the others in blocks that are linked to it. */
export interface Layout<R> {
  /** Where the first record lies in the face's block, and how many there are. */
  readonly first: number;
  readonly count: number;
  /** Where the face's block says which block comes next. */
  readonly link: number;
  /** The bytes of a record. */
  readonly bytes: number;
  /** A record that begins at `at`. */
  readonly make: (place: Place, at: number) => R;
}

/** A block that is linked: the link to the next one, then records. */
const LINK = 0;
const FIRST = 16;
const LINKED_BLOCK = 256;

/** A table in shared memory that grows: records of one kind, all zero at first. They stay where they are as long as the face's block. */
export class Records<R> {
  readonly #layout: Layout<R>;
  readonly #known: R[] = [];
  #last: Place;
  /** Says where more records are, behind the last one known. */
  #link: FutexWord;

  constructor(place: Place, layout: Layout<R>) {
    this.#layout = layout;
    this.#last = place;
    this.#link = place.word(layout.link);
    this.#learn(layout.first, layout.count);
  }

  /** All there are: those that this thread knows, and those that others have added since. */
  all(): readonly R[] {
    for (let next = this.#link.load(); next !== 0; next = this.#link.load()) {
      this.#last = new Place(this.#last.heap, (next >>> 0) * 16);
      this.#link = this.#last.word(LINK);
      this.#learn(FIRST, Math.floor((LINKED_BLOCK - FIRST) / this.#layout.bytes));
    }
    return this.#known;
  }

  /** Makes more; or another thread has been quicker. */
  grow(): void {
    const { heap, block } = this.#last;
    const more = heap.allocate(LINKED_BLOCK);
    if (this.#link.compareExchange(0, more / 16) === 0) heap.attach(block, more);
    else heap.release(more);
  }

  #learn(first: number, count: number): void {
    const { bytes, make } = this.#layout;
    for (let i = 0; i < count; i++) this.#known.push(make(this.#last, first + i * bytes));
  }
}
