/** The kinds of views, by the number that stands in a message. */
export const VIEWS: readonly string[] = [
  'Buffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
];

type ViewConstructor = {
  new (buffer: ArrayBufferLike, offset: number, length: number): ArrayBufferView;
  readonly BYTES_PER_ELEMENT?: number;
};

const constructors = VIEWS.map((name) => (globalThis as unknown as Record<string, ViewConstructor | undefined>)[name]);

export const VIEW_PROTOTYPES: readonly unknown[] = constructors.map((made) => made?.prototype as unknown);

/** A view by its number, over `bytes` bytes of `buffer`. */
export function makeView(number: number, buffer: ArrayBufferLike, offset: number, bytes: number): ArrayBufferView {
  if (number === 0) return Buffer.from(buffer as ArrayBuffer, offset, bytes);
  const made = constructors[number];
  if (made === undefined) throw new TypeError(`a ${VIEWS[number] ?? 'view'} arrived, which this version of Node does not have`);
  return new made(buffer, offset, bytes / (made.BYTES_PER_ELEMENT ?? 1));
}
