import { aroundLoading } from '../../message/index.ts';
import { sharedHeap } from '../../word/heap.ts';
import { loadingOffset } from './table.ts';

/*
 * Node 20 aborts the whole process when a worker is terminated while it requires an ES module. So a carrier says when it does that,
 * and whoever ends it waits until it is through, a second at most.
 *
 *   IDLE -> LOADING    the carrier, before it loads
 *   LOADING -> IDLE    the carrier, afterwards
 *   IDLE -> DOOMED     who ends it: from now on it loads nothing, and waits for its end
 */
const IDLE = 0;
const LOADING = 1;
const DOOMED = 2;
const LIMIT_MS = 1000;
const isNeeded = Number(process.versions.node.split('.')[0]) < 22;

const words = (): Int32Array<SharedArrayBuffer> => sharedHeap().i32 as Int32Array<SharedArrayBuffer>;

/** Has this carrier say when it loads modules. */
export function announceLoading(carrier: number): void {
  if (!isNeeded) return;
  const index = loadingOffset(carrier) / 4;
  let depth = 0;
  aroundLoading.current = (load) => {
    if (depth++ === 0) while (Atomics.compareExchange(words(), index, IDLE, LOADING) === DOOMED) Atomics.wait(words(), index, DOOMED);
    try {
      return load();
    } finally {
      if (--depth === 0) {
        Atomics.store(words(), index, IDLE);
        Atomics.notify(words(), index);
      }
    }
  };
}

/** Call it before a carrier is ended: blocks while it loads a module. */
export function awaitLoading(carrier: number): void {
  if (!isNeeded) return;
  const index = loadingOffset(carrier) / 4;
  const end = performance.now() + LIMIT_MS;
  while (Atomics.compareExchange(words(), index, IDLE, DOOMED) === LOADING) {
    const left = end - performance.now();
    if (left <= 0) return;
    Atomics.wait(words(), index, LOADING, left);
  }
}
