import { type Heap, sharedHeap } from './heap.ts';
import { baseOf, HOLDINGS, words } from './roster-table.ts';

/*
 * What a dead thread gives back: a list of entries (word, amount, guard, next, block) that only the thread itself
 * changes while it lives. After its death each amount is added to its word, unless the guard is set, and
 * everybody who sleeps on that word looks again.
 *
 * A thread that ends by an error gives nothing back.
 */
const HOLDING_BYTES = 20;
const AMOUNT = 1;
const GUARD = 2;
const NEXT = 3;
const BLOCK = 4;

/**
 * A new entry in the list of the calling thread: the byte offset of its word `amount`, which is 0. The entry
 * keeps `within`, the block in which the word lies, until it is dropped or the thread ends.
 */
export function holding(word: number, guard: number, within: number, heap: Heap = sharedHeap()): number {
  const roster = words(heap);
  const block = heap.allocate(HOLDING_BYTES);
  const head = baseOf(heap.self.id) + HOLDINGS;
  heap.retain(within);
  heap.i32[block / 4] = word | 0;
  heap.i32[block / 4 + GUARD] = guard | 0;
  heap.i32[block / 4 + BLOCK] = within | 0;
  heap.i32[block / 4 + NEXT] = Atomics.load(roster, head);
  Atomics.store(roster, head, block | 0);
  return block + 4;
}

/** Drops an entry of the calling thread, by its word `amount`: nothing is to be given back. Nothing happens when the thread that made it has ended. */
export function dropHolding(amount: number, heap: Heap = sharedHeap()): void {
  const dropped = amount - 4;
  let [list, link] = [words(heap), baseOf(heap.self.id) + HOLDINGS];
  for (;;) {
    const block = Atomics.load(list, link) >>> 0;
    if (block === 0) return;
    if (block === dropped) break;
    [list, link] = [heap.i32, block / 4 + NEXT];
  }
  Atomics.store(list, link, heap.i32[dropped / 4 + NEXT]!);
  heap.release(heap.i32[dropped / 4 + BLOCK]! >>> 0);
  heap.release(dropped);
}

function* entries(first: number, heap: Heap): Generator<number> {
  for (let block = first >>> 0; block !== 0;) {
    heap.reach(block + HOLDING_BYTES);
    const next = heap.i32[block / 4 + NEXT]! >>> 0;
    const within = heap.i32[block / 4 + BLOCK]! >>> 0;
    yield block;
    heap.release(within);
    heap.release(block);
    block = next;
  }
}

export function giveBackHoldings(first: number, heap: Heap = sharedHeap()): void {
  for (const block of entries(first, heap)) {
    const word = heap.i32[block / 4]! >>> 0;
    const amount = heap.i32[block / 4 + AMOUNT]!;
    const guard = heap.i32[block / 4 + GUARD]! >>> 0;
    if (amount === 0) continue;
    heap.reach(Math.max(word, guard) + 4);
    if (guard !== 0 && Atomics.load(heap.i32, guard / 4) !== 0) continue;
    Atomics.add(heap.i32, word / 4, amount);
    heap.word(word).wake(Infinity);
  }
}

export function dropHoldings(first: number, heap: Heap = sharedHeap()): void {
  for (const _ of entries(first, heap));
}
