import { inspect } from 'node:util';
import { OutOfRangeError } from '../base/errors.ts';
import { LOCK_BYTES } from '../sync/lock-block.ts';
import { type Heap, sharedHeap } from '../word/heap.ts';
import { field, type Handle, handle, registerKind } from '../word/shareable.ts';
import { Face, Place } from './face.ts';
import { checkType, type FieldType, sentType, typeSent, type ViewOf } from './field-types.ts';
import { RLock } from './rlock.ts';

/* A lock, the length, and after 32 bytes the items. */
const LENGTH = LOCK_BYTES;
const ITEMS = 32;

/**
 * Numbers of one type that threads share: Python's `multiprocessing.Array`. `view` is a typed array on the shared memory itself:
 * as fast as any, and nothing is copied.
 */
export class SharedArray<T extends number | bigint = number> extends Face implements Iterable<T> {
  readonly #type: FieldType<T>;
  /** The items as a typed array. Single items are read and written in one step; `Atomics` works on it. */
  readonly view: ViewOf<T>;
  /**
   * Guards what takes more than one step, as `array.view[0] += 1` does. Nothing takes it by itself: reads and writes of single items need
   * no lock.
   */
  readonly lock: RLock;

  constructor(type: FieldType<T>, content: number | Iterable<T> | Place, heap: Heap = sharedHeap()) {
    checkType(type);
    if (type.view === null) throw new TypeError(`a SharedArray holds numbers: ${type.name} is not a type of number`);
    const values = typeof content === 'number' || content instanceof Place ? null : [...content];
    const length = content instanceof Place ? content.word(LENGTH).load() : typeof content === 'number' ? content : values!.length;
    if (!Number.isInteger(length) || length < 0)
      throw new OutOfRangeError('ERR_OUT_OF_RANGE', `the length of an array must be an integer of at least 0: got ${length}`);
    const place = content instanceof Place ? content : Place.allocate(ITEMS + length * type.bytes, heap);
    super('shared-array', place);
    this.#type = type;
    if (!(content instanceof Place)) place.word(LENGTH).store(length);
    place.heap.reach(place.offset + ITEMS + length * type.bytes);
    this.view = new type.view(place.heap.i32.buffer, place.offset + ITEMS, length) as unknown as ViewOf<T>;
    this.lock = RLock[field].at({ heap: place.heap, block: place.block, offset: place.offset });
    if (values !== null) values.forEach((value, i) => this.set(i, value));
  }

  override [handle](): Handle {
    return { ...super[handle](), extra: sentType(this.#type) };
  }

  /** How many items it has. It can't be changed. */
  get length(): number {
    return this.view.length;
  }

  /** The item at an index; from the end when it is negative. `undefined` outside. */
  at(index: number): T | undefined {
    // Several times as fast as the typed array's own `at`, which is left to what is no small integer.
    if ((index | 0) === index) return this.view[index < 0 ? this.view.length + index : index] as T | undefined;
    return this.view.at(index) as T | undefined;
  }

  /** `RangeError` outside of the array. */
  set(index: number, value: T): void {
    if (!(index >= 0 && index < this.length))
      throw new OutOfRangeError('ERR_OUT_OF_RANGE', `there is no item ${index} in an array of ${this.length}`);
    (this.view as { [index: number]: unknown })[index] = value;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.view[Symbol.iterator]() as Iterator<T>;
  }

  [inspect.custom](): string {
    return `<SharedArray of ${this.length} ${this.#type.name}>`;
  }
}
registerKind(
  'shared-array',
  (offset, type, heap, block) => new SharedArray(typeSent(type) as FieldType<number>, new Place(heap, block, offset)),
  import.meta.url,
);
