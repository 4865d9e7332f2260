import './closures/index.ts';
import { type Heap, registerContents, sharedHeap } from '../word/heap.ts';
import { Decoder, releaseHolds } from './decoder.ts';
import { BAIL, Encoder } from './encoder.ts';
import { type PackOptions, packer } from './packer.ts';
import { MustAwait } from './require-module.ts';

export { type Destination, packer, type Packer, type PackOptions } from './packer.ts';
export { isMustAwait, lookAfterInterruption, MustAwait, wasLoadingCutShort } from './require-module.ts';
export { SendError, type SendErrorDetails } from './send-error.ts';

export interface EncodeOptions {
  /** What is given away instead of copied: ArrayBuffers, MessagePorts. */
  readonly transfer?: readonly unknown[] | undefined;
  /** Where the message goes: to a thread of this process when left out. */
  readonly where?: PackOptions['where'] | undefined;
  /**
   * Binary data of so many bytes and more go beside the message, as copies among the parcels that are to be given away: they then are copied
   * once, and not twice.
   */
  readonly besideFrom?: number | undefined;
  /** Asked when the first such data are met: whether these go beside the message after all. */
  readonly besideIf?: (() => boolean) | undefined;
}

/** A message, as a snapshot of a value at the moment when it was handed over. */
export interface Encoded {
  /** Valid until the next call of `encode`. */
  readonly bytes: Uint8Array;
  /** What bytes can't carry: goes by a port's `postMessage(parcels, transfer)` beside them. */
  readonly parcels: readonly unknown[] | null;
  readonly transfer: readonly unknown[];
  /** Blocks that the message keeps alive until it is dropped: addresses for `releaseAddress` of word/heaps.ts. */
  readonly holds: readonly number[];
}

/** A message that lies in a block of the heap. */
export interface Posted {
  readonly offset: number;
  readonly parcels: readonly unknown[] | null;
  readonly transfer: readonly unknown[];
}

const NONE: readonly never[] = [];
let idleEncoder: Encoder | null = new Encoder();
let idleDecoder: Decoder | null = new Decoder();

/** Runs `use` with a writer that holds `value`. Packing runs the program's own code, which may send something itself. */
function written<T>(value: unknown, options: EncodeOptions | undefined, use: (encoder: Encoder) => T): T {
  const encoder = idleEncoder ?? new Encoder();
  idleEncoder = null;
  try {
    const where = options?.where ?? 'thread';
    const transfer = options?.transfer ?? NONE;
    encoder.besideFrom = options?.besideFrom ?? Infinity;
    encoder.besideIf = options?.besideIf ?? null;
    try {
      encoder.write(value, where, transfer, false);
    } catch (error) {
      if (error !== BAIL) throw error;
      encoder.write(packer.current.pack(value, { where, scopes: encoder.scopes }), where, transfer, true);
    }
    return use(encoder);
  } finally {
    encoder.scopes.clear();
    idleEncoder = encoder;
  }
}

function parcelsOf(encoder: Encoder, options: EncodeOptions | undefined): Pick<Encoded, 'parcels' | 'transfer'> {
  return { parcels: encoder.parcels.length > 0 ? encoder.parcels : null, transfer: options?.transfer ?? NONE };
}

/** Writes `value` as bytes. Throws `SendError` for what can't travel. */
export function encode(value: unknown, options?: EncodeOptions): Encoded {
  return written(value, options, (encoder) => {
    const size = encoder.finish();
    const bytes = scratch(size);
    encoder.copyTo(new Int32Array(bytes.buffer), bytes, 0);
    return { bytes: bytes.subarray(0, size), ...parcelsOf(encoder, options), holds: encoder.holds };
  });
}

let scratchBytes = Buffer.from(new ArrayBuffer(1 << 14));

function scratch(size: number): Buffer {
  if (scratchBytes.length < size) scratchBytes = Buffer.from(new ArrayBuffer(2 ** Math.ceil(Math.log2(size))));
  return scratchBytes;
}

/** Writes `value` into a new block of the heap that the threads share. Its parcels, if any, go by a port of the caller's. */
export function post(value: unknown, options?: EncodeOptions): Posted {
  return written(value, options, (encoder) => ({ offset: toBlock(encoder), ...parcelsOf(encoder, options) }));
}

/** Writes `value` at `place`, which has `room` bytes, or into a new block if that does not do; says where, and 0 for `place`. */
export function postAt(value: unknown, place: number, room: number, options?: EncodeOptions): Posted {
  return written(value, options, (encoder) => {
    const size = encoder.finish();
    if (size > room) return { offset: toBlock(encoder, size), ...parcelsOf(encoder, options) };
    const heap = sharedHeap();
    encoder.copyTo(heap.i32, heap.bytes, place);
    return { offset: 0, ...parcelsOf(encoder, options) };
  });
}

/** Reads what `postAt` has written at `place`, and lets go of what it holds; not when `MustAwait` is thrown. */
export function takeAt(place: number, room: number, parcels?: readonly unknown[] | null): unknown {
  const heap = sharedHeap();
  try {
    const { value, isRecipe } = reading((decoder) => {
      heap.reach(place + room);
      const read = decoder.read(heap.i32, heap.f64, heap.bytes, place, parcels ?? NONE);
      return { value: read, isRecipe: decoder.isRecipe };
    });
    const made = unpacked(value, isRecipe);
    releaseHolds(heap.i32, place);
    return made;
  } catch (error) {
    if (!(error instanceof MustAwait)) releaseHolds(heap.i32, place);
    throw error;
  }
}

/** A message that `postAt` has written has been copied to a block of its own: what it holds is let go with that. */
export function becomeMessage(block: number): void {
  const heap = sharedHeap();
  if (heap.i32[block / 4 + 3] !== 0) heap.setContents(block, 'message');
}

/** Lets go of what a message holds that `postAt` has written at `place`, and that nobody will read. */
export function dropAt(place: number): void {
  releaseHolds(sharedHeap().i32, place);
}

/** A message in a block of a heap that other processes have, too, lies behind its length. */
export const LEAD_BYTES = 8;

/** Writes `value` for another process into a new block of a heap that it has, too. Throws, and holds nothing, when that has no room. */
export function postTo(heap: Heap, value: unknown): Pick<Posted, 'offset' | 'parcels'> {
  return written(value, { where: 'process' }, (encoder) => {
    const size = encoder.finish();
    let offset = 0;
    try {
      offset = heap.allocateAnyhow(size + LEAD_BYTES);
    } catch (error) {
      encoder.giveUp();
      throw error;
    }
    heap.i32[offset / 4] = size;
    encoder.copyTo(heap.i32, heap.bytes, offset + LEAD_BYTES);
    return { offset, parcels: encoder.parcels.length > 0 ? encoder.parcels : null };
  });
}

/** Where such a message ends; what lies before can be seen from now on. */
export function endOf(heap: Heap, offset: number): number {
  heap.reach(offset + LEAD_BYTES);
  const end = offset + LEAD_BYTES + heap.i32[offset / 4]!;
  heap.reach(end);
  return end;
}

/** Reads the message that `postTo` has written; what it holds stays held. */
export function readFrom(heap: Heap, offset: number): unknown {
  endOf(heap, offset);
  const { value, isRecipe } = reading((decoder) => {
    const made = decoder.read(heap.i32, heap.f64, heap.bytes, offset + LEAD_BYTES, NONE);
    return { value: made, isRecipe: decoder.isRecipe };
  });
  return unpacked(value, isRecipe);
}

/** Lets go of such a message, and of what it holds. */
export function dropFrom(heap: Heap, offset: number): void {
  endOf(heap, offset);
  releaseHolds(heap.i32, offset + LEAD_BYTES);
  heap.release(offset);
}

function toBlock(encoder: Encoder, size: number = encoder.finish()): number {
  const heap = sharedHeap();
  let offset = 0;
  try {
    offset = heap.allocateAnyhow(size);
  } catch (error) {
    encoder.giveUp();
    throw error;
  }
  if (encoder.holds.length > 0) heap.setContents(offset, 'message');
  encoder.copyTo(heap.i32, heap.bytes, offset);
  return offset;
}
registerContents('message', (heap, offset) => releaseHolds(heap.i32, offset));

function reading<T>(use: (decoder: Decoder) => T): T {
  const decoder = idleDecoder ?? new Decoder();
  idleDecoder = null;
  try {
    return use(decoder);
  } finally {
    idleDecoder = decoder;
  }
}

function unpacked(value: unknown, isRecipe: boolean): unknown {
  return isRecipe ? packer.current.unpack(value) : value;
}

/** Reads; what has to be awaited for that is awaited, and then it is read anew. */
async function whenLoaded<T>(read: () => T): Promise<T> {
  for (;;) {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof MustAwait)) throw error;
      await error.load();
    }
  }
}

function readBytes(bytes: Uint8Array, parcels: readonly unknown[] | null | undefined): { value: unknown; isRecipe: boolean } {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  return reading((decoder) => {
    const value = decoder.read(
      new Int32Array(buffer, byteOffset, byteLength >> 2),
      new Float64Array(buffer, byteOffset, byteLength >> 3),
      Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength),
      0,
      parcels ?? NONE,
    );
    return { value, isRecipe: decoder.isRecipe };
  });
}

/** Reads what `encode` wrote. The blocks that the message holds stay held: `dropBytes` lets them go. */
export function decode(bytes: Uint8Array, parcels?: readonly unknown[] | null): unknown {
  const { value, isRecipe } = readBytes(bytes, parcels);
  return unpacked(value, isRecipe);
}

/** The same for functions whose modules have to be awaited. */
export async function decodeAsync(bytes: Uint8Array, parcels?: readonly unknown[] | null): Promise<{ value: unknown }> {
  const { value, isRecipe } = await whenLoaded(() => readBytes(bytes, parcels));
  // In an object of its own: a promise would follow a value that has a `then`.
  return { value: isRecipe ? await packer.current.unpackAsync(value) : value };
}

/** Lets go of what a message that was encoded, and won't be decoded again, holds. */
export function dropBytes(bytes: Uint8Array): void {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  releaseHolds(new Int32Array(buffer, byteOffset, byteLength >> 2), 0);
}

function readBlock(offset: number, parcels: readonly unknown[] | null | undefined): { value: unknown; isRecipe: boolean } {
  const heap = sharedHeap();
  heap.reach(offset);
  return reading((decoder) => {
    heap.reach(offset + heap.sizeOf(offset) - 1);
    const value = decoder.read(heap.i32, heap.f64, heap.bytes, offset, parcels ?? NONE);
    return { value, isRecipe: decoder.isRecipe };
  });
}

/** Reads the message in a block, which stays as it is. */
export function read(offset: number, parcels?: readonly unknown[] | null): unknown {
  const { value, isRecipe } = readBlock(offset, parcels);
  return unpacked(value, isRecipe);
}

/** Lets go of a message; its last owner frees the block, and lets go of what it holds. */
export function drop(offset: number): void {
  const heap = sharedHeap();
  heap.reach(offset);
  heap.release(offset);
}

/** Reads the message in a block and frees it. */
export function take(offset: number, parcels?: readonly unknown[] | null): unknown {
  try {
    return read(offset, parcels);
  } finally {
    drop(offset);
  }
}

/** The same for functions whose modules have to be awaited. */
export async function takeAsync(offset: number, parcels?: readonly unknown[] | null): Promise<{ value: unknown }> {
  try {
    const { value, isRecipe } = await whenLoaded(() => readBlock(offset, parcels));
    return { value: isRecipe ? await packer.current.unpackAsync(value) : value };
  } finally {
    drop(offset);
  }
}

/** Reads the message in a block and frees it: at once, or as a promise when a module has to be awaited. */
export function takeSoon(offset: number): { readonly value: unknown } | Promise<{ readonly value: unknown }> {
  let value: unknown;
  try {
    value = read(offset);
  } catch (error) {
    if (error instanceof MustAwait) return takeAsync(offset);
    drop(offset);
    throw error;
  }
  drop(offset);
  return { value };
}
