import '../host/thread/foreign.ts';
import { asked, deadlineAfter, type Wait } from '../base/deadline.ts';
import { block, suspend, type Waiting } from '../sync/waiting.ts';
import { type Heap, sharedHeap } from '../word/heap.ts';
import { type Field, type Handle, handle, own, registerKind, type Shareable } from '../word/shareable.ts';
import type { FutexWord } from '../word/word.ts';
import { refusePosting } from './posted.ts';

/** Where a face's block lies: given to a constructor instead of options. */
export class Place {
  readonly heap: Heap;
  readonly block: number;
  readonly offset: number;

  constructor(heap: Heap, block: number, offset: number = block) {
    this.heap = heap;
    this.block = block;
    this.offset = offset;
  }

  static allocate(bytes: number, heap: Heap = sharedHeap()): Place {
    return new Place(heap, heap.allocate(bytes));
  }

  word(at: number): FutexWord {
    return this.heap.word(this.offset + at);
  }
}

/** This thread's face of something that lies in shared memory. */
export abstract class Face implements Shareable {
  /** @internal */
  declare protected readonly place: Place;
  readonly #kind: string;

  protected constructor(kind: string, place: Place) {
    refusePosting(this);
    this.#kind = kind;
    this.place = place;
    own(kind, this, place.offset, place.heap, place.block);
  }

  [handle](): Handle {
    const { heap, block, offset } = this.place;
    return { kind: this.#kind, offset, heap, ...(block === offset ? {} : { block }) };
  }
}

/** Says how faces of a kind are made from their place. */
export function registerFace(kind: string, make: (place: Place) => Face, module: string): void {
  registerKind(kind, (offset, _, heap, block) => make(new Place(heap, block, offset)), module);
}

/** How a face lies inside another block: as a field of a SharedStruct. */
export function fieldOf<T extends Face>(bytes: number, make: (place: Place) => T): Field<T> {
  const faces = new WeakMap<Heap, Map<number, WeakRef<T>>>();
  return {
    bytes,
    at({ heap, block: within, offset }) {
      let inHeap = faces.get(heap);
      if (inHeap === undefined) faces.set(heap, (inHeap = new Map()));
      let face = inHeap.get(offset)?.deref();
      if (face === undefined) {
        heap.retain(within);
        inHeap.set(offset, new WeakRef((face = make(new Place(heap, within, offset)))));
      }
      return face;
    },
  };
}

/** Runs an algorithm in either way of waiting, as the options say. */
export function waitFor<T>(waiting: Waiting<T>, wait?: Wait): Promise<T> {
  const { timeout, signal } = asked(wait);
  return suspend(waiting, deadlineAfter(timeout), signal);
}
export function waitForSync<T>(waiting: Waiting<T>, wait?: Wait): T {
  const { timeout, signal } = asked(wait);
  signal?.throwIfAborted();
  return block(waiting, deadlineAfter(timeout));
}
