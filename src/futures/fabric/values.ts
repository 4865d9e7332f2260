import { drop, dropAt, type EncodeOptions, MustAwait, postAt, read, takeAt } from '../../message/index.ts';
import {
  BLOCK,
  CONSTANT,
  CONSTANTS,
  DOUBLE,
  type Fabric,
  FLOAT,
  INLINE,
  INLINE_BYTES,
  INTEGER,
  KIND,
  MESSAGE,
  NONE,
  WORD,
} from './layout.ts';

/*
 * A value in a slot: small ones stand in its words, those that are encoded to little lie in its tail, others in a block of their own.
 */

/** Writes a value into a slot. Gives what can't be written, for a port; `null` when there is nothing of the kind. Throws `SendError`. */
export function putValue({ i32, f64 }: Fabric, slot: number, value: unknown, options?: EncodeOptions): readonly unknown[] | null {
  if (typeof value === 'number') {
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
      i32[slot + KIND] = INTEGER;
      i32[slot + WORD] = value;
    } else {
      i32[slot + KIND] = FLOAT;
      f64[(slot + DOUBLE) >> 1] = value;
    }
    return null;
  }
  if (value !== undefined && value !== null && typeof value !== 'boolean') return putMessage(i32, slot, value, options);
  i32[slot + KIND] = CONSTANT;
  i32[slot + WORD] = value === undefined ? 0 : value === null ? 1 : value ? 2 : 3;
  return null;
}

/** Writes a value as a message, in the slot when it takes no more than `room`. */
export function putMessage(
  i32: Int32Array,
  slot: number,
  value: unknown,
  options?: EncodeOptions,
  room: number = INLINE_BYTES,
): readonly unknown[] | null {
  const { offset, parcels } = postAt(value, (slot + INLINE) * 4, room, options);
  i32[slot + KIND] = offset === 0 ? MESSAGE : BLOCK;
  i32[slot + WORD] = offset / 16;
  return parcels;
}

/** Takes a value out of a slot. Throws `MustAwait`, and leaves it there, when a module has to be awaited first. */
export function takeValue({ i32, f64 }: Fabric, slot: number, parcels?: readonly unknown[] | null): unknown {
  const kind = i32[slot + KIND]!;
  if (kind === INTEGER) return i32[slot + WORD];
  if (kind === FLOAT) return f64[(slot + DOUBLE) >> 1];
  if (kind === CONSTANT) return CONSTANTS[i32[slot + WORD]!];
  if (kind === BLOCK) return takeBlock(i32, slot, parcels);
  if (kind !== MESSAGE) return undefined;
  const value = takeAt((slot + INLINE) * 4, INLINE_BYTES, parcels);
  i32[slot + KIND] = NONE;
  return value;
}

function takeBlock(i32: Int32Array, slot: number, parcels?: readonly unknown[] | null): unknown {
  const block = (i32[slot + WORD]! >>> 0) * 16;
  let mustAwait = false;
  try {
    return read(block, parcels);
  } catch (error) {
    mustAwait = error instanceof MustAwait;
    throw error;
  } finally {
    if (!mustAwait) {
      i32[slot + KIND] = NONE;
      drop(block);
    }
  }
}

/** Frees what a value that nobody will take keeps. */
export function dropValue({ i32 }: Fabric, slot: number): void {
  const kind = i32[slot + KIND];
  i32[slot + KIND] = NONE;
  if (kind === MESSAGE) dropAt((slot + INLINE) * 4);
  else if (kind === BLOCK) drop((i32[slot + WORD]! >>> 0) * 16);
}
