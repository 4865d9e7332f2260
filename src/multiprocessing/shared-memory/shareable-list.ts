import { OutOfRangeError } from '../../base/errors.ts';
import { reduce } from '../../message/closures/index.ts';
import { SharedMemory } from './shared-memory.ts';

/** What a `ShareableList` can hold. */
export type ShareableItem = number | bigint | boolean | string | Uint8Array | null;

/*
 * The layout is that of CPython, so that its ShareableList can open ours and the other way round. All numbers are little-endian.
 *
 *   0               length of the list, 8 bytes
 *   8               where each item begins among the data, and where the last one ends: 8 bytes each
 *   (length + 2)*8  the data, each item a multiple of 8 bytes
 *   then            the format of each item as Python's `struct` writes it, 8 bytes each
 *   then            how it is to be read, a byte each: 0 as the format says, 1 a text, 2 bytes, 3 None
 *
 * Texts and bytes end with the last byte that is not 0.
 */
const WORD = 8;
const AS_IT_IS = 0;
const TEXT = 1;
const BYTES = 2;
const NONE = 3;
const FORMATS = { int: 'q', float: 'd', bool: 'xxxxxxx?', none: 'xxxxxx?x' } as const;

const roomFor = (bytes: number): number => WORD * (Math.floor(bytes / WORD) + 1);
const INT_MAX = 2n ** 63n;

function bytesOf(item: ShareableItem): Uint8Array | null {
  if (typeof item === 'string') return Buffer.from(item);
  return item instanceof Uint8Array ? item : null;
}

/**
 * A list of fixed length in shared memory: Python's `multiprocessing.shared_memory.ShareableList`. Items can be replaced, by texts and bytes
 * that are no longer than there was room for at first. An integer is stored as such, any other number as a float.
 *
 * There is no lock: use one where several write. It travels as its name.
 */
export class ShareableList implements Iterable<ShareableItem>, Disposable {
  /** The memory that it lies in: to be closed, and unlinked by one. */
  readonly shm: SharedMemory;
  readonly #view: DataView;
  readonly #bytes: Buffer;
  /** How many items it has. It can't be changed. */
  readonly length: number;

  /** A new list; or, without items, the one of this name. */
  constructor(items: Iterable<ShareableItem> | null, { name }: { readonly name?: string | undefined } = {}) {
    const list = items === null ? null : [...items];
    this.shm = list === null ? new SharedMemory({ name }) : new SharedMemory({ name, create: true, size: sizeOf(list) });
    const { buffer, byteLength } = this.shm.buf;
    this.#view = new DataView(buffer, 0, byteLength);
    this.#bytes = Buffer.from(buffer as ArrayBuffer, 0, byteLength);
    if (list !== null) this.#lay(list);
    this.length = Number(this.#view.getBigInt64(0, true));
  }

  [reduce](): readonly [typeof attachShareableList, readonly [string]] {
    return [attachShareableList, [this.shm.name]];
  }

  #lay(items: readonly ShareableItem[]): void {
    this.#view.setBigInt64(0, BigInt(items.length), true);
    let end = 0;
    for (const [i, item] of items.entries()) {
      end += roomOf(item);
      this.#view.setBigInt64((i + 2) * WORD, BigInt(end), true);
    }
    for (const [i, item] of items.entries()) this.#write(i, item, items.length);
  }

  #start(index: number): number {
    return Number(this.#view.getBigInt64((index + 1) * WORD, true));
  }
  #formatAt(index: number, length: number): number {
    return (length + 2) * WORD + this.#start(length) + index * WORD;
  }

  #write(index: number, item: ShareableItem, length: number): void {
    const at = (length + 2) * WORD + this.#start(index);
    const room = this.#start(index + 1) - this.#start(index);
    const bytes = bytesOf(item);
    let format: string;
    let code = AS_IT_IS;
    if (bytes !== null) {
      if (bytes.length > room) throw new OutOfRangeError('ERR_TOO_LONG', `item ${index} has room for ${room} bytes: got ${bytes.length}`);
      this.#bytes.fill(0, at, at + room).set(bytes, at);
      format = `${room}s`;
      code = typeof item === 'string' ? TEXT : BYTES;
    } else if (item === null) {
      this.#bytes.fill(0, at, at + WORD);
      format = FORMATS.none;
      code = NONE;
    } else if (typeof item === 'boolean') {
      this.#view.setBigInt64(at, item ? 1n << 56n : 0n, true);
      format = FORMATS.bool;
    } else if (isInteger(item as number | bigint)) {
      this.#view.setBigInt64(at, BigInt(item as number | bigint), true);
      format = FORMATS.int;
    } else {
      this.#view.setFloat64(at, Number(item), true);
      format = FORMATS.float;
    }
    const formatAt = this.#formatAt(index, length);
    this.#bytes.fill(0, formatAt, formatAt + WORD).write(format, formatAt, 'latin1');
    this.#bytes[this.#formatAt(length, length) + index] = code;
  }

  #index(index: number): number {
    const from = index < 0 ? index + this.length : index;
    if (!(Number.isInteger(from) && from >= 0 && from < this.length))
      throw new OutOfRangeError('ERR_OUT_OF_RANGE', `there is no item ${index}: the list has ${this.length}`);
    return from;
  }

  /** The item at this place, counted from the end when negative. Integers that a number can't hold come as a bigint. */
  at(index: number): ShareableItem {
    const i = this.#index(index);
    const at = (this.length + 2) * WORD + this.#start(i);
    const format = this.#format(i);
    const code = this.#bytes[this.#formatAt(this.length, this.length) + i];
    if (code === NONE) return null;
    if (code === TEXT || code === BYTES) {
      const bytes = trimmed(this.#bytes.subarray(at, at + Number.parseInt(format, 10)));
      return code === TEXT ? bytes.toString() : Uint8Array.from(bytes);
    }
    if (format === FORMATS.float) return this.#view.getFloat64(at, true);
    if (format === FORMATS.bool) return this.#bytes[at + WORD - 1] !== 0;
    const int = this.#view.getBigInt64(at, true);
    return Number.isSafeInteger(Number(int)) ? Number(int) : int;
  }

  /** Replaces an item. `RangeError` for a text, or bytes, for which there is no room. */
  set(index: number, item: ShareableItem): void {
    this.#write(this.#index(index), checked(item), this.length);
  }

  #format(index: number): string {
    const at = this.#formatAt(index, this.length);
    return trimmed(this.#bytes.subarray(at, at + WORD)).toString('latin1');
  }

  /** The formats of the items, as Python's `struct` writes them. */
  get format(): string {
    return Array.from({ length: this.length }, (_, i) => this.#format(i)).join('');
  }

  /** How many items equal this one. */
  count(item: ShareableItem): number {
    return [...this].filter((other) => equal(other, item)).length;
  }

  /** Where the first item stands that equals this one; -1 when none does. */
  indexOf(item: ShareableItem): number {
    return [...this].findIndex((other) => equal(other, item));
  }

  *[Symbol.iterator](): Iterator<ShareableItem> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }

  /** Closes its memory. */
  [Symbol.dispose](): void {
    this.shm.close();
  }
}

/** The list of this name, as it comes in a message. */
export function attachShareableList(name: string): ShareableList {
  return new ShareableList(null, { name });
}

const isInteger = (item: number | bigint): boolean => typeof item === 'bigint' || (Number.isSafeInteger(item) && !Object.is(item, -0));

function checked(item: unknown): ShareableItem {
  if (typeof item === 'bigint' && (item >= INT_MAX || item < -INT_MAX))
    throw new OutOfRangeError('ERR_OUT_OF_RANGE', `an integer in a ShareableList has 64 bits: got ${item}`);
  if (item === null || item instanceof Uint8Array || ['number', 'bigint', 'boolean', 'string'].includes(typeof item))
    return item as ShareableItem;
  throw new TypeError(`a ShareableList holds numbers, texts, bytes, booleans and null: got ${typeof item}`);
}

const roomOf = (item: ShareableItem): number => {
  const bytes = bytesOf(item);
  return bytes === null ? WORD : roomFor(bytes.length);
};

const sizeOf = (items: readonly ShareableItem[]): number =>
  items.reduce((sum: number, item) => sum + roomOf(checked(item)) + WORD + WORD + 1, 2 * WORD);

const trimmed = (bytes: Buffer): Buffer => {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
};

const equal = (one: ShareableItem, other: ShareableItem): boolean => {
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.from(one).equals(other);
  return one === other || (typeof one === 'bigint' && typeof other === 'number' && Number.isInteger(other) && one === BigInt(other));
};
