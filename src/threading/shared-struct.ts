import { inspect } from 'node:util';
import { reduce } from '../message/closures/index.ts';
import { type Heap, sharedHeap } from '../word/heap.ts';
import { type Field, field, type Handle, handle, otherCopyOf, own, registerKind, type Shareable } from '../word/shareable.ts';
import { Place } from './face.ts';
import { alignmentOf, type FieldType, type View } from './field-types.ts';

/** A class whose instances can lie inside a struct: `Lock`, `Event`, another struct. */
export type FieldClass<T extends object> = { readonly [field]: Field<T> };
/** The fields of a `SharedStruct`, by their names. */
export type Schema = Readonly<Record<string, FieldType<unknown> | FieldClass<object>>>;

/** What a field is when it is read: a value of its type, or the thing that lies there. */
type FieldValue<F> = F extends FieldClass<infer T> ? T : F extends FieldType<infer T> ? T : never;
type ValueFields<S extends Schema> = { -readonly [K in keyof S as S[K] extends FieldClass<object> ? never : K]: FieldValue<S[K]> };
type ThingFields<S extends Schema> = { readonly [K in keyof S as S[K] extends FieldClass<object> ? K : never]: FieldValue<S[K]> };
export type StructFields<S extends Schema> = ValueFields<S> & ThingFields<S>;

/** What `SharedStruct` gives: a class to extend. */
export interface StructClass<S extends Schema> {
  new (initial?: Partial<ValueFields<S>> | Place, heap?: Heap): StructFields<S> & Shareable;
  readonly [field]: Field<StructFields<S> & object>;
}

interface Slot {
  readonly name: string;
  readonly offset: number;
  readonly type: FieldType<unknown> | null;
  readonly thing: Field<object> | null;
}

const THING_ALIGNMENT = 16;

function isThing(type: Schema[string]): type is FieldClass<object> {
  return typeof type === 'function' && field in type;
}

function layOut(schema: Schema): { readonly slots: readonly Slot[]; readonly bytes: number } {
  const slots: Slot[] = [];
  let end = 0;
  for (const [name, type] of Object.entries(schema)) {
    const thing = isThing(type) ? type[field] : null;
    const value = thing === null ? (type as FieldType<unknown>) : null;
    if (thing === null && typeof value?.bytes !== 'number') {
      const copy = typeof type === 'function' ? otherCopyOf(type) : null;
      if (copy !== null) throw new TypeError(`field ${name} of a SharedStruct is of ${copy}`);
      throw new TypeError(`field ${name} of a SharedStruct has no type: use int32, float64, utf8(n), Lock, …`);
    }
    const alignment = thing === null ? alignmentOf(value!) : THING_ALIGNMENT;
    const offset = Math.ceil(end / alignment) * alignment;
    slots.push({ name, offset, type: value, thing });
    end = offset + (thing?.bytes ?? value!.bytes);
  }
  return { slots, bytes: Math.max(16, Math.ceil(end / THING_ALIGNMENT) * THING_ALIGNMENT) };
}

/**
 * Makes a class whose instances lie in shared memory: each field has a fixed type, and a subclass adds methods. An instance
 * that is sent, or captured, arrives as the same object of the same class: `class Counter extends SharedStruct({ value: int32 })`.
 *
 * Single numbers are read and written in one step, as fast as in a typed array; what belongs together needs a lock, which
 * can be a field.
 */
export function SharedStruct<const S extends Schema>(schema: S): StructClass<S> {
  return structClass(`${sharedHeap().self.id}.${++made}`, schema) as unknown as StructClass<S>;
}

let made = 0;
const classes = new Map<string, StructClass<Schema>>();

/** The struct class with this number: made once in each thread. */
export function structClass(id: string, schema: Schema): StructClass<Schema> {
  const known = classes.get(id);
  if (known !== undefined) return known;
  const { slots, bytes } = layOut(schema);

  class Struct implements Shareable {
    static readonly [field]: Field<Struct> = {
      bytes,
      at: ({ heap, block, offset }) => {
        heap.retain(block);
        return new this(new Place(heap, block, offset));
      },
    };
    static [reduce](): readonly [typeof structClass, readonly unknown[]] {
      return [structClass, [id, schema]];
    }
    declare readonly place: Place;

    constructor(initial: Readonly<Record<string, unknown>> | Place = {}, heap: Heap = sharedHeap()) {
      const place = initial instanceof Place ? initial : Place.allocate(bytes, heap);
      Object.defineProperty(this, 'place', { value: place });
      place.heap.reach(place.offset + bytes);
      openFields(this, slots, place);
      own('struct', this, place.offset, place.heap, place.block);
      if (initial instanceof Place) return;
      for (const [name, value] of Object.entries(initial)) {
        const slot = slots.find((one) => one.name === name);
        if (slot?.type == null)
          throw new TypeError(`a struct has no field ${name} that can be set: its fields are ${slots.map((one) => one.name).join(', ')}`);
        slot.type.set(place.heap, place.offset + slot.offset, value);
      }
    }

    [handle](): Handle {
      const { heap, block, offset } = this.place;
      return { kind: 'struct', offset, heap, extra: this.constructor, ...(block === offset ? {} : { block }) };
    }

    [inspect.custom](): string {
      const values = slots.map(({ name }) => `${name}: ${inspect((this as unknown as Record<string, unknown>)[name])}`);
      return `${this.constructor.name} { ${values.join(', ')} }`;
    }
  }
  defineFields(Struct.prototype, slots);
  classes.set(id, Struct as unknown as StructClass<Schema>);
  return Struct as unknown as StructClass<Schema>;
}

const VIEWS: unique symbol = Symbol('views');

/** One typed array of one element for each number: reading a field is reading that. */
function openFields(struct: object, slots: readonly Slot[], { heap, block, offset }: Place): void {
  const views = slots.map(({ type, thing, offset: at }): View | object | null => {
    if (thing !== null) return thing.at({ heap, block, offset: offset + at });
    return type!.view === null ? null : new type!.view(heap.i32.buffer, offset + at, 1);
  });
  Object.defineProperty(struct, VIEWS, { value: views });
}

interface Opened {
  readonly [VIEWS]: readonly { [index: number]: unknown }[];
  readonly place: Place;
}

function defineFields(prototype: object, slots: readonly Slot[]): void {
  slots.forEach(({ name, type, thing, offset }, i) => {
    if (thing !== null) {
      Object.defineProperty(prototype, name, {
        get(this: Opened) {
          return this[VIEWS][i];
        },
        configurable: true,
        enumerable: true,
      });
    } else if (type!.view !== null) {
      Object.defineProperty(prototype, name, {
        get(this: Opened) {
          return this[VIEWS][i]![0];
        },
        set(this: Opened, value: unknown) {
          this[VIEWS][i]![0] = value;
        },
        configurable: true,
        enumerable: true,
      });
    } else {
      Object.defineProperty(prototype, name, {
        get(this: Opened) {
          return type!.get(this.place.heap, this.place.offset + offset);
        },
        set(this: Opened, value: unknown) {
          type!.set(this.place.heap, this.place.offset + offset, value);
        },
        configurable: true,
        enumerable: true,
      });
    }
  });
}

registerKind(
  'struct',
  (offset, struct, heap, block) => new (struct as StructClass<Schema>)(new Place(heap, block, offset)),
  import.meta.url,
);
