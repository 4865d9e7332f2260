import { nameError } from '../base/errors.ts';
import type { Heap } from '../word/heap.ts';
import { nameOf, nativeIdOf } from '../word/roster.ts';

/**
 * A thread or a process died while it was putting into a queue: what it had not put whole is not there, and the queue goes on. Comes as a
 * warning, `process.on('warning', …)`, in the thread that finds it: the next one that puts or gets.
 */
export class ItemLostWarning extends Error {
  readonly code: string = 'MANYCORE_ITEM_LOST';
  /** How many items were lost. */
  readonly count: number;
  /** The system's number of the thread that died: of a process's first thread, its pid. 0 where it is not known any more. */
  readonly pid: number;

  constructor(message: string, count: number, pid: number) {
    super(message);
    this.count = count;
    this.pid = pid;
  }
}
nameError(ItemLostWarning, 'ItemLostWarning');

export function tellOfLostItems(count: number, dead: number, heap: Heap): void {
  const what = count === 1 ? 'an item' : `${count} items`;
  const end = count === 1 ? 'it was half written, and is skipped' : 'they were not written whole, and are skipped';
  process.emitWarning(
    new ItemLostWarning(`${nameOf(dead, heap)} died while it put ${what} into a queue: ${end}`, count, nativeIdOf(dead, heap)),
  );
}
