import { type Heap, SharedHeap, sharedHeap } from './heap.ts';
import { baseOf, isOf, SERIAL, WAITS, WAITS_MAX, words } from './roster-table.ts';

/*
 * What a thread waits for. Up to four waits at a time: one that blocks, or several that are awaited.
 * More are counted as "cannot say". Only the thread itself writes its waits; everybody reads them.
 *
 *   KIND     what the target is, and flags; from bit 16 on: how many looks in a row found the loop idle
 *   TARGET   lock: byte offset of the word that names its owner; join: number of the thread
 *   SERIAL   a new number for every wait: who reads twice sees whether it is the same wait
 *   WHERE    a block with the text "file:line:column", once the wait has become long; or 0
 */
export type WaitKind = 'lock' | 'reentrant' | 'join' | 'other';
const KINDS: readonly WaitKind[] = ['other', 'lock', 'reentrant', 'join'];
const KIND = 0;
const TARGET = 1;
const WAIT_SERIAL = 2;
const WHERE = 3;
const BLOCKS = 1 << 8;
const ENDLESS = 1 << 9;
const BREAKABLE = 1 << 10;
const IDLE_LOOK = 1 << 16;
const IDLE_LOOKS_MAX = 1000;

export interface WaitTarget {
  readonly kind: WaitKind;
  /** Lock: byte offset of the word that names its owner. Join: number of the thread. Other: any number for people. */
  readonly target: number;
  /** The heap that the lock lies in; the heap of this process's threads when left out. */
  readonly heap?: Heap | undefined;
}

interface WaitFlags {
  readonly blocks: boolean;
  readonly endless: boolean;
  readonly breakable: boolean;
}

export interface WaitRecord extends WaitTarget {
  readonly serial: number;
  /** The thread does nothing else meanwhile. */
  readonly blocks: boolean;
  /** Neither a time-out nor a signal can end it. */
  readonly endless: boolean;
  /** It can be ended by throwing an error in it. */
  readonly breakable: boolean;
  /** How many looks in a row found nothing else pending in the thread's event loop. */
  readonly idleLooks: number;
  readonly where: string;
}

/** Records a wait of the calling thread; the ticket goes to `waitEnds`. */
export function waitBegins({ kind, target, heap = sharedHeap() }: WaitTarget, flags: WaitFlags): number {
  const roster = words(heap);
  const first = baseOf(heap.self.id) + WAITS;
  for (let ticket = first; ticket < first + WAITS_MAX * 4; ticket += 4) {
    if (roster[ticket + WAIT_SERIAL] !== 0) continue;
    roster[ticket + TARGET] = target | 0;
    roster[ticket + KIND] =
      KINDS.indexOf(kind) | (flags.blocks ? BLOCKS : 0) | (flags.endless ? ENDLESS : 0) | (flags.breakable ? BREAKABLE : 0);
    Atomics.store(roster, ticket + WAIT_SERIAL, Atomics.add(roster, SERIAL, 1) + 1 || 1);
    return ticket;
  }
  return 0;
}

export function waitEnds(ticket: number, heap: Heap = sharedHeap()): void {
  if (ticket === 0) return;
  Atomics.store(words(heap), ticket + WAIT_SERIAL, 0);
  dropText(ticket, heap);
}

/** Says what a look found: whether the thread's event loop has nothing to do but to wait. */
export function waitFoundIdle(ticket: number, idle: boolean, heap: Heap = sharedHeap()): void {
  if (ticket === 0) return;
  const roster = words(heap);
  const kind = roster[ticket + KIND]!;
  const looks = idle ? Math.min(IDLE_LOOKS_MAX, (kind >>> 16) + 1) : 0;
  Atomics.store(roster, ticket + KIND, (kind & (IDLE_LOOK - 1)) | (looks * IDLE_LOOK));
}

/** Adds the place in the program to a recorded wait. */
export function waitStandsAt(ticket: number, where: string, heap: Heap = sharedHeap()): void {
  if (ticket === 0 || words(heap)[ticket + WHERE] !== 0) return;
  const text = Buffer.from(where.slice(-400));
  const block = heap.allocate(text.length + 4);
  heap.bytes.set(text, block + 4);
  heap.i32[block / 4] = text.length;
  Atomics.store(words(heap), ticket + WHERE, block | 0);
}

/** Drops the texts of the waits of a thread that is gone. */
export function dropWaits(id: number, heap: Heap = sharedHeap()): void {
  for (let wait = 0; wait < WAITS_MAX; wait++) dropText(baseOf(id) + WAITS + wait * 4, heap);
}

function dropText(ticket: number, heap: Heap): void {
  const block = Atomics.exchange(words(heap), ticket + WHERE, 0) >>> 0;
  if (block !== 0) heap.release(block);
}

/** What a thread waits for at this moment; `null` when it waits for more than can be told. */
export function waitsOf(id: number, heap: Heap = sharedHeap()): WaitRecord[] | null {
  const roster = words(heap);
  const first = baseOf(id) + WAITS;
  const found: WaitRecord[] = [];
  for (let ticket = first; ticket < first + WAITS_MAX * 4; ticket += 4) {
    const serial = Atomics.load(roster, ticket + WAIT_SERIAL);
    if (serial === 0) continue;
    const kind = roster[ticket + KIND]!;
    found.push({
      kind: KINDS[kind & 0xff]!,
      target: roster[ticket + TARGET]! >>> 0,
      ...(heap instanceof SharedHeap ? {} : { heap }),
      serial,
      blocks: (kind & BLOCKS) !== 0,
      endless: (kind & ENDLESS) !== 0,
      breakable: (kind & BREAKABLE) !== 0,
      idleLooks: kind >>> 16,
      where: textAt(Atomics.load(roster, ticket + WHERE) >>> 0, heap),
    });
  }
  return found.length === WAITS_MAX || !isOf(id, heap) ? null : found;
}

function textAt(block: number, heap: Heap): string {
  if (block === 0) return '';
  heap.reach(block + 512);
  return heap.bytes.toString('utf8', block + 4, block + 4 + Math.min(400, heap.i32[block / 4]!));
}
