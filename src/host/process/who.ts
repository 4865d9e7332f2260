import { hasHeap, sharedHeap } from '../../word/heap.ts';
import type { Setup } from './setup.ts';
import type { StartMethod } from './start-method.ts';

/*
 * Who this process is among the processes of its program, the same in all its threads: JSON in a block of the heap that the threads share. The
 * root word is 0 until something is known and there is a heap; whoever changes something writes another block, and the old one stays, for somebody
 * may be reading it.
 */
interface Who {
  /** What it was told by its parent; `null` in the program's first process. */
  readonly setup: Setup | null;
  /** What it calls itself since; `null`: as it was told. */
  readonly name: string | null;
  /** Its secret, in hexadecimal digits; `null`: nobody has asked for it yet. */
  readonly authKey: string | null;
  /** How it starts processes; `null`: nobody has chosen here. */
  readonly startMethod: StartMethod | null;
}

const NOBODY: Who = { setup: null, name: null, authKey: null, startMethod: null };
let known = NOBODY;
/** The root word for which that holds. */
let seen = 0;

/** What all threads of this process know. */
export function who(): Who {
  if (!hasHeap()) return known;
  const heap = sharedHeap();
  const now = Atomics.load(heap.i32, heap.rootOffset('process') / 4);
  if (now === seen) return known;
  const block = (now >>> 0) * 16;
  heap.reach(block + 4);
  const end = block + 4 + heap.i32[block / 4]!;
  heap.reach(end);
  known = JSON.parse(heap.bytes.toString('utf8', block + 4, end)) as Who;
  seen = now;
  return known;
}

/** Changes what all threads know; `change` gets what they know now, and may be called again when another thread comes first. */
export function becomeWho(change: (before: Who) => Partial<Who>): void {
  for (;;) {
    const before = who();
    const after = { ...before, ...change(before) };
    if (!hasHeap()) {
      known = after;
      return;
    }
    const heap = sharedHeap();
    const text = Buffer.from(JSON.stringify(after));
    const block = heap.allocate(text.length + 4);
    heap.i32[block / 4] = text.length;
    heap.bytes.set(text, block + 4);
    const now = (block / 16) | 0;
    if (Atomics.compareExchange(heap.i32, heap.rootOffset('process') / 4, seen, now) === seen) {
      known = after;
      seen = now;
      return;
    }
    heap.release(block);
  }
}

/** There is a heap now: what was known before it came, other threads find there. */
export function shareWho(): void {
  if (seen === 0 && known !== NOBODY) becomeWho(() => ({}));
}
