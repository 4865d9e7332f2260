import type { Items } from './cells.ts';
import type { Store } from './store.ts';

/** Which item comes out next: the order of a queue. All of it runs under the lock. */
export interface Order {
  /** How a queue in shared memory says that this is its order. */
  readonly number: number;
  /** Whether items have keys beside them. */
  readonly sorts: boolean;
  /** The place in the ring of the first of the items, which follow one another. */
  first(store: Store): number;
  /** Puts in `count` items that lie at `at` in `items`; the ring has room for them. */
  put(store: Store, items: Items, at: number, count: number): void;
  /** Takes out the next `count` items; there are as many. */
  get(store: Store, items: Items, at: number, count: number): void;
  /** Puts items back that were got, in the order in which they lie from `from` to `to`: they come out next. The ring has room for them. */
  putBack(store: Store, items: Items, from: number, to: number): void;
  /** Puts in order what a dead thread has left in the midst of a change. */
  repair?(store: Store): void;
}

/** First in, first out. */
export const FIFO: Order = {
  number: 0,
  sorts: false,
  first: (store) => store.itemsGot,
  put(store, items, at, count) {
    const { itemsPut } = store;
    store.write(itemsPut, items, at, count);
    store.itemsPut = itemsPut + count;
  },
  get(store, items, at, count) {
    const { itemsGot } = store;
    store.read(itemsGot, items, at, count);
    store.itemsGot = itemsGot + count;
  },
  putBack(store, items, from, to) {
    const itemsGot = (store.itemsGot - (to - from)) | 0;
    store.write(itemsGot, items, from, to - from);
    store.itemsGot = itemsGot;
  },
};

/** Last in, first out. */
export const LIFO: Order = {
  number: 1,
  sorts: false,
  first: () => 0,
  put(store, items, at, count) {
    store.write(store.here, items, at, count);
    store.itemsPut += count;
  },
  get(store, items, at, count) {
    for (let i = 0; i < count; i++) {
      store.read(store.here - 1, items, at + i, 1);
      store.itemsGot++;
    }
  },
  putBack(store, items, from, to) {
    for (let i = to - 1; i >= from; i--) {
      store.write(store.here, items, i, 1);
      store.itemsGot--;
    }
  },
};

/** The orders that this thread knows, by number. */
export const orders: (Order | undefined)[] = [FIFO, LIFO];
