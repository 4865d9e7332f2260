import { symbolOfCopy } from '../base/copy.ts';
import { invariant } from '../base/invariant.ts';
import { self } from './self.ts';
import { SharedWord } from './shared-word.ts';
import type { FutexWord } from './word.ts';

/*
 * One heap that all threads of the process share: a growable SharedArrayBuffer. Locks, queues, shared
 * values and messages are blocks in it, and a block travels as a number. Reserving 4 GB costs address
 * space only; pages are taken when they are touched.
 *
 * Nothing here takes a lock, for a thread can be terminated between any two operations. A thread takes
 * whole chunks by one atomic add and cuts blocks from them; freed blocks go to a list of the thread that
 * frees them, and a list that has grown too long gives half of itself to the others in one exchange; who has none takes some of those.
 * What a terminated thread had on its own lists is lost: at most a chunk, a chunk's worth of each size, and what it was writing.
 *
 *   word 0        how many bytes have been handed out ("top"), in units of 16
 *   words 4..     one 64-bit head a size class: the free blocks that nobody in particular owns
 *   words 512..   roots: one word for each name in ROOTS, zero until its owner stores something
 *
 * A block is preceded by 16 bytes: its size class, its count of references, the first of the blocks / 16 that go when it goes
 * (they are chained by the same word of theirs), and what lies in it: a number of CONTENTS.
 */
const UNIT = 16;
const HEADER = 16;
const TOP = 0;
const CLASSES = 36;
const HEADS = 2; // index into the 64-bit view
const FIRST_BLOCK = 4096;
const ROOTS_OFFSET = 2048;
/** Words that every thread finds without being told; the owner of a name says what its word holds. */
const ROOTS = [
  'shapes',
  'parcels',
  'threads',
  'processes',
  'logging',
  'output',
  'bells',
  'identity',
  'logging-version',
  'slurm-calls',
  'process',
  'children',
] as const;
/** Contents that keep other blocks: the module that knows them says by `registerContents` how they are let go of. */
const CONTENTS = ['plain', 'message', 'queue', 'condition'] as const;
type LetGo = (heap: Heap, offset: number) => void;
const letGo: (LetGo | undefined)[] = [];

/** Says what has to be done before a block with such contents is freed. A thread that was never told frees the block alone. */
export function registerContents(contents: (typeof CONTENTS)[number], release: LetGo): void {
  letGo[CONTENTS.indexOf(contents)] = release;
}

const RESERVED_ROSTER = 1 << 20;
const CHUNK = 1 << 16;
const LOCAL_MAX = 64;
const INITIAL = 4 << 20;
const MAXIMUM = 2 ** 32 - 65536;

/** Size classes: 16, 32, 48, 64, then the powers of two. */
function classOf(bytes: number): number {
  if (bytes <= 64) return Math.max(0, Math.ceil(bytes / UNIT) - 1); // 16, 32, 48, 64
  const exponent = 31 - Math.clz32(bytes - 1);
  return 4 + (exponent - 6);
}

function sizeOf(sizeClass: number): number {
  return sizeClass < 4 ? (sizeClass + 1) * UNIT : 2 ** (sizeClass - 4 + 7);
}

/** So many blocks of a size lie in a chunk. That much a thread has at hand, for it is lost when the thread is killed, and of large ones only what it is about to use. */
const IN_CHUNK = Array.from({ length: CLASSES }, (_, sizeClass) => Math.floor(CHUNK / sizeOf(sizeClass)));
const KEPT_MAX = IN_CHUNK.map((blocks) => Math.min(LOCAL_MAX, blocks));

/** With what `write` calls in the end: it costs half. */
type HeapBytes = Buffer & { utf8Write(text: string, offset: number, length: number): number };

export abstract class Heap {
  /** Views of the whole heap as it was when they were last refreshed; a block that this thread knows lies inside. */
  i32!: Int32Array;
  f64!: Float64Array;
  bytes!: HeapBytes;
  /** The table of the threads that share this heap; roster-table.ts fills it in. */
  roster: Int32Array | undefined;
  readonly #buffer: ArrayBufferLike;
  readonly #maximum: number;
  #i64!: BigInt64Array;
  #chunk = 0;
  #chunkEnd = 0;
  readonly #free: number[][] = Array.from({ length: CLASSES }, () => []);

  protected constructor(buffer: ArrayBufferLike, maximum: number) {
    this.#buffer = buffer;
    this.#maximum = maximum;
    this.#refresh();
    Atomics.compareExchange(this.i32, TOP, 0, (FIRST_BLOCK + RESERVED_ROSTER) / UNIT);
  }

  /** Who the calling thread is in this heap, as locks write it. */
  abstract readonly self: { id: number };

  /** The word at `offset`, which lies in a block. */
  abstract word(offset: number): FutexWord;

  /** Makes the memory at least `bytes` long, if it can. */
  protected abstract extend(bytes: number): void;

  /** The error for a heap that can't grow any more. */
  protected full(message: string): Error {
    return new RangeError(message);
  }

  /** Where the table of threads lies: its size is fixed, and every thread finds it without being told. */
  get rosterOffset(): number {
    return FIRST_BLOCK;
  }
  get rosterBytes(): number {
    return RESERVED_ROSTER;
  }

  /** Where the root word of this name lies. */
  rootOffset(name: (typeof ROOTS)[number]): number {
    return ROOTS_OFFSET + ROOTS.indexOf(name) * 4;
  }

  /** A new block of at least `bytes` bytes, all zero, with one reference. Throws `RangeError` when the heap is full. */
  allocate(bytes: number): number {
    const sizeClass = classOf(bytes);
    const recycled = this.#recycle(sizeClass);
    if (recycled !== undefined) this.i32.fill(0, recycled / 4, (recycled + sizeOf(sizeClass)) / 4);
    return this.#begin(recycled ?? this.#cut(sizeOf(sizeClass)), sizeClass);
  }

  /** The same, but with anything in it: for a block that is written whole before anybody else hears of it. */
  allocateAnyhow(bytes: number): number {
    const sizeClass = classOf(bytes);
    return this.#begin(this.#recycle(sizeClass) ?? this.#cut(sizeOf(sizeClass)), sizeClass);
  }

  #begin(offset: number, sizeClass: number): number {
    const header = (offset - HEADER) / 4;
    this.i32[header] = sizeClass;
    this.i32[header + 2] = 0;
    this.i32[header + 3] = 0;
    Atomics.store(this.i32, header + 1, 1);
    return offset;
  }

  /** The bytes that a block really has. */
  sizeOf(offset: number): number {
    return sizeOf(this.i32[(offset - HEADER) / 4]!);
  }

  /** One more owner: a wrapper in some thread, or a message under way. */
  retain(offset: number): void {
    this.reach(offset);
    Atomics.add(this.i32, (offset - HEADER) / 4 + 1, 1);
  }

  /** The same for a block that may have been freed meanwhile; false when it has. Make sure afterwards that it is still what it was. */
  retainIfOwned(offset: number): boolean {
    this.reach(offset);
    const word = (offset - HEADER) / 4 + 1;
    for (;;) {
      const count = Atomics.load(this.i32, word);
      if (count <= 0) return false;
      if (Atomics.compareExchange(this.i32, word, count, count + 1) === count) return true;
    }
  }

  /** One owner less; the last one frees the block. */
  release(offset: number): void {
    const before = Atomics.sub(this.i32, (offset - HEADER) / 4 + 1, 1);
    invariant(before > 0, `block ${offset} was released ${1 - before} times too often`);
    if (before === 1) this.#give(offset);
  }

  /** Hands the caller's reference to `other` over to the block: it is released when the block is freed. `other` is attached nowhere else, and nothing to it. */
  attach(offset: number, other: number): void {
    const [attached, next] = [(offset - HEADER) / 4 + 2, (other - HEADER) / 4 + 2];
    this.i32[next] = this.i32[attached]!;
    this.i32[attached] = other / UNIT;
  }

  /** Says what lies in the block: it is let go of when the block is freed. */
  setContents(offset: number, contents: (typeof CONTENTS)[number]): void {
    this.i32[(offset - HEADER) / 4 + 3] = CONTENTS.indexOf(contents);
  }

  /** A number that tells this heap from others: another process's, or that of a worker which could not find this one. */
  get identity(): number {
    const word = this.rootOffset('identity') / 4;
    if (Atomics.load(this.i32, word) === 0) Atomics.compareExchange(this.i32, word, 0, 1 + Math.floor(Math.random() * 0x7fff_fffe));
    return Atomics.load(this.i32, word);
  }

  references(offset: number): number {
    return Atomics.load(this.i32, (offset - HEADER) / 4 + 1);
  }

  /** Makes sure that this thread's views cover `offset`: another thread may have grown the heap. */
  reach(offset: number): void {
    if (offset >= this.bytes.length) this.#refresh();
  }

  /** In a message, a heap is a word, not its millions of bytes. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `${this.constructor.name} { top: ${this.top} }`;
  }

  /** Bytes handed out so far, whether in use or on a free list. */
  get top(): number {
    return (Atomics.load(this.i32, TOP) >>> 0) * UNIT;
  }

  #recycle(sizeClass: number): number | undefined {
    const local = this.#free[sizeClass]!;
    if (local.length === 0) this.#adopt(sizeClass);
    const offset = local.pop();
    // This thread may have seen no more of it than its first word: what lies beyond its views would be lost when it is written, without a word.
    if (offset !== undefined) this.reach(offset + sizeOf(sizeClass) - 1);
    return offset;
  }

  /** Cuts a block that was never used, and is therefore zero. */
  #cut(size: number): number {
    const whole = size + HEADER;
    if (whole > CHUNK / 4) return this.#advance(whole) + HEADER;
    if (this.#chunk + whole > this.#chunkEnd) {
      this.#chunk = this.#advance(CHUNK);
      this.#chunkEnd = this.#chunk + CHUNK;
    }
    const offset = this.#chunk + HEADER;
    this.#chunk += whole;
    return offset;
  }

  #advance(bytes: number): number {
    const units = Math.ceil(bytes / UNIT);
    const start = (Atomics.add(this.i32, TOP, units) >>> 0) * UNIT;
    const end = start + units * UNIT;
    if (end > this.#maximum) {
      Atomics.sub(this.i32, TOP, units);
      throw this.full(`the shared heap is full: ${bytes} bytes were asked for, ${this.#maximum - start} of ${this.#maximum} are left`);
    }
    if (end > this.#buffer.byteLength) this.extend(end);
    if (end > this.bytes.length) this.#refresh();
    return start;
  }

  #give(offset: number): void {
    const contents = this.i32[(offset - HEADER) / 4 + 3]!;
    if (contents !== 0) {
      this.reach(offset + this.sizeOf(offset) - 1);
      letGo[contents]?.(this, offset);
    }
    const attached = (this.i32[(offset - HEADER) / 4 + 2]! >>> 0) * UNIT;
    if (attached !== 0) {
      this.reach(attached);
      this.release(attached);
    }
    const sizeClass = this.i32[(offset - HEADER) / 4]!;
    const local = this.#free[sizeClass]!;
    local.push(offset);
    if (local.length > KEPT_MAX[sizeClass]!) this.#share(sizeClass, local);
  }

  /** Gives the older half of a list to all threads: the blocks are chained through their first word. */
  #share(sizeClass: number, local: number[]): void {
    const given = local.splice(0, Math.ceil(local.length / 2));
    for (let i = 0; i + 1 < given.length; i++) this.i32[given[i]! / 4] = given[i + 1]! / UNIT;
    const last = given[given.length - 1]! / 4;
    for (;;) {
      const head = Atomics.load(this.#i64, HEADS + sizeClass);
      this.i32[last] = Number(head & 0xffff_ffffn);
      // The upper half counts changes, so that a head that went and came back is not taken for the same.
      const next = ((((head >> 32n) + 1n) & 0x7fff_ffffn) << 32n) | BigInt(given[0]! / UNIT);
      if (Atomics.compareExchange(this.#i64, HEADS + sizeClass, head, next) === head) return;
    }
  }

  /** Takes the first blocks of the chain that the others have given. */
  #adopt(sizeClass: number): void {
    const most = Math.max(1, IN_CHUNK[sizeClass]!);
    const local = this.#free[sizeClass]!;
    for (;;) {
      const head = Atomics.load(this.#i64, HEADS + sizeClass);
      let unit = Number(head & 0xffff_ffffn);
      if (unit === 0) return;
      while (unit !== 0 && local.length < most) {
        // Somebody else may have taken the block, and written it: then this is no chain, and it shows below.
        if (unit * UNIT >= this.top) break;
        this.reach(unit * UNIT);
        local.push(unit * UNIT);
        unit = this.i32[(unit * UNIT) / 4]! >>> 0;
      }
      const next = ((((head >> 32n) + 1n) & 0x7fff_ffffn) << 32n) | BigInt(unit);
      if (Atomics.compareExchange(this.#i64, HEADS + sizeClass, head, next) === head) return;
      local.length = 0;
    }
  }

  #refresh(): void {
    const buffer = this.#buffer;
    const length = buffer.byteLength; // A fixed length: views that track growth are twice as slow.
    this.i32 = new Int32Array(buffer, 0, length / 4);
    this.f64 = new Float64Array(buffer, 0, length / 8);
    this.#i64 = new BigInt64Array(buffer, 0, length / 8);
    this.bytes = Buffer.from(buffer, 0, length) as HeapBytes;
  }
}

/** The heap that the threads of one process share. */
export class SharedHeap extends Heap {
  readonly self: { id: number } = self;
  readonly buffer: SharedArrayBuffer;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(INITIAL, { maxByteLength: MAXIMUM })) {
    super(buffer, buffer.maxByteLength);
    this.buffer = buffer;
  }

  word(offset: number): FutexWord {
    this.reach(offset);
    return new SharedWord(this.i32 as Int32Array<SharedArrayBuffer>, offset / 4);
  }

  protected extend(bytes: number): void {
    const { buffer } = this;
    while (bytes > buffer.byteLength) {
      try {
        buffer.grow(Math.min(MAXIMUM, Math.max(bytes, buffer.byteLength * 2)));
      } catch (cause) {
        // Another thread may have grown it further in the meantime; anything else is the system refusing.
        if (bytes > buffer.byteLength) throw cause;
      }
    }
  }
}

const KEY: unique symbol = symbolOfCopy('heap') as never;
const globals = globalThis as { [KEY]?: SharedHeap };

/** The heap of this process. The first use makes it; a thread adopts its starter's before anything else. */
export function sharedHeap(): SharedHeap {
  return (globals[KEY] ??= new SharedHeap());
}

/** Whether this thread has used the heap already. */
export function hasHeap(): boolean {
  return globals[KEY] !== undefined;
}

export function adoptHeap(buffer: SharedArrayBuffer): void {
  invariant(globals[KEY] === undefined || globals[KEY].buffer === buffer, 'a thread adopted its heap after it had made one');
  globals[KEY] ??= new SharedHeap(buffer);
}
