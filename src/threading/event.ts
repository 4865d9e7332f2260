import { inspect } from 'node:util';
import type { Wait } from '../base/deadline.ts';
import * as event from '../sync/event.ts';
import type { Heap } from '../word/heap.ts';
import { field } from '../word/shareable.ts';
import { Face, fieldOf, Place, registerFace, waitFor, waitForSync } from './face.ts';

const BYTES = 16;

/** A flag that threads can wait for: Python's `threading.Event`. Any thread may set it, clear it and wait for it. */
export class Event extends Face {
  constructor(place?: Place, heap?: Heap) {
    super('event', place ?? Place.allocate(BYTES, heap));
  }

  /** Whether the flag is set, at this moment. */
  isSet(): boolean {
    return event.isSet(this.place.word(0));
  }

  /** Sets the flag and wakes everybody who waits for it. Without effect when it is set. */
  set(): void {
    event.set(this.place.word(0));
  }

  /** Takes the flag down: who waits from now on waits until it is set again. Any thread may call it; without effect when it is down. */
  clear(): void {
    event.clear(this.place.word(0));
  }

  /** Waits until the flag is set: true; false when time was up. One that was woken gets true although it was cleared since. */
  async wait(wait?: Wait): Promise<boolean> {
    return waitFor(event.wait(this.place.word(0)), wait);
  }

  /** The blocking twin of `wait`. */
  waitSync(wait?: Wait): boolean {
    return waitForSync(event.wait(this.place.word(0)), wait);
  }

  [inspect.custom](): string {
    return `<Event: ${this.isSet() ? 'set' : 'unset'}>`;
  }

  static readonly [field] = fieldOf(BYTES, (place) => new Event(place));
}
registerFace('event', (place) => new Event(place), import.meta.url);
