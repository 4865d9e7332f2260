import { dropBytes } from '../../message/index.ts';
import { bytesOf, messageItem } from '../../queue/item.ts';
import type { Heap } from '../../word/heap.ts';
import type { FunctionShelf } from './function-book.ts';

/** Functions as blocks of memory that the processes share. */
export class HeapShelf implements FunctionShelf {
  readonly where = 'process';
  readonly #heap: Heap;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  put(bytes: Uint8Array): number {
    return (messageItem(this.#heap, bytes).word >>> 0) * 16;
  }

  holds(block: number, bytes: Uint8Array): boolean {
    return Buffer.compare(bytesOf(this.#heap, block), bytes) === 0;
  }

  remove(block: number): void {
    dropBytes(bytesOf(this.#heap, block));
    this.#heap.release(block);
  }
}
