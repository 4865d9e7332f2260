import { read } from '../message/index.ts';
import { Place, registerFace } from '../threading/face.ts';
import type { Heap } from '../word/heap.ts';
import { type Item, peekItem } from './item.ts';
import { Queue, type QueueOptions } from './queue.ts';
import type { Order, Store } from './store.ts';

/*
 * A binary heap in the ring. A number that says most about the order stands beside each item; where that is the same for two
 * items, they are read and compared whole.
 */
const PRIORITY: Order = {
  put(store, item) {
    let at = store.count;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = store.read(parent);
      if (compareItems(store, item, above) >= 0) break;
      store.write(at, above);
      at = parent;
    }
    store.write(at, item);
    store.count++;
  },
  get(store) {
    const least = store.read(0);
    const last = store.read(store.count - 1);
    const count = store.count - 1;
    let at = 0;
    for (let child = 1; child < count; child = at * 2 + 1) {
      if (child + 1 < count && compareItems(store, store.read(child + 1), store.read(child)) < 0) child++;
      const below = store.read(child);
      if (compareItems(store, last, below) <= 0) break;
      store.write(at, below);
      at = child;
    }
    if (count > 0) store.write(at, last);
    store.count = count;
    return least;
  },
};

function compareItems(store: Store, a: Item, b: Item): number {
  if (a.double !== b.double && !Number.isNaN(a.double) && !Number.isNaN(b.double)) return a.double - b.double;
  if (a.kind === b.kind && a.word === b.word && a.kind !== 0) return 0;
  return compareValues(peekItem(store.heap, a, read), peekItem(store.heap, b, read));
}

/** Python's order: numbers and texts by size, arrays by their first difference. */
export function compareValues(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const order = compareValues(a[i], b[i]);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  if (isPrioritized(a) && isPrioritized(b)) return compareValues(a.priority, b.priority);
  if (typeof a === typeof b && (typeof a === 'number' || typeof a === 'string' || typeof a === 'bigint')) {
    return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
  }
  return 0;
}

interface Prioritized {
  readonly priority: unknown;
}
const isPrioritized = (value: unknown): value is Prioritized => typeof value === 'object' && value !== null && 'priority' in value;

/** The number that says most about where an item belongs; 0 for all whose order it does not tell. */
function keyOf(item: unknown): number {
  const first: unknown = Array.isArray(item) ? item[0] : isPrioritized(item) ? item.priority : item;
  return typeof first === 'number' ? first : 0;
}

/**
 * A queue from which the least item comes out first. Items are numbers, texts, arrays that are compared element by element
 * (`[priority, data]`), or objects with a `priority`. Items that compare equal come in any order.
 */
export class PriorityQueue<T = unknown> extends Queue<T> {
  constructor(options: QueueOptions | Place = {}, heap?: Heap) {
    super(options, heap, 'priority-queue', PRIORITY);
  }

  protected override keyOf(item: T): number {
    return keyOf(item);
  }
}
registerFace('priority-queue', (place) => new PriorityQueue(place), import.meta.url);
