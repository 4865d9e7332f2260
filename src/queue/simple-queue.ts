import { Place, registerFace } from '../threading/face.ts';
import type { Heap } from '../word/heap.ts';
import { Queue } from './queue.ts';

/** A queue without a limit, and without `taskDone` and `join` in mind: Python's `queue.SimpleQueue`. */
export class SimpleQueue<T = unknown> extends Queue<T> {
  constructor(place: Place | object = {}, heap?: Heap) {
    super(place, heap, 'simple-queue');
  }
}
registerFace('simple-queue', (place) => new SimpleQueue(place), import.meta.url);
