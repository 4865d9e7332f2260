import { inspect } from 'node:util';
import { OutOfRangeError } from '../base/errors.ts';
import { reduce } from '../message/closures/index.ts';
import type { Heap } from '../word/heap.ts';

/** A type of fixed size in shared memory: of a SharedValue, of the items of a SharedArray, of a field of a SharedStruct. */
export interface FieldType<T> {
  /** What it is called in messages, `int32` or `utf8(20)`: types of numbers travel by it. */
  readonly name: string;
  /** How many bytes of shared memory a value takes. */
  readonly bytes: number;
  /** Read and written as a typed array's element, when it is one. */
  readonly view: ViewConstructor | null;
  /** Reads the value that stands at this byte of the shared memory. What is longer than one word is not read in one step: hold a lock. */
  get(heap: Heap, at: number): T;
  /** Writes the value to this byte of the shared memory. `OutOfRangeError` for a text, or bytes, that are too long. */
  set(heap: Heap, at: number, value: T): void;
  /** A type travels by its name. */
  [reduce](): readonly [factory: (...args: never[]) => FieldType<never>, args: readonly unknown[]];
}

/** A typed array that holds such numbers. */
export type ViewOf<T> = T extends bigint ? BigInt64Array | BigUint64Array : Exclude<View, BigInt64Array | BigUint64Array>;

export type View =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;
export type ViewConstructor = {
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
  new (buffer: ArrayBufferLike, offset: number, length: number): View;
};

function numeric<T extends number | bigint>(name: string, view: ViewConstructor): FieldType<T> {
  return {
    name,
    bytes: view.BYTES_PER_ELEMENT,
    view,
    get: (heap, at) => new view(heap.i32.buffer, at, 1)[0] as T,
    set: (heap, at, value) => void ((new view(heap.i32.buffer, at, 1) as { [index: number]: unknown })[0] = value),
    [reduce]: () => [typeNamed, [name]],
  };
}

/** A whole number from -128 to 127. */
export const int8: FieldType<number> = numeric('int8', Int8Array);
/** A whole number from 0 to 255. */
export const uint8: FieldType<number> = numeric('uint8', Uint8Array);
/** A whole number of 16 bits. */
export const int16: FieldType<number> = numeric('int16', Int16Array);
/** A whole number of 16 bits, from 0 on. */
export const uint16: FieldType<number> = numeric('uint16', Uint16Array);
/** A whole number of 32 bits. */
export const int32: FieldType<number> = numeric('int32', Int32Array);
/** A whole number of 32 bits, from 0 on. */
export const uint32: FieldType<number> = numeric('uint32', Uint32Array);
/** A number with about seven digits. */
export const float32: FieldType<number> = numeric('float32', Float32Array);
/** A number as JavaScript has them. */
export const float64: FieldType<number> = numeric('float64', Float64Array);
/** A whole number of 64 bits, a `bigint`. */
export const int64: FieldType<bigint> = numeric('int64', BigInt64Array);
/** A whole number of 64 bits from 0 on, a `bigint`. */
export const uint64: FieldType<bigint> = numeric('uint64', BigUint64Array);

/** True or false. */
export const bool: FieldType<boolean> = {
  name: 'bool',
  bytes: 1,
  view: null,
  get: (heap, at) => heap.bytes[at] === 1,
  set: (heap, at, value) => void (heap.bytes[at] = value ? 1 : 0),
  [reduce]: () => [typeNamed, ['bool']],
};

/** Text of at most so many bytes in UTF-8. Longer text is refused. Read and write it under a lock: it is not one word. */
export function utf8(bytesMax: number): FieldType<string> {
  const bytes = Math.ceil((bytesMax + 4) / 4) * 4;
  return {
    name: `utf8(${bytesMax})`,
    bytes,
    view: null,
    get: (heap, at) => heap.bytes.toString('utf8', at + 4, at + 4 + heap.i32[at / 4]!),
    set(heap, at, value) {
      const length = Buffer.byteLength(value);
      if (length > bytesMax)
        throw new OutOfRangeError(
          'ERR_TEXT_TOO_LONG',
          `a field of ${bytesMax} bytes cannot hold a text of ${length}: ${JSON.stringify(value.slice(0, 20))}…`,
        );
      heap.bytes.write(value, at + 4, 'utf8');
      heap.i32[at / 4] = length;
    },
    [reduce]: () => [utf8 as never, [bytesMax]],
  };
}

/** So many bytes. What is read is a copy. */
export function bytes(length: number): FieldType<Uint8Array> {
  return {
    name: `bytes(${length})`,
    bytes: Math.ceil(length / 4) * 4,
    view: null,
    get: (heap, at) => Uint8Array.from(heap.bytes.subarray(at, at + length)),
    set(heap, at, value) {
      if (value.length > length) throw new OutOfRangeError('ERR_BYTES_TOO_LONG', `a field of ${length} bytes cannot hold ${value.length}`);
      heap.bytes.fill(0, at, at + length);
      heap.bytes.set(value, at);
    },
    [reduce]: () => [bytes as never, [length]],
  };
}

/** How values of this type are aligned: as typed arrays want it. */
export const alignmentOf = (type: FieldType<never> | FieldType<unknown>): number => (type.view === null ? 4 : type.view.BYTES_PER_ELEMENT);

/** What goes with what holds values of a type: its name, where that says it all, for a type is taken apart when it is sent, and a name is not. */
export const sentType = (type: FieldType<never> | FieldType<unknown>): unknown => (typeNamed(type.name) === type ? type.name : type);
export const typeSent = (sent: unknown): unknown => (typeof sent === 'string' ? typeNamed(sent) : sent);

const NAMED = new Map(
  [int8, uint8, int16, uint16, int32, uint32, float32, float64, int64, uint64, bool].map((type) => [
    type.name,
    type as unknown as FieldType<never>,
  ]),
);

/** The type with this name: how types of numbers travel. */
const CODES: Readonly<Record<string, string>> = {
  b: 'int8',
  B: 'uint8',
  h: 'int16',
  H: 'uint16',
  i: 'int32',
  I: 'uint32',
  l: 'int64',
  L: 'uint64',
  q: 'int64',
  Q: 'uint64',
  f: 'float32',
  d: 'float64',
  c: 'bytes(1)',
};

/** Refuses what is no type of a field. */
export function checkType(type: unknown): void {
  if (typeof (type as FieldType<unknown> | null | undefined)?.get === 'function') return;
  const ours = typeof type === 'string' ? CODES[type] : undefined;
  throw new TypeError(
    `a type is one of int32, float64 and the others that are exported beside: got ${inspect(type, { depth: 0 })}${ours === undefined ? '' : `, which is ${ours} here`}`,
  );
}

export function typeNamed(name: string): FieldType<never> {
  return NAMED.get(name)!;
}
