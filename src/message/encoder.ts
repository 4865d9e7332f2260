import { types } from 'node:util';
import { sharedHeap } from '../word/heap.ts';
import { addressOf, numberOfHeap, releaseAddress } from '../word/heaps.ts';
import { type Shareable, handle, isShareable, moduleOfKind } from '../word/shareable.ts';
import type { ScopesRead } from './closures/captured-variables.ts';
import { errorParts } from './error-parts.ts';
import { numberOfKind } from './kinds.ts';
import { isParcel, mustBeTransferred } from './parcel.ts';
import { prototypeHere } from './realm.ts';
import { Seen } from './seen.ts';
import { type Destination, packer } from './packer.ts';
import { SendError } from './send-error.ts';
import { type Shape, shapeOf } from './shape-writer.ts';
import { HAS_REFERENCES, HEADER_WORDS, INLINE_MAX, RECIPE, STRINGS_LATIN1, STRINGS_UCS2, TAG, TAG_BITS } from './tags.ts';
import { VIEWS, VIEW_PROTOTYPES } from './views.ts';

/** Thrown, without a stack, when a value holds what only `pack` can describe. */
export const BAIL: unique symbol = Symbol('not plain data');

/** Longer binary data are not copied through the scratch memory. */
const SEGMENT = 2048;
/** In an array longer than this, items are looked for by name. */
const SPARSE_FROM = 20_000_000;
const NOT_LATIN1 = /[\u0100-\uffff]/;

type WritableBuffer = Buffer & {
  latin1Write(text: string, offset: number, length: number): number;
  ucs2Write(text: string, offset: number, length: number): number;
};

/** What there is none of that processes share. */
const HINTS: Readonly<Record<string, string>> = {
  future: 'await it here, and send what comes of it',
  thread: 'start it in the other process',
  'thread-pool': 'make one in the other process',
  'event-loop': 'send what its callbacks need, by a queue of manycore/multiprocessing',
};

/** Writes one message at a time into scratch memory, and then to where it shall lie. */
export class Encoder {
  #i32 = new Int32Array(1 << 12);
  #f64 = new Float64Array(this.#i32.buffer);
  #limit = this.#i32.length - 8;
  #at = HEADER_WORDS;
  #text = '';
  #flags = 0;
  readonly #seen = new Seen();
  #segments: Uint8Array[] = [];
  #segmentBytes = 0;
  #holds: number[] = [];
  #parcels: unknown[] = [];
  #transfer: readonly unknown[] = [];
  #where: Destination = 'thread';
  /** The whole value, until the first function in it is met. */
  #unseen: readonly [unknown] | null = null;
  /** Binary data of so many bytes become parcels. */
  besideFrom = Infinity;
  besideIf: (() => boolean) | null = null;
  /** What has been read for the message of what its functions capture. */
  readonly scopes: ScopesRead = new Map();

  /** What the message names besides its bytes. */
  get holds(): readonly number[] {
    return this.#holds;
  }
  get parcels(): unknown[] {
    return this.#parcels;
  }

  /** Writes `value`; `size` then tells how long the message is. Throws BAIL for what is not plain data. */
  write(value: unknown, where: Destination, transfer: readonly unknown[], recipe: boolean): void {
    this.#at = HEADER_WORDS;
    this.#text = '';
    this.#flags = recipe ? RECIPE : 0;
    this.#where = where;
    this.#unseen = [value];
    this.#transfer = transfer;
    this.#holds = [];
    this.#parcels = [];
    this.#segments = [];
    this.#segmentBytes = 0;
    try {
      this.put(value);
    } catch (error) {
      this.giveUp();
      throw error instanceof RangeError && error.message.includes('call stack')
        ? new SendError('E_DEPTH', 'the value is nested too deep to be sent', { cause: error })
        : error;
    } finally {
      this.#seen.clear();
      this.#transfer = [];
      this.#unseen = null;
    }
  }

  /** Lets go of the blocks that the unfinished message holds. */
  giveUp(): void {
    for (const offset of this.#holds) releaseAddress(offset);
    this.#holds = [];
  }

  #prepare(): void {
    const text = this.#text;
    if (text.length === 0) return;
    this.#flags |= NOT_LATIN1.test(text) ? STRINGS_UCS2 : STRINGS_LATIN1;
  }

  /** The bytes that the message takes. Call it once, before `copyTo`. */
  finish(): number {
    this.#prepare();
    return this.#segmentsAt() + this.#segmentBytes;
  }

  #textAt(): number {
    return (this.#at + this.#holds.length) * 4;
  }
  #segmentsAt(): number {
    const end = this.#textAt() + this.#text.length * (this.#flags & 3);
    return this.#segments.length === 0 ? end : (end + 7) & ~7;
  }

  /** Copies the finished message to `offset`, a multiple of 8. */
  copyTo(i32: Int32Array, bytes: Buffer, offset: number): void {
    const source = this.#i32;
    const words = this.#at;
    const base = offset / 4;
    source[0] = words;
    source[1] = this.#text.length;
    source[2] = this.#flags;
    source[3] = this.#holds.length;
    if (words < 128) for (let i = 0; i < words; i++) i32[base + i] = source[i]!;
    else i32.set(source.subarray(0, words), base);
    for (let i = 0; i < this.#holds.length; i++) i32[base + words + i] = this.#holds[i]!;
    if (this.#text.length > 0) this.#copyText(bytes as WritableBuffer, offset + this.#textAt());
    let at = offset + this.#segmentsAt();
    for (const segment of this.#segments) {
      bytes.set(segment, at);
      at += (segment.length + 7) & ~7;
    }
    this.#text = '';
    this.#segments = [];
  }

  #copyText(bytes: WritableBuffer, at: number): void {
    const text = this.#text;
    const length = text.length;
    if ((this.#flags & STRINGS_UCS2) !== 0) bytes.ucs2Write(text, at, length * 2);
    else if (length > 16) bytes.latin1Write(text, at, length);
    else for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
  }

  /** Writes one value. A plain property, for the code of a shape calls it on its own. */
  readonly put = (value: unknown): void => {
    if (this.#at > this.#limit) this.#grow(0);
    const words = this.#i32;
    switch (typeof value) {
      case 'number':
        this.#putNumber(value);
        return;
      case 'string':
        if (value.length <= INLINE_MAX) words[this.#at++] = TAG.STRING | (value.length << TAG_BITS);
        else {
          words[this.#at++] = TAG.LONG_STRING;
          words[this.#at++] = value.length;
        }
        this.#text += value;
        return;
      case 'boolean':
        words[this.#at++] = value ? TAG.TRUE : TAG.FALSE;
        return;
      case 'undefined':
        words[this.#at++] = TAG.UNDEFINED;
        return;
      case 'object':
        if (value === null) words[this.#at++] = TAG.NULL;
        else this.#putObject(value);
        return;
      case 'bigint':
        this.#putTag(TAG.BIGINT, 0);
        this.put(value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`);
        return;
      case 'function':
        this.#putFunction(value);
        return;
      case 'symbol':
        throw BAIL;
    }
  };

  /** Writes a function that each thread knows, or can make of what it knows. */
  #putFunction(value: object): void {
    if (this.#where !== 'thread') throw BAIL;
    if (this.#unseen !== null) {
      const root = this.#unseen[0];
      this.#unseen = null;
      if (!packer.current.isPlain(root)) throw BAIL;
    }
    if (this.#metBefore(value)) return;
    const parts = packer.current.functionParts(value, this.scopes);
    if (parts === null) throw BAIL;
    this.#putTag(TAG.KNOWN, parts.number + 1);
    if (parts.id === null) return;
    this.put(parts.id);
    for (const captured of parts.values) this.put(captured);
  }

  #putNumber(value: number): void {
    const words = this.#i32;
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
      if (value <= INLINE_MAX && value >= -INLINE_MAX) words[this.#at++] = TAG.SMALL | (value << TAG_BITS);
      else {
        words[this.#at++] = TAG.INTEGER;
        words[this.#at++] = value;
      }
      return;
    }
    words[this.#at] = TAG.DOUBLE;
    const place = (this.#at + 2) & ~1;
    this.#f64[place >> 1] = value;
    this.#at = place + 2;
  }

  #putTag(tag: number, count: number): void {
    if (this.#at > this.#limit) this.#grow(0);
    this.#i32[this.#at++] = tag | (count << TAG_BITS);
  }

  #putWord(word: number): void {
    if (this.#at > this.#limit) this.#grow(0);
    this.#i32[this.#at++] = word;
  }

  /** Writes that `value` was met before, if it was; otherwise it has been now. */
  #metBefore(value: object): boolean {
    const number = this.#seen.meet(value);
    if (number < 0) return false;
    this.#flags |= HAS_REFERENCES;
    this.#putTag(TAG.REFERENCE, number);
    return true;
  }

  #putObject(value: object): void {
    if (this.#metBefore(value)) return;
    const prototype: unknown = Object.getPrototypeOf(value);
    // A Proxy looks like what stands behind it; what it does is refused by `pack`, which says where it was found. A Local of ours is one.
    if (types.isProxy(value) && !isShareable(value)) throw BAIL;
    this.#putAs(value, prototype);
  }

  #putAs(value: object, prototype: unknown): void {
    if (prototype === Object.prototype) this.#putPlain(value);
    else if (Array.isArray(value) && prototype === Array.prototype) this.#putArray(value);
    else this.#putSpecial(value, prototype);
  }

  #putPlain(value: object): void {
    if (Object.getOwnPropertySymbols(value).length > 0) throw BAIL; // Keys that only `pack` knows how to name.
    const shape: Shape | null = this.#where === 'thread' ? shapeOf(value) : null;
    if (shape !== null) {
      this.#i32[this.#at++] = TAG.SHAPED | (shape.number << TAG_BITS);
      shape.write(this.put, value as Record<string, unknown>);
    } else this.#putKeyed(TAG.KEYED, value as Record<string, unknown>);
  }

  #putKeyed(tag: number, value: Record<string, unknown>): void {
    const keys = Object.keys(value);
    this.#putTag(tag, keys.length);
    for (const key of keys) {
      this.put(key);
      this.put(value[key]);
    }
  }

  #putArray(value: readonly unknown[]): void {
    const length = value.length;
    if (length > 3 && typeof value[0] === 'number' && typeof value[length - 1] === 'number' && this.#putNumbers(value as number[])) return;
    // The arrays that the language itself gives names to: results of a match, and templates.
    if ('index' in value || 'raw' in value || length > SPARSE_FROM) return this.#putSparse(value);
    this.#putTag(TAG.ARRAY, length);
    for (let i = 0; i < length; i++) {
      const item = value[i];
      if (item === undefined && !(i in value)) i = this.#putHoles(value, i);
      else this.put(item);
    }
  }

  /** Writes how many items are missing from `from` on, and returns the last of them. */
  #putHoles(value: readonly unknown[], from: number): number {
    let end = from + 1;
    while (end < value.length && !(end in value)) end++;
    this.#putTag(TAG.HOLES, end - from);
    return end - 1;
  }

  #putSparse(value: readonly unknown[]): void {
    this.#putTag(TAG.SPARSE, 0);
    this.put(value.length);
    this.#putKeyed(TAG.KEYED, value as unknown as Record<string, unknown>);
  }

  /** Packs an array of numbers; false, with nothing written, if it holds anything else. */
  #putNumbers(value: readonly number[]): boolean {
    const length = value.length;
    if (length > INLINE_MAX) return false;
    let integers = true;
    for (let i = 0; i < length; i++) {
      const item = value[i]!;
      if (typeof item !== 'number') return false;
      if (integers && !((item | 0) === item && (item !== 0 || 1 / item > 0))) integers = false;
    }
    if (this.#at + length * 2 > this.#limit) this.#grow(length * 2);
    this.#putTag(integers ? TAG.INTEGERS : TAG.DOUBLES, length);
    if (integers) {
      const words = this.#i32;
      const at = this.#at;
      for (let i = 0; i < length; i++) words[at + i] = value[i]!;
      this.#at = at + length;
    } else {
      const at = (this.#at + 1) & ~1;
      const doubles = this.#f64;
      for (let i = 0; i < length; i++) doubles[at / 2 + i] = value[i]!;
      this.#at = at + length * 2;
    }
    return true;
  }

  #putSpecial(value: object, prototype: unknown): void {
    if (isShareable(value)) this.#putFace(value);
    else if (prototype === Map.prototype) this.#putMap(value as Map<unknown, unknown>);
    else if (prototype === Set.prototype) this.#putSet(value as Set<unknown>);
    else if (prototype === Date.prototype && types.isDate(value)) {
      this.#putTag(TAG.DATE, 0);
      this.#putNumber(value.getTime());
    } else if (prototype === RegExp.prototype && types.isRegExp(value)) {
      this.#putTag(TAG.REGEXP, value.lastIndex);
      this.put(value.source);
      this.put(value.flags);
    } else if (ArrayBuffer.isView(value) && isPlainView(value, prototype)) this.#putView(value);
    else if (prototype === ArrayBuffer.prototype || prototype === SharedArrayBuffer.prototype) this.#putBuffer(value as ArrayBufferLike);
    else if (types.isBoxedPrimitive(value) && isPlainBox(prototype) && !types.isSymbolObject(value)) {
      this.#putTag(TAG.BOXED, 0);
      this.put((value as { valueOf(): unknown }).valueOf());
    } else if (prototype === null && !types.isModuleNamespaceObject(value)) this.#putKeyed(TAG.BARE, value as Record<string, unknown>);
    else if (types.isNativeError(value)) this.#putError(value, prototype);
    else if (isParcel(value)) this.#putParcel(value);
    else {
      const here = prototype === null ? null : prototypeHere(prototype as object);
      if (here === null) throw BAIL;
      this.#putAs(value, here);
    }
  }

  #putMap(value: Map<unknown, unknown>): void {
    this.#putTag(TAG.MAP, 0);
    this.#putNumber(value.size);
    for (const [key, item] of value) {
      this.put(key);
      this.put(item);
    }
  }

  #putSet(value: Set<unknown>): void {
    this.#putTag(TAG.SET, 0);
    this.#putNumber(value.size);
    for (const item of value) this.put(item);
  }

  #putError(value: Error, prototype: unknown): void {
    const parts = errorParts(value, prototype) ?? errorParts(value, prototypeHere(prototype as object));
    if (parts === null) throw BAIL;
    this.#putTag(TAG.ERROR, 0);
    for (const part of parts) this.put(part);
  }

  #putFace(value: Shareable): void {
    const { kind, offset, block = offset, heap = sharedHeap(), extra } = value[handle]();
    const number = numberOfHeap(heap);
    if (this.#where === 'program')
      throw new SendError('E_SHARED_MEMORY', `a ${kind} can't be sent to a program that does not share memory with this one`, {
        hint: 'a Manager has queues, locks and values for such programs',
      });
    if (this.#where === 'process' && number <= 0) {
      throw new SendError('E_THREADS_ONLY', `a ${kind} that the threads of this process share can't be sent to another process`, {
        hint: HINTS[kind] ?? 'use the one of manycore/multiprocessing',
      });
    }
    if (number < 0) throw new SendError('E_HEAP', `a ${kind} can't be sent: it lies in memory that has no number here`);
    heap.retain(block);
    this.#holds.push(addressOf(number, block));
    const name = this.#where === 'thread' ? numberOfKind(kind) : -1;
    this.#putTag(TAG.FACE, name + 1);
    this.#putWord(addressOf(number, offset));
    this.#putWord(addressOf(number, block));
    if (name < 0) {
      this.put(kind);
      this.put(moduleOfKind(kind));
    }
    // A class, a function: it is packed by itself.
    this.put(extra === undefined || typeof extra === 'string' ? extra : packer.current.pack(extra, { where: this.#where }));
  }

  #putView(value: ArrayBufferView): void {
    const number = viewNumber(value);
    const { buffer, byteOffset, byteLength } = value;
    if (this.#where === 'thread' && buffer === sharedHeap().buffer) {
      this.#putTag(TAG.BLOCK_VIEW, number);
      this.put(byteOffset);
      this.put(byteLength);
      return;
    }
    this.#putTag(TAG.VIEW, number);
    if (number === 0 && byteLength < buffer.byteLength && !types.isSharedArrayBuffer(buffer) && !this.#transfer.includes(buffer)) {
      // This Buffer may be a piece of Node's pool, with other people's data around it: only its own bytes travel.
      this.put(0);
      this.put(byteLength);
      this.#putTag(TAG.HOLES, 0);
      this.#putBytes(new Uint8Array(buffer, byteOffset, byteLength));
      return;
    }
    this.put(byteOffset);
    this.put(byteLength);
    this.put(buffer);
  }

  #putBuffer(value: ArrayBufferLike): void {
    if (value.byteLength === 0 && isDetached(value)) {
      throw new SendError('E_GIVEN_AWAY', "an ArrayBuffer can't be sent that has been given away before: nothing of it is left here", {
        hint: 'send it before, or give a copy away: buffer.slice()',
      });
    }
    if (value === sharedHeap().buffer && this.#where === 'thread') this.#putTag(TAG.KNOWN, 0);
    else if (types.isSharedArrayBuffer(value) || this.#transfer.includes(value)) this.#putParcel(value);
    else this.#putBytes(new Uint8Array(value));
  }

  #putBytes(bytes: Uint8Array): void {
    const length = bytes.length;
    if (length >= this.besideFrom && this.#isBeside()) {
      const copy = Buffer.allocUnsafeSlow(length);
      copy.set(bytes);
      this.#putTag(TAG.PARCEL, this.#parcels.length);
      this.#parcels.push(copy.buffer);
      return;
    }
    if (length > SEGMENT) {
      this.#putTag(TAG.LONG_BUFFER, 0);
      this.put(length);
      this.put(this.#segmentBytes);
      this.#segments.push(bytes);
      this.#segmentBytes += (length + 7) & ~7;
      return;
    }
    const words = (length + 3) >> 2;
    if (this.#at + words > this.#limit) this.#grow(words);
    this.#putTag(TAG.BUFFER, length);
    new Uint8Array(this.#i32.buffer, this.#at * 4, length).set(bytes);
    this.#at += words;
  }

  #isBeside(): boolean {
    if (this.besideIf !== null && !this.besideIf()) this.besideFrom = Infinity;
    this.besideIf = null;
    return this.besideFrom !== Infinity;
  }

  #putParcel(value: object): void {
    if (this.#where !== 'thread') {
      throw new SendError('E_THREADS_ONLY', `a ${value.constructor.name} can't be sent to another process`);
    }
    if (mustBeTransferred(value) && !this.#transfer.includes(value)) {
      throw new SendError('E_NOT_TRANSFERRED', `a ${value.constructor.name} can't be copied`, {
        hint: 'name it in `transfer` to give it away',
      });
    }
    this.#putTag(TAG.PARCEL, this.#parcels.length);
    this.#parcels.push(value);
  }

  #grow(words: number): void {
    // An even number of words, for they are seen as doubles too.
    const larger = new Int32Array(Math.max(this.#i32.length * 2, (this.#at + words + 65) & ~1));
    larger.set(this.#i32.subarray(0, this.#at));
    this.#i32 = larger;
    this.#f64 = new Float64Array(larger.buffer);
    this.#limit = larger.length - 8;
  }
}

/** What `ArrayBuffer.prototype.detached` tells, which Node 20 has not. */
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    return new Uint8Array(buffer).length < 0;
  } catch {
    return true;
  }
}

function isPlainView(value: ArrayBufferView, prototype: unknown): boolean {
  return prototype === VIEW_PROTOTYPES[viewNumber(value)];
}

function viewNumber(value: ArrayBufferView): number {
  if (Buffer.isBuffer(value)) return 0;
  return VIEWS.indexOf(types.isDataView(value) ? 'DataView' : (value as Uint8Array)[Symbol.toStringTag]);
}

function isPlainBox(prototype: unknown): boolean {
  return (
    prototype === Boolean.prototype || prototype === Number.prototype || prototype === String.prototype || prototype === BigInt.prototype
  );
}
