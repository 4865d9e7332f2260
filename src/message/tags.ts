/*
 * The words of a message.
 *
 *   0  how many 32-bit words, these four included
 *   1  how many characters the strings have together
 *   2  STRINGS_LATIN1 or STRINGS_UCS2 when there are any, HAS_REFERENCES, RECIPE
 *   3  how many blocks of the heap the message holds
 *   4… the value: a word with its tag in the low five bits and a small number above, then what the tag asks for
 *   …  the offsets of the blocks held, the strings one after the other, and, 8-aligned, long binary data
 *
 * Objects are numbered in the order in which they are first met; REFERENCE names one that was met before. A
 * message without any is read the fast way: objects are built after their fields, and nobody counts them.
 */
export const HEADER_WORDS = 4;

export const STRINGS_LATIN1 = 1;
export const STRINGS_UCS2 = 2;
export const HAS_REFERENCES = 4;
/** The value is what `pack` made of the real one. */
export const RECIPE = 8;

export const TAG_BITS = 5;
export const TAG_MASK = 31;
/** The largest number that stands beside a tag. */
export const INLINE_MAX = 2 ** 26 - 1;

export const TAG = {
  UNDEFINED: 0,
  NULL: 1,
  TRUE: 2,
  FALSE: 3,
  /** A small integer, in the tag's word. */
  SMALL: 4,
  /** An integer of 32 bits, in the next word. */
  INTEGER: 5,
  /** A double, in the next two words that begin on an even one. */
  DOUBLE: 6,
  /** A string: its length; its characters are the next of the message's strings. */
  STRING: 7,
  /** A string that is too long for that: the length is in the next word. */
  LONG_STRING: 8,
  BIGINT: 9,
  ARRAY: 10,
  /** An array of integers, packed. */
  INTEGERS: 11,
  /** An array of numbers, packed. */
  DOUBLES: 12,
  /** An array with few items for its length, or with named properties: its length, then an object. */
  SPARSE: 13,
  /** A plain object: the number of its shape, then its fields. */
  SHAPED: 14,
  /** A plain object with its keys written out. */
  KEYED: 15,
  /** The same without a prototype. */
  BARE: 16,
  REFERENCE: 17,
  MAP: 18,
  SET: 19,
  DATE: 20,
  REGEXP: 21,
  /** A Boolean, Number, String or BigInt object. */
  BOXED: 22,
  /** An ArrayBuffer: its bytes follow. */
  BUFFER: 23,
  /** An ArrayBuffer: its bytes are at the end of the message. */
  LONG_BUFFER: 24,
  /** A view: which, its length and place, then its buffer. */
  VIEW: 25,
  ERROR: 26,
  /** What bytes cannot carry, or an ArrayBuffer that goes beside them: its place among the parcels. */
  PARCEL: 27,
  /** A face of a block: which kind, the offset, and what else it needs. */
  FACE: 28,
  /**
   * What is known to every thread by a number: 0, the buffer that the heap lies in; above, a function. One that is made anew is followed by its
   * identity, and by what it captures: see plain-functions.ts.
   */
  KNOWN: 29,
  /** A view of a block of the heap. */
  BLOCK_VIEW: 30,
  /** So many items of an array that are not there. Under a view: the bytes that follow are no object of the message. */
  HOLES: 31,
} as const;
