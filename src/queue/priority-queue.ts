import { Place, registerFace } from '../threading/face.ts';
import type { Heap } from '../word/heap.ts';
import { copyItem, isMessage, ITEM_WORDS, peek } from './cells.ts';
import { type Order, orders } from './order.ts';
import { Queue, type QueueOptions } from './queue.ts';
import type { Store } from './store.ts';

/*
 * A binary heap in the ring. A number that says most about the order stands beside each item; where that is the same for two
 * items, they are read and compared whole.
 *
 * To put or to get moves several items, and a thread can die in between. So the item that is moved stands in the store first, and
 * the journal says which place waits for it:
 *
 *   0               nothing is being moved
 *   2 * hole + 1    an item was put: it belongs into the hole, or above
 *   2 * hole + 2    an item was taken out: the last one belongs into the hole, or below
 *
 * From the first entry on the change is made, and whoever comes next completes it. The place of the hole has a copy of what
 * was moved out of it: nothing is lost.
 */
const PRIORITY: Order = {
  number: 2,
  sorts: true,
  first: () => 0,
  put(store, items, at, count) {
    for (let i = at; i < at + count; i++) {
      copyItem(items, i, store.heap, store.moved);
      store.countBefore = store.itemsPut;
      store.journal = 2 * store.here + 1;
      completePut(store);
    }
  },
  get(store, items, at, count) {
    for (let i = at; i < at + count; i++) {
      store.read(0, items, i, 1);
      const left = store.here - 1;
      if (left > 0) {
        copyItem(store.heap, store.place(left), store.heap, store.moved);
        store.countBefore = store.itemsGot;
        store.journal = 2;
        completeGet(store);
      } else store.itemsGot++;
    }
  },
  putBack(store, items, from, to) {
    this.put(store, items, from, to - from);
    store.itemsFinished += to - from;
  },
  repair(store) {
    if (store.journal === 0) return;
    if ((store.journal & 1) === 1) completePut(store);
    else completeGet(store);
  },
};

orders[PRIORITY.number] = PRIORITY;

// These may be done twice: whoever began may have died at the end.

function completePut(store: Store): void {
  store.itemsPut = store.countBefore;
  settle(store, store.here);
  store.itemsPut = store.countBefore + 1;
  store.journal = 0;
}
function completeGet(store: Store): void {
  store.itemsGot = store.countBefore;
  settle(store, store.here - 1);
  store.itemsGot = store.countBefore + 1;
  store.journal = 0;
}

/** Moves the hole up and down until the moved item fits in, among `count` items. */
function settle(store: Store, count: number): void {
  const { heap, moved } = store;
  const isPut = store.journal & 1;
  let hole = (store.journal - 2 + isPut) >> 1;
  const moveTo = (place: number): number => {
    copyItem(heap, store.place(place), heap, store.place(hole));
    store.journal = 2 * place + 2 - isPut;
    return place;
  };
  while (hole > 0 && compareItems(store, moved, store.place((hole - 1) >> 1)) < 0) hole = moveTo((hole - 1) >> 1);
  for (let child = 2 * hole + 1; child < count; child = 2 * hole + 1) {
    if (child + 1 < count && compareItems(store, store.place(child + 1), store.place(child)) < 0) child++;
    if (compareItems(store, moved, store.place(child)) <= 0) break;
    hole = moveTo(child);
  }
  copyItem(heap, moved, heap, store.place(hole));
}

/** The order of two items, by their places in the heap. */
function compareItems({ heap }: Store, a: number, b: number): number {
  const [keyA, keyB] = [heap.f64[2 * a + 1]!, heap.f64[2 * b + 1]!];
  if (keyA !== keyB && !Number.isNaN(keyA) && !Number.isNaN(keyB)) return keyA - keyB;
  const [first, second] = [ITEM_WORDS * a, ITEM_WORDS * b];
  if (!isMessage(heap, a) && heap.i32[first] === heap.i32[second] && heap.i32[first + 1] === heap.i32[second + 1]) return 0;
  try {
    return compareValues(peek(heap, heap, a), peek(heap, heap, b));
  } catch {
    // One of them can't be read here. Whoever gets it will be told.
    return 0;
  }
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
