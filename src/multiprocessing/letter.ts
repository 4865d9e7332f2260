import { decode, decodeAsync, encode } from '../message/index.ts';
import { packed } from './pipe-connection.ts';

/*
 * What stands in a message to another program: eight bytes that no program begins its own bytes with, and a value. Anything else is bytes,
 * as other programs send them. Bytes of ours that begin with the mark all the same get another mark in front.
 */
const MARK_BYTES = 8;
const VALUE = Buffer.from([0x9d, 0x6d, 0x63, 0xf1, 0x0d, 0x0a, 0x00, 0x76]);
const BYTES = Buffer.from([0x9d, 0x6d, 0x63, 0xf1, 0x0d, 0x0a, 0x00, 0x62]);
const COMMON = MARK_BYTES - 1;

const begins = (body: Uint8Array, mark: Buffer, count = MARK_BYTES): boolean =>
  body.length >= count && mark.compare(body, 0, count, 0, count) === 0;

let depth = 0;

/** Whether what is being packed goes to a program that may not be told secrets. */
export const isForProgram = (): boolean => depth > 0;

/** The bytes of a value for another program; valid until the next message is packed. Throws `SendError`. */
export function encodeForProgram(value: unknown): Uint8Array {
  const ends = (packed.ends = [] as NonNullable<typeof packed.ends>);
  depth++;
  try {
    return encode(value, { where: 'program' }).bytes;
  } catch (error) {
    for (const end of ends) end.arrived();
    throw error;
  } finally {
    depth--;
    packed.ends = null;
  }
}

/** A value as a message to a program that does not share memory with this one. Throws `SendError`. */
export function letterOf(value: unknown): Buffer {
  const bytes = encodeForProgram(value);
  const letter = Buffer.allocUnsafeSlow(MARK_BYTES + bytes.length);
  letter.set(VALUE);
  letter.set(bytes, MARK_BYTES);
  return letter;
}

export const isValue = (body: Uint8Array): boolean => begins(body, VALUE);

/** The value in a message. Modules of what it names are loaded. */
export const openLetter = (body: Uint8Array): Promise<{ value: unknown }> => decodeAsync(body.subarray(MARK_BYTES));
export const openLetterSync = (body: Uint8Array): unknown => decode(body.subarray(MARK_BYTES));

export const plainBytes = (bytes: Uint8Array): Uint8Array => (begins(bytes, BYTES, COMMON) ? Buffer.concat([BYTES, bytes]) : bytes);
export const plainBytesOf = (body: Uint8Array): Uint8Array => (begins(body, BYTES) ? body.slice(MARK_BYTES) : body);
