import { inspect } from 'node:util';
import { LOCK_BYTES } from '../sync/lock-block.ts';
import type { Heap } from '../word/heap.ts';
import { field, type Handle, handle, registerKind } from '../word/shareable.ts';
import { Face, Place } from './face.ts';
import { checkType, type FieldType, sentType, typeSent } from './field-types.ts';
import { RLock } from './rlock.ts';

/*
 * A lock, and after it the value.
 */
/** A value of a fixed type in memory that threads share: read, set, and changed in one step. */
export class SharedValue<T> extends Face {
  readonly #type: FieldType<T>;
  readonly #lock: RLock;

  /** A value of a fixed type that threads share: Python's `multiprocessing.Value`. */
  constructor(type: FieldType<T>, initial?: T | Place, heap?: Heap) {
    checkType(type);
    const place = initial instanceof Place ? initial : Place.allocate(LOCK_BYTES + Math.max(8, type.bytes), heap);
    super('shared-value', place);
    this.#type = type;
    this.#lock = RLock[field].at({ heap: place.heap, block: place.block, offset: place.offset });
    if (!(initial instanceof Place) && initial !== undefined) this.value = initial;
  }

  override [handle](): Handle {
    return { ...super[handle](), extra: sentType(this.#type) };
  }

  /** Reading and writing is one step each, for numbers. `value++` is two: do it under the lock, or with `add`. */
  get value(): T {
    return this.#type.get(this.place.heap, this.place.offset + LOCK_BYTES);
  }
  set value(value: T) {
    this.#type.set(this.place.heap, this.place.offset + LOCK_BYTES, value);
  }

  /** A re-entrant lock that belongs to the value. */
  get lock(): RLock {
    return this.#lock;
  }

  /** Adds and gives the value before, in one step. For integers of 32 bits without a lock, otherwise under it. */
  add(this: SharedValue<number>, delta: number): number {
    const { heap, offset } = this.place;
    if (this.#type.name === 'int32') return Atomics.add(heap.i32, (offset + LOCK_BYTES) / 4, delta);
    return this.update((value) => value + delta);
  }

  /** Sets the value to what the function makes of it, under the lock; gives the value before. The function must not wait. */
  update(change: (value: T) => T): T {
    using _ = this.#lock.acquireSync();
    const before = this.value;
    this.value = change(before);
    return before;
  }

  [inspect.custom](): string {
    return `<SharedValue ${this.#type.name}: ${inspect(this.value)}>`;
  }
}

registerKind(
  'shared-value',
  (offset, type, heap, block) => new SharedValue(typeSent(type) as FieldType<unknown>, new Place(heap, block, offset)),
  import.meta.url,
);
