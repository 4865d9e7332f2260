import { type Heap, sharedHeap } from '../word/heap.ts';

/*
 * The shapes of plain objects, known to all threads of the process: a message says "shape 12" instead of the keys.
 *
 * A table in the heap, append-only, found by the heap's root word; any thread adds, any thread reads.
 *
 *   table   word 0: how many numbers are taken; then BUCKETS heads of chains; then LIMIT blocks by number
 *   shape   word 0: the next of its chain (block / 16), word 1: its hash, word 2: its number,
 *           word 3: bytes of text, then the keys as JSON, in UTF-16
 *
 * A shape is entered in the list of numbers before it is linked into its chain, so whoever can name a number can
 * read it. Two threads that add the same shape at once may give it two numbers: harmless. A full table is
 * harmless as well: the keys are then written into the message.
 */
const BUCKETS = 1024;
const LIMIT = 8192;
const COUNT = 0;
const HEADS = 1;
const BLOCKS = HEADS + BUCKETS;
const UNIT = 16;
const SHAPE_HEADER = 16;

export const KEYS_MAX = 64;

function tableOf(heap: Heap): number {
  const root = heap.rootOffset('shapes') / 4;
  const known = Atomics.load(heap.i32, root) >>> 0;
  if (known !== 0) {
    heap.reach(known * UNIT + (BLOCKS + LIMIT) * 4);
    return (known * UNIT) / 4;
  }
  const made = heap.allocate((BLOCKS + LIMIT) * 4);
  const winner = Atomics.compareExchange(heap.i32, root, 0, made / UNIT) >>> 0;
  if (winner === 0) return made / 4;
  heap.release(made);
  return (winner * UNIT) / 4;
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}

function textAt(heap: Heap, block: number): string {
  heap.reach(block + SHAPE_HEADER);
  const bytes = heap.i32[block / 4 + 3]!;
  heap.reach(block + SHAPE_HEADER + bytes);
  return heap.bytes.toString('utf16le', block + SHAPE_HEADER, block + SHAPE_HEADER + bytes);
}

/** The number of the shape with these keys, or -1 when it has to be written out. */
export function numberOfShape(keys: readonly string[]): number {
  if (keys.length > KEYS_MAX) return -1;
  const heap = sharedHeap();
  const table = tableOf(heap);
  const text = JSON.stringify(keys);
  const hash = hashOf(text);
  const head = table + HEADS + ((hash >>> 0) % BUCKETS);
  for (;;) {
    const first = Atomics.load(heap.i32, head);
    for (let unit = first; unit !== 0; unit = heap.i32[((unit >>> 0) * UNIT) / 4]!) {
      const block = (unit >>> 0) * UNIT;
      heap.reach(block + SHAPE_HEADER);
      if (heap.i32[block / 4 + 1] === hash && textAt(heap, block) === text) return heap.i32[block / 4 + 2]!;
    }
    if (Atomics.load(heap.i32, table + COUNT) >= LIMIT) return -1;
    const block = heap.allocate(SHAPE_HEADER + text.length * 2);
    const number = Atomics.add(heap.i32, table + COUNT, 1);
    if (number >= LIMIT) {
      heap.release(block);
      return -1;
    }
    heap.i32[block / 4] = first;
    heap.i32[block / 4 + 1] = hash;
    heap.i32[block / 4 + 2] = number;
    heap.i32[block / 4 + 3] = text.length * 2;
    heap.bytes.write(text, block + SHAPE_HEADER, 'utf16le');
    Atomics.store(heap.i32, table + BLOCKS + number, block / UNIT);
    if (Atomics.compareExchange(heap.i32, head, first, block / UNIT) === first) return number;
    // Somebody else added to this chain: perhaps this very shape. The number just taken stays valid, unused.
  }
}

/** The keys of a shape that some thread of this process has numbered. */
export function keysOfShape(number: number): readonly string[] {
  const heap = sharedHeap();
  const unit = Atomics.load(heap.i32, tableOf(heap) + BLOCKS + number) >>> 0;
  return JSON.parse(textAt(heap, unit * UNIT)) as string[];
}
