import { invariant } from '../base/invariant.ts';
import { sharedHeap } from '../word/heap.ts';
import { heapByNumber, heapNumberOf, offsetOf, releaseAddress } from '../word/heaps.ts';
import { faceOf } from '../word/shareable.ts';
import { packer } from './packer.ts';
import { bareError, fillError } from './error-parts.ts';
import { kindByNumber, loadKind } from './kinds.ts';
import { readerOfShape, setField } from './shape-reader.ts';
import { HAS_REFERENCES, HEADER_WORDS, RECIPE, STRINGS_LATIN1, TAG, TAG_BITS, TAG_MASK } from './tags.ts';
import { makeView } from './views.ts';

/** Pieces of a longer text than this are read one by one, so that a short one does not keep all of it in memory. */
const TEXT_MAX = 1 << 16;
const SHORT = 12;

type ReadableBuffer = Buffer & { latin1Slice(start: number, end: number): string; ucs2Slice(start: number, end: number): string };

/** Reads one message at a time. */
export class Decoder {
  #i32: Int32Array;
  #f64: Float64Array;
  #bytes: ReadableBuffer;
  #at = 0;
  #text: string | null = '';
  #textAt = 0;
  #flags = 0;
  #segmentsAt = 0;
  #objects: object[] | null = null;
  #parcels: readonly unknown[] = [];

  constructor() {
    const nothing = new ArrayBuffer(0);
    this.#i32 = new Int32Array(nothing);
    this.#f64 = new Float64Array(nothing);
    this.#bytes = Buffer.from(nothing) as ReadableBuffer;
  }

  /** Reads the message at `offset`, a multiple of 8. The result may be a recipe: see `isRecipe`. */
  read(i32: Int32Array, f64: Float64Array, bytes: Buffer, offset: number, parcels: readonly unknown[]): unknown {
    this.#i32 = i32;
    this.#f64 = f64;
    this.#bytes = bytes as ReadableBuffer;
    this.#parcels = parcels;
    const base = offset / 4;
    const words = i32[base]!;
    const length = i32[base + 1]!;
    this.#flags = i32[base + 2]!;
    this.#at = base + HEADER_WORDS;
    this.#openText((base + words + i32[base + 3]!) * 4, length);
    this.#objects = (this.#flags & HAS_REFERENCES) === 0 ? null : [];
    try {
      return this.get();
    } finally {
      this.#text = '';
      this.#objects = null;
      this.#parcels = [];
    }
  }

  /** Whether what was read last has to be unpacked. */
  get isRecipe(): boolean {
    return (this.#flags & RECIPE) !== 0;
  }

  #openText(start: number, length: number): void {
    const bytes = length * (this.#flags & 3);
    this.#segmentsAt = (start + bytes + 7) & ~7;
    if (bytes === 0) this.#textAt = 0;
    else if (bytes <= TEXT_MAX) {
      this.#text = this.#slice(start, length);
      this.#textAt = 0;
    } else {
      this.#text = null;
      this.#textAt = start;
    }
  }

  #slice(start: number, length: number): string {
    if ((this.#flags & STRINGS_LATIN1) === 0) return this.#bytes.ucs2Slice(start, start + length * 2);
    if (length > SHORT) return this.#bytes.latin1Slice(start, start + length);
    let text = '';
    for (let i = 0; i < length; i++) text += String.fromCharCode(this.#bytes[start + i]!);
    return text;
  }

  #string(length: number): string {
    const start = this.#textAt;
    if (this.#text !== null) {
      this.#textAt = start + length;
      return this.#text.slice(start, start + length);
    }
    this.#textAt = start + length * (this.#flags & 3);
    return this.#slice(start, length);
  }

  /** Reads one value. A plain property, for the code of a shape calls it on its own. */
  readonly get = (): unknown => {
    const word = this.#i32[this.#at++]!;
    const count = word >> TAG_BITS;
    switch (word & TAG_MASK) {
      case TAG.UNDEFINED:
        return undefined;
      case TAG.NULL:
        return null;
      case TAG.TRUE:
        return true;
      case TAG.FALSE:
        return false;
      case TAG.SMALL:
        return count;
      case TAG.INTEGER:
        return this.#i32[this.#at++];
      case TAG.DOUBLE: {
        const place = (this.#at + 1) & ~1;
        this.#at = place + 2;
        return this.#f64[place >> 1];
      }
      case TAG.STRING:
        return this.#string(count);
      case TAG.SHAPED: {
        const shape = readerOfShape(word >>> TAG_BITS);
        if (this.#objects === null) return shape.make(this.get);
        const object = this.#met({});
        shape.fill(object, this.get);
        return object;
      }
      case TAG.ARRAY:
        return this.#array(count);
      case TAG.INTEGERS:
        return this.#integers(count);
      case TAG.DOUBLES:
        return this.#doubles(count);
      default:
        return this.#special(word & TAG_MASK, count);
    }
  };

  readonly #meet = (object: object): void => void this.#objects?.push(object);

  #met<T extends object>(object: T): T {
    this.#objects?.push(object);
    return object;
  }

  #array(count: number): unknown[] {
    const array = this.#met<unknown[]>([]);
    for (let i = 0; i < count; i++) {
      const word = this.#i32[this.#at]!;
      if ((word & TAG_MASK) === TAG.HOLES) {
        this.#at++;
        i += (word >> TAG_BITS) - 1;
        array.length = i + 1;
      } else array.push(this.get());
    }
    return array;
  }

  #integers(count: number): number[] {
    const array = this.#met<number[]>([]);
    const words = this.#i32;
    const end = this.#at + count;
    for (let i = this.#at; i < end; i++) array.push(words[i]!);
    this.#at = end;
    return array;
  }

  #doubles(count: number): number[] {
    const array = this.#met<number[]>([]);
    const start = (this.#at + 1) >> 1;
    const doubles = this.#f64;
    for (let i = start; i < start + count; i++) array.push(doubles[i]!);
    this.#at = (start + count) * 2;
    return array;
  }

  #special(tag: number, count: number): unknown {
    switch (tag) {
      case TAG.LONG_STRING:
        return this.#string(this.#i32[this.#at++]!);
      case TAG.BIGINT:
        return parseBigInt(this.get() as string);
      case TAG.REFERENCE: {
        const object = this.#objects?.[count];
        invariant(object !== undefined, `a message refers to its object ${count}, which is not there`);
        return object;
      }
      case TAG.KEYED:
        return this.#keyed(this.#met({}), count);
      case TAG.BARE:
        return this.#keyed(this.#met(Object.create(null) as object), count);
      case TAG.SPARSE:
        return this.#sparse();
      case TAG.MAP:
        return this.#map();
      case TAG.SET:
        return this.#set();
      case TAG.DATE:
        return this.#met(new Date(this.get() as number));
      case TAG.REGEXP:
        return this.#regexp(count);
      case TAG.BOXED:
        return this.#boxed();
      case TAG.BUFFER:
        return this.#met(this.#buffer(count));
      case TAG.LONG_BUFFER:
        return this.#met(this.#longBuffer());
      case TAG.VIEW:
        return this.#view(count);
      case TAG.BLOCK_VIEW:
        return this.#met(makeView(count, sharedHeap().buffer, this.get() as number, this.get() as number));
      case TAG.KNOWN:
        return count === 0 ? this.#met(sharedHeap().buffer) : packer.current.readFunction(count - 1, this.get, this.#meet);
      case TAG.PARCEL:
        return this.#met(this.#parcels[count] as object);
      case TAG.FACE:
        return this.#face(count);
      case TAG.ERROR:
        return this.#error();
      default:
        invariant(false, `a message holds the tag ${tag}`);
    }
  }

  #keyed(object: object, count: number): object {
    for (let i = 0; i < count; i++) setField(object, this.get() as string, this.get());
    return object;
  }

  #sparse(): unknown[] {
    const array = this.#met<unknown[]>([]);
    array.length = this.get() as number;
    const word = this.#i32[this.#at++]!;
    this.#keyed(array, word >> TAG_BITS);
    return array;
  }

  #map(): Map<unknown, unknown> {
    const map = this.#met(new Map());
    for (let left = this.get() as number; left > 0; left--) map.set(this.get(), this.get());
    return map;
  }

  #set(): Set<unknown> {
    const set = this.#met(new Set());
    for (let left = this.get() as number; left > 0; left--) set.add(this.get());
    return set;
  }

  #regexp(lastIndex: number): RegExp {
    const expression = this.#met(new RegExp(this.get() as string, this.get() as string));
    expression.lastIndex = lastIndex;
    return expression;
  }

  #boxed(): object {
    const place = this.#objects?.push({}) ?? 0;
    const object = Object(this.get()) as object;
    if (this.#objects !== null) this.#objects[place - 1] = object;
    return object;
  }

  #buffer(length: number): ArrayBuffer {
    const start = this.#at * 4;
    this.#at += (length + 3) >> 2;
    return copyOf(this.#bytes, start, length);
  }

  #longBuffer(): ArrayBuffer {
    const length = this.get() as number;
    return copyOf(this.#bytes, this.#segmentsAt + (this.get() as number), length);
  }

  #view(number: number): object {
    const place = this.#objects?.push({}) ?? 0;
    const offset = this.get() as number;
    const length = this.get() as number;
    const view = makeView(number, this.#viewed(), offset, length);
    if (this.#objects !== null) this.#objects[place - 1] = view;
    return view;
  }

  /** What lies under a view. The bytes of a Buffer are its own, and no object of the message. */
  #viewed(): ArrayBuffer {
    const word = this.#i32[this.#at]!;
    if ((word & TAG_MASK) === TAG.HOLES) {
      this.#at++;
      const inner = this.#i32[this.#at++]!;
      if ((inner & TAG_MASK) === TAG.PARCEL) return this.#parcels[inner >> TAG_BITS] as ArrayBuffer;
      return (inner & TAG_MASK) === TAG.BUFFER ? this.#buffer(inner >> TAG_BITS) : this.#longBuffer();
    }
    return this.get() as ArrayBuffer;
  }

  #face(number: number): object {
    const place = this.#objects?.push({}) ?? 0;
    const address = this.#i32[this.#at++]!;
    const block = offsetOf(this.#i32[this.#at++]!);
    let kind: string;
    if (number > 0) kind = kindByNumber(number - 1);
    else {
      kind = this.get() as string;
      loadKind(kind, this.get() as string | undefined);
    }
    const face = faceOf(kind, offsetOf(address), unpackExtra(this.get()), heapByNumber(heapNumberOf(address)), block);
    if (this.#objects !== null) this.#objects[place - 1] = face;
    return face;
  }

  #error(): Error {
    const place = this.#objects?.push({}) ?? 0;
    const error = bareError(this.get() as string, this.get() as string[] | undefined);
    if (this.#objects !== null) this.#objects[place - 1] = error;
    fillError(error, this.get(), this.get(), this.get() as unknown[]);
    return error;
  }
}

/** Shorter ones are made from what they hold; longer ones are not filled with zeros first. */
const MADE_OF_MAX = 2048;
const ZEROED_MAX = 4096;

function copyOf(bytes: Uint8Array, start: number, length: number): ArrayBuffer {
  if (length <= MADE_OF_MAX) return new Uint8Array(new Uint8Array(bytes.buffer, bytes.byteOffset + start, length)).buffer;
  const copy: Uint8Array<ArrayBuffer> = length > ZEROED_MAX ? Buffer.allocUnsafeSlow(length) : new Uint8Array(length);
  copy.set(bytes.subarray(start, start + length));
  return copy.buffer;
}

function parseBigInt(text: string): bigint {
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
}

/** Lets go of the blocks that a message holds. */
export function releaseHolds(i32: Int32Array, offset: number): void {
  const base = offset / 4;
  const first = base + i32[base]!;
  const count = i32[base + 3]!;
  for (let i = 0; i < count; i++) releaseAddress(i32[first + i]!);
}

function unpackExtra(recipe: unknown): unknown {
  return recipe === undefined || typeof recipe === 'string' ? recipe : packer.current.unpack(recipe);
}
