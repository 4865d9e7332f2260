import { inspect } from 'node:util';
import type { Wait } from '../base/deadline.ts';
import { StateError } from '../base/errors.ts';
import * as rwlock from '../sync/rwlock.ts';
import { holding } from '../word/holdings.ts';
import type { Heap } from '../word/heap.ts';
import { Face, Place, registerFace, waitFor, waitForSync } from './face.ts';

/* holders, waiting writers */
const BYTES = 8;

/** One side of a lock that is held for a while: disposing of it releases that side. */
export interface Held extends Disposable {
  release(): void;
}

/** Many readers or one writer: beyond Python. Waiting writers keep new readers out. */
export class RWLock extends Face {
  readonly #words: rwlock.RwWords;
  #reads: { readonly id: number; readonly word: number } | null = null;
  readonly #read: Held = { release: () => this.releaseRead(), [Symbol.dispose]: () => this.releaseRead() };
  readonly #write: Held = { release: () => this.releaseWrite(), [Symbol.dispose]: () => this.releaseWrite() };

  constructor(place?: Place, heap?: Heap) {
    super('rwlock', place ?? Place.allocate(BYTES, heap));
    this.#words = { holders: this.place.word(0), writers: this.place.word(4) };
  }

  /** Waits until nobody writes: what releases the reading side, or `null` when time was up. */
  async acquireRead(wait?: Wait): Promise<Held | null> {
    return this.#reading(await waitFor(rwlock.read(this.#words), wait));
  }
  acquireReadSync(wait?: Wait): Held | null {
    return this.#reading(waitForSync(rwlock.read(this.#words), wait));
  }
  tryAcquireRead(): Held | null {
    return this.#reading(rwlock.tryRead(this.#words));
  }

  /** Waits until nobody reads or writes: what releases the writing side, or `null` when time was up. */
  async acquireWrite(wait?: Wait): Promise<Held | null> {
    return (await waitFor(rwlock.write(this.#words), wait)) ? this.#write : null;
  }
  acquireWriteSync(wait?: Wait): Held | null {
    return waitForSync(rwlock.write(this.#words), wait) ? this.#write : null;
  }
  tryAcquireWrite(): Held | null {
    return rwlock.tryWrite(this.#words) ? this.#write : null;
  }

  #reading(granted: boolean): Held | null {
    if (granted) this.#count(-1);
    return granted ? this.#read : null;
  }

  /** What a thread that dies has read comes back: its entry is added to the count of holders. */
  #count(delta: number): void {
    const { heap, offset, block } = this.place;
    const { id } = heap.self;
    if (this.#reads?.id !== id) this.#reads = { id, word: holding(offset, 0, block, heap, true) };
    heap.i32[this.#reads.word / 4]! += delta;
  }

  releaseRead(): void {
    if (!rwlock.releaseRead(this.#words))
      throw new StateError('ERR_NOT_HELD', 'cannot release the reading side of a lock that nobody reads under');
    this.#count(1);
  }
  releaseWrite(): void {
    if (!rwlock.releaseWrite(this.#words))
      throw new StateError('ERR_NOT_HELD', 'cannot release the writing side of a lock that nobody writes under');
  }

  /** How many hold it, at this moment: readers, or -1 for a writer. */
  get holders(): number {
    return Math.max(-1, this.#words.holders.load());
  }

  [inspect.custom](): string {
    const { holders } = this;
    return `<RWLock: ${holders === 0 ? 'free' : holders < 0 ? 'written' : `${holders} readers`}>`;
  }
}
registerFace('rwlock', (place) => new RWLock(place), import.meta.url);
