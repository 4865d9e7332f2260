import { type Heap, SharedHeap, sharedHeap } from './heap.ts';
import { die, enter, leave } from './roster.ts';
import { faceOf, handle, letGoOfFaces, type Shareable } from './shareable.ts';
import { SharedWord } from './shared-word.ts';
import type { FutexWord } from './word.ts';

/** A word as somebody sees it for whom another thread acts. */
class GuestWord extends SharedWord {
  readonly #self: { readonly id: number };

  constructor(view: Int32Array<SharedArrayBuffer>, index: number, self: { readonly id: number }) {
    super(view, index);
    this.#self = self;
  }

  override get self(): number {
    return this.#self.id;
  }
}

/**
 * The heap of this process's threads, as a guest sees it: somebody elsewhere who has no thread here, and in whose name one acts.
 *
 * A guest has a number in the roster, as a thread has: what is locked through faces of this heap is held by the guest, and
 * is abandoned when the guest dies. So the locks need to know nothing of guests.
 */
export class GuestHeap extends SharedHeap {
  override readonly self: { id: number };

  constructor(name: string) {
    super(sharedHeap().buffer);
    this.self = { id: enter({ name, daemon: true }) };
  }

  override word(offset: number): FutexWord {
    this.reach(offset);
    return new GuestWord(this.i32 as Int32Array<SharedArrayBuffer>, offset / 4, this.self);
  }

  /** The guest's face of what this thread has a face of. */
  faceOf<T extends Shareable>(own: T): T {
    const { kind, offset, block = offset, extra } = own[handle]();
    return faceOf(kind, offset, extra, this as Heap, block) as T;
  }

  /** The guest is gone: in good order, then what it holds stays held, or not. */
  depart(how: 'ended' | 'lost'): void {
    letGoOfFaces(this);
    if (how === 'ended') leave(this.self.id);
    else die(this.self.id, 'lost');
  }
}
